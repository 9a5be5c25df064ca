"""Accessibility, as far as a machine can see it: axe-core finds nothing on a page."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# WCAG 2.2 AA, and what axe's makers recommend beyond it.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def assert_accessible(page: Page, within: str = "") -> None:
    """Fail with axe's own report when it finds anything on `page` as it stands.

    `within` is a selector, for what lies over a page that can't be used meanwhile.
    """
    wished = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": RULES}}
    found = Axe().run(page, context=within or None, options=wished)
    assert not found.violations_count, f"{page.url}\n{found.generate_report()}"
