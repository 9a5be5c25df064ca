"""A real browser on the live desk, as a person at a desk or on a phone would use it.

The browser is one that is installed (scripts/browser.py). Every context that a test opens has the
live server as its base (`page.goto("/groups/")`), and the test fails when a page's script fails,
asks for something that the content security policy refuses, or asks anybody but the desk.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebError, expect
from pytest_django.live_server_helper import LiveServer

from mergeui.accounts.models import Membership, Organization, Role, User
from scripts import browser as installed
from tests.browser.live import LiveDesk

# Chromium looks for updates and for its maker's hosts at every start, unless it is told not to.
QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",  # which root can't have; the pages are all our own
]
# A machine with much else to do takes longer than Playwright's 5 s; what is there at once is seen
# at once all the same.
expect.set_options(timeout=20_000)
PHONE = {"viewport": {"width": 375, "height": 812}, "has_touch": True, "is_mobile": True}
# What is too wide makes the window of a phone itself wider, so its innerWidth tells nothing.
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
# Longer than a decision is too soon for what came up just now: SEEN in app.js.
SEEN_MS = 450
# A page that answers 403 or 409 is something that tests ask for, and a preview that the next one
# overtakes is dropped.
EXPECTED = (
    "Failed to load resource: the server responded with a status of 4",
    "Response Status Error Code 4",
    "htmx:afterRequest",
    "htmx:sendAbort",
)


@pytest.fixture(scope="session")
def base_url() -> None:
    """Replaces that of pytest-playwright, which pytest 10 warns of; `new_context` says it."""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    path = installed.find()
    if path is None:
        pytest.fail(installed.HELP, pytrace=False)
    return browser_type_launch_args | {
        "executable_path": Path(__file__).with_name("chromium"),
        "env": os.environ | {"CHROMIUM": path},
        "args": QUIET,
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return browser_context_args | {"reduced_motion": "reduce"}


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained of; a test that asks for complaints clears it."""
    return []


@pytest.fixture
def new_context(
    live_server: LiveServer, new_context: Callable[..., BrowserContext], complaints: list[str]
) -> Iterator[Callable[..., BrowserContext]]:
    """Opens another browser window with its own cookies: `new_context(**PHONE)`."""

    def heard(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(EXPECTED):
            complaints.append(message.text)

    def failed(error: WebError) -> None:
        complaints.append(str(error.error))

    def asked(request: Request) -> None:
        if not request.url.startswith((f"{live_server.url}/", "data:", "blob:", "about:")):
            complaints.append(f"asked for {request.url}")

    def open_one(**wishes: Any) -> BrowserContext:
        context = new_context(base_url=live_server.url, **wishes)
        context.on("request", asked)
        context.on("console", heard)
        context.on("weberror", failed)
        return context

    yield open_one
    assert complaints == []


@pytest.fixture
def live_desk(live_server: LiveServer) -> Iterator[Callable[..., LiveDesk]]:
    """Opens a desk over the live server: `live_desk(contact(…), contact(…))`.

    Its worker runs only after `start_worker()`; `sync()` and `work()` do one round in the test.
    """
    opened: list[LiveDesk] = []

    def open_one(*contacts: dict[str, Any]) -> LiveDesk:
        opened.append(LiveDesk(*contacts))
        return opened[-1]

    yield open_one
    for desk in opened:
        desk.close()


@pytest.fixture
def phone(new_context: Callable[..., BrowserContext]) -> Page:
    """A page as wide as a small phone."""
    return new_context(**PHONE).new_page()


@pytest.fixture
def page_without_javascript(new_context: Callable[..., BrowserContext]) -> Page:
    """A page of a browser that runs no script."""
    return new_context(java_script_enabled=False).new_page()


@pytest.fixture
def signed_in(
    live_server: LiveServer, new_context: Callable[..., BrowserContext]
) -> Callable[..., Page]:
    """Opens a page of somebody signed in: `signed_in(Role.OPERATOR)`, `signed_in(role, **PHONE)`.

    The form of the sign-in page has tests of its own.
    """

    def sign_in(role: Role, **wishes: Any) -> Page:
        context = new_context(**wishes)
        name = django_settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": session_of(role), "url": live_server.url}])
        return context.new_page()

    return sign_in


def session_of(role: Role) -> str:
    """The key of a new session of the user who is named as their role."""
    user, _ = User.objects.get_or_create(username=role.value)
    organization = Organization.objects.configured()
    Membership.objects.get_or_create(user=user, organization=organization, defaults={"role": role})
    client = Client()
    client.force_login(user)
    return client.cookies[django_settings.SESSION_COOKIE_NAME].value
