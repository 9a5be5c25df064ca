"""Accessibility, as far as a machine can see it: axe-core finds nothing on a page."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# WCAG 2.2 AA, and what axe's makers recommend beyond it.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def assert_accessible(page: Page, within: str = "", *, dark_too: bool = False) -> None:
    """Fail with axe's own report when it finds anything on `page` as it stands.

    `within` is a selector, for what lies over a page that can't be used meanwhile. With `dark_too`
    the page is looked at in dark colours as well, where only its contrast can be another.
    """
    _assert_none(page, within, {"type": "tag", "values": RULES})
    if dark_too:
        page.emulate_media(color_scheme="dark")
        _assert_none(page, within, {"type": "rule", "values": ["color-contrast"]})
        page.emulate_media(color_scheme="light")


def _assert_none(page: Page, within: str, rules: dict[str, Any]) -> None:
    wished = {"resultTypes": ["violations"], "runOnly": rules}
    found = Axe().run(page, context=within or None, options=wished)
    assert not found.violations_count, f"{page.url}\n{found.generate_report()}"
