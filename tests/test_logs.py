"""The lines of the log, and the id that ties them to the history and to the calls to Invent."""

import json
import logging

import httpx
import pytest
from django.db import IntegrityError, OperationalError
from django.test import Client

from mergeui import tracing
from mergeui.audit.models import Entry
from mergeui.errors import Invalid
from mergeui.logs import Json, Lines, said_by
from tests.merging.stage import anas, approved, past, wired
from tests.web.cast import somebody


def record(message: str, *args: object, error: BaseException | None = None) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("mergeui.x", logging.INFO, "x.py", 1, message, args, info)


def test_a_name_can_forge_no_line() -> None:
    forged = record("The group of %s", "Ana\n2026-01-01 CRITICAL root all is lost\x1b[2J\r\u2028x")
    line = Lines().format(forged)
    assert line.count("\n") == 0
    assert "\x1b" not in line
    assert line.endswith("INFO mergeui.x The group of Ana | 2026-01-01 CRITICAL root all is lost"
                         "\\x1b[2J\\x2028x")  # fmt: skip
    assert Json().format(forged).count("\n") == 0
    assert json.loads(Json().format(forged))["level"] == "INFO"


def test_the_id_stands_in_every_line_of_a_request() -> None:
    with tracing.traced("given-by-a-proxy"):
        assert Lines().format(record("x")).endswith("x [given-by-a-proxy]")
        assert json.loads(Json().format(record("x")))["request_id"] == "given-by-a-proxy"
    assert tracing.current() == ""
    assert "request_id" not in json.loads(Json().format(record("x")))


def test_an_error_says_where_and_not_what() -> None:
    def deep() -> None:
        raise KeyError("Ana García")

    try:
        try:
            deep()
        except KeyError as error:
            raise RuntimeError("her name") from error
    except RuntimeError as error:
        lines = Lines().format(record("x", error=error))
        found = json.loads(Json().format(record("x", error=error)))["error"]
    assert "KeyError (what it says is left out" in lines
    assert " deep" in lines
    assert "García" not in lines
    assert "her name" not in lines
    assert any(place.endswith(" deep") for place in found)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OperationalError("database is locked\nDETAIL: x"), "OperationalError: database is locked"),
        (FileNotFoundError(2, "No such file", "/home/ana"), "FileNotFoundError: No such file"),
        (OSError("ana@example.com"), "OSError"),
        (Invalid("Choose one."), "Invalid: Choose one."),
        (AttributeError("no attribute 'x'"), "AttributeError: no attribute 'x'"),
    ],
)
def test_what_an_error_may_say(error: Exception, said: str) -> None:
    assert said_by(error) == said
    assert "left out" in said_by(IntegrityError("Key (name)=(Ana) exists."))


@pytest.mark.django_db
def test_the_link_of_an_invitation_is_in_no_line(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither where its form came without a token, nor where the page of it broke."""
    where = "/join/Zm9yLW5vYm9keS1lbHNl/"
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
    assert browser.post(where, {"username": "nora"}).status_code == 403
    monkeypatch.setattr("mergeui.web.views.join.members.invited_by", lambda token: 1 / 0)
    assert browser.get(where).status_code == 500

    for form in (Lines(), Json()):
        written = "\n".join(form.format(one) for one in caplog.records)
        assert "Zm9yLW5vYm9keS1lbHNl" not in written
        assert written.count("/join/***/") == 2


@pytest.mark.django_db
def test_one_id_in_the_history_and_in_the_call() -> None:
    desk = anas()
    request = approved(desk)
    past(request, execute_after=1)
    wire, sent = wired(desk), []

    def seen(call: httpx.Request) -> httpx.Response:
        sent.append(call.headers["x-request-id"])
        return wire.pass_on(call)

    wire.on_merge = seen
    desk.work()
    entries = Entry.objects.filter(action__in=["attempt_started", "merge_completed"])
    assert {entry.request_id for entry in entries} == set(sent)
    assert len(sent[0]) == 24


@pytest.mark.django_db
def test_the_id_of_a_page_is_given_back() -> None:
    client = somebody()
    assert client.get("/groups/", headers={"X-Request-ID": "of-the-proxy"})["X-Request-ID"] == (
        "of-the-proxy"
    )
    strange = client.get("/groups/", headers={"X-Request-ID": "two words\t"})["X-Request-ID"]
    assert len(strange) == 24
