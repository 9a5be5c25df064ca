"""What is kept of a form that could not be sent: bounded, without secrets, for its page alone."""

import pytest
from django.contrib.messages.storage.base import BaseStorage
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.test import RequestFactory

from mergeui.web import typed

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
