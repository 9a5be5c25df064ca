"""The browser of the tests: it starts, sees our pages, and complains where a person would."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.axe import assert_accessible

PAGE = """<!doctype html><html lang="en"><head><title>Desk</title></head>
<body><main><h1>Desk</h1>{}</main></body></html>"""


@pytest.fixture
def show(page: Page) -> Callable[[str], None]:
    """Shows a page with that content, under the strictest policy."""

    def show_page(content: str) -> None:
        page.route(
            "**/*",
            lambda route: route.fulfill(
                body=PAGE.format(content),
                content_type="text/html",
                headers={"Content-Security-Policy": "default-src 'none'"},
            ),
        )
        page.goto("/")

    return show_page


def test_axe_runs_under_a_strict_policy(page: Page, show: Callable[[str], None]) -> None:
    show("<p>All is well.</p>")
    assert_accessible(page)


def test_axe_finds_what_is_wrong(page: Page, show: Callable[[str], None]) -> None:
    show("<input>")
    with pytest.raises(AssertionError, match="label"):
        assert_accessible(page)


def test_a_phone_is_narrow_and_runs_scripts(phone: Page) -> None:
    phone.set_content('<meta name="viewport" content="width=device-width">')
    assert phone.evaluate("window.innerWidth") == 375


def test_without_javascript_no_script_runs(page_without_javascript: Page) -> None:
    page_without_javascript.set_content("<script>document.title = 'ran'</script>")
    assert page_without_javascript.title() == ""


def test_a_failing_script_is_heard(page: Page, complaints: list[str]) -> None:
    page.set_content("<script>throw new Error('broken')</script>")
    page.wait_for_timeout(100)
    assert complaints.pop() == "broken"


def test_what_the_policy_refuses_is_heard(
    page: Page, show: Callable[[str], None], complaints: list[str]
) -> None:
    show("<script>document.title = 'ran'</script>")
    assert "Content Security Policy" in complaints.pop()
