"""The browser of the tests: it starts, sees our pages, and complains where a person would."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from mergeui.accounts.models import Role
from mergeui.review.sync import request_sync
from tests.browser.axe import assert_accessible
from tests.browser.live import LiveDesk
from tests.contacts import contact, whatsapp

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


def test_a_worker_works_beside_the_pages(
    live_desk: Callable[..., LiveDesk], signed_in: Callable[..., Page]
) -> None:
    phone_number = whatsapp("+15550101")
    desk = live_desk(contact("Ana García", phone_number), contact("Ana G.", phone_number))
    desk.start_worker()
    request_sync(desk.organization, by_user=desk.system)
    page = signed_in(Role.OPERATOR)
    for _ in range(50):
        page.goto("/groups/")
        if page.get_by_text("Ana García").count():
            break
        page.wait_for_timeout(100)
    expect(page.get_by_text("Ana García").first).to_be_visible()
