"""What is kept of a form that could not be sent: bounded, without secrets, for its page alone."""

from collections.abc import Iterator
from contextlib import suppress
from html import unescape
from typing import Any

import pytest
from django.contrib.messages.storage.base import BaseStorage
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import resolve, reverse

from mergeui.web import typed
from mergeui.web.access import form_page
from mergeui.web.matrix import addresses
from mergeui.web.typed import NOT_SENT, SIGNED_OUT
from tests.web.cast import proved, text_of
from tests.web.walker import Town, taken_back

pytestmark = pytest.mark.django_db


def sent(rf: RequestFactory, **fields: object) -> HttpRequest:
    request = rf.post("/groups/1/request/", fields)
    request.session = SessionStore()
    request._messages = BaseStorage(request)  # type: ignore[attr-defined]
    return request


def test_it_comes_back_once_on_its_page(rf: RequestFactory) -> None:
    request = sent(rf, note="why", sources=["a", "b"])
    typed.keep(request, "/groups/1/")

    assert typed.waiting(request)
    assert typed.restore(request, "/groups/2/") is None
    restored = typed.restore(request, "/groups/1/")
    assert restored is not None
    assert (restored["note"], restored.getlist("sources")) == ("why", ["a", "b"])
    assert typed.restore(request, "/groups/1/") is None


def test_secrets_are_never_kept(rf: RequestFactory) -> None:
    request = sent(rf, csrfmiddlewaretoken="t", password="p", note="n")

    assert typed.fields_of(request) == {"note": ["n"]}


def test_it_is_bounded(rf: RequestFactory) -> None:
    request = sent(rf, huge="x" * typed.LIMIT, note="n")

    assert typed.fields_of(request) == {"note": ["n"]}


def test_it_does_not_last(rf: RequestFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    request = sent(rf, note="n")
    typed.keep(request, "/groups/1/")
    request.session[typed.KEY]["at"] -= typed.LASTS_SECONDS + 1

    assert typed.restore(request, "/groups/1/") is None
    assert not typed.waiting(request)


def forms(town: Town) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Every form that people send: the name of its address, its parts, the page that shows it."""
    for address in addresses():
        with suppress(KeyError):
            parts = town.parts(address, "admin")
            sent_to = reverse(address.name, kwargs=parts)
            if back := getattr(resolve(sent_to).func, "back", ""):
                yield address.name, parts, form_page(back, parts)


def test_who_was_signed_out_is_told_on_the_page_of_every_form() -> None:
    """With what they typed or, where there is no place for it, without."""
    town, told = Town(), {}
    for name, parts, page in forms(town):
        browser = Client()
        with taken_back():
            browser.post(reverse(name, kwargs=parts))
            browser.force_login(town.people["admin"].user)
            shown = proved(browser).get(page)
            told[name] = str(NOT_SENT[SIGNED_OUT]) in unescape(text_of(shown))
    assert len(told) > 45
    # Without codes there is no page of codes, and no form.
    assert [name for name, was in told.items() if not was] == ["account_codes_new"]


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("glass_close", {"note": "Olga was right", "at": "{pk}"}, ">Olga was right</textarea>"),
        ("settings_change", {"density": "compact"}, '<option value="compact" selected>'),
        ("view_change", {"name": "Twins in Spain", "view": "{pk}"}, 'value="Twins in Spain"'),
        ("view_new", {"name": "Twins", "query": "q=mar"}, 'value="Twins"'),
        ("account_passkey_add", {"name": "The blue key"}, 'value="The blue key"'),
    ],
)
def test_and_what_was_typed_is_in_its_place(name: str, fields: dict[str, str], words: str) -> None:
    town = Town()
    parts, path = {one: (parts, path) for one, parts, path in forms(town)}[name]
    sent = {key: value.format(**parts) for key, value in fields.items()}
    browser = Client()
    browser.post(reverse(name, kwargs=parts), sent)
    browser.force_login(town.people["admin"].user)

    page = text_of(proved(browser).get(path))

    assert str(NOT_SENT[SIGNED_OUT]) in unescape(page)
    assert words in page
    assert words not in text_of(browser.get(path))
