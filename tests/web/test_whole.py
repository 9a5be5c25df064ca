"""A page is painted when all of it is there, so that nothing on it moves."""

import re

import pytest
from django.test import Client

from mergeui.accounts.models import Role
from tests.desk import member
from tests.web.cast import client_of, text_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/groups/", "/history/", "/requests/", "/settings/"])
def test_what_the_browser_waits_for_is_its_end(path: str) -> None:
    waits_for_its_end(text_of(client_of(member(Role.OPERATOR)).get(path)))


def test_and_before_somebody_has_signed_in(client: Client) -> None:
    waits_for_its_end(text_of(client.get("/login/", follow=True)))


def waits_for_its_end(page: str) -> None:
    """Chromium waits until the expected element begins: all that is shown stands before it."""
    wanted = re.search(r'<link rel="expect" href="#(\w+)" blocking="render">', page)
    assert wanted
    before, found, after = page.partition(f'<span id="{wanted[1]}" hidden></span>')
    assert found
    assert "</main>" in before
    assert after.split() == ["</body>", "</html>"]
