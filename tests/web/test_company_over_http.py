"""Signing in with a provider that is a program of its own: real addresses, keys and signatures."""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from html import unescape
from typing import Any

import httpx
import pytest
from django.test import Client

from mergeui.accounts.models import Membership
from tests.web.cast import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

OLGA = {
    "sub": "u-1",
    "preferred_username": "olga.lopez",
    "given_name": "Olga",
    "family_name": "López",
    "groups": ["desk-leads"],
}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The address of a provider that knows Olga, for the tests of this file."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", f"--port={port}",
         f"--user-claims={json.dumps(OLGA)}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield listens(program, f"http://127.0.0.1:{port}")
    finally:
        program.kill()
        program.wait()


def listens(program: subprocess.Popen[bytes], address: str) -> str:
    """The address, once somebody answers there."""
    while program.poll() is None:
        try:
            httpx.get(f"{address}/.well-known/openid-configuration")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return address
    raise AssertionError("The provider ended before it listened.")


@pytest.fixture
def browser(issuer: str, settings: Any) -> Client:
    """That of somebody whose company runs the provider."""
    settings.OIDC_ISSUER = issuer
    settings.OIDC_ROLES_CLAIM = "groups"
    settings.OIDC_ROLES = (("desk-leads", "approver", ""),)
    company = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]
    app = company["APPS"][0]
    app = {**app, "secret": "s" * 32, "settings": {**app["settings"], "server_url": issuer}}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {**company, "APPS": [app]}}
    return Client()


def at_the_provider(browser: Client, **sent: str) -> str:
    """Where the provider sends the browser back to, once somebody has answered its form."""
    answer = browser.post("/login/company/")
    link = unescape(re.search(r'href="(http://127[^"]+authorize[^"]+)"', text_of(answer))[1])
    assert "Authorize" in httpx.get(link).text
    return httpx.post(link, data=sent).headers["Location"].removeprefix("http://testserver")


def test_somebody_comes_in_in_the_role_of_their_claims(browser: Client) -> None:
    back = at_the_provider(browser, sub="u-1")

    assert back.startswith("/login/company/back/?")
    assert browser.get(back).status_code == 303
    assert browser.get("/groups/").status_code == 200
    olga = Membership.objects.get(user__username="olga.lopez")
    assert (olga.role, str(olga.user)) == ("approver", "Olga López")

    # What came back once opens nothing a second time, here or in another browser.
    assert Client().get(back).url == "/login/"


def test_whoever_says_no_there_is_not_let_in(browser: Client) -> None:
    back = at_the_provider(browser, sub="u-1", action="deny")

    assert browser.get(back).url == "/login/"
    assert browser.get("/groups/").status_code == 302
