"""What each end of a merge call says (design.md, rule 4), over real sockets: one row a way."""

import socket
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from mergeui.invent import (
    BadRequest,
    InventClient,
    InventError,
    NotFound,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Unauthorized,
)
from mergeui.invent.session import WRITE_LIMIT
from tests.invent.calling import merge
from tests.invent.speaker import Act, answer, hang_up, reset, say, speaking, stay_silent

Asking = Callable[..., InventClient]
DONE = b'{"merged":{"id":"p"},"merged_contact_ids":["a"]}'


def outcome(asking: Asking, act: Act, **options: Any) -> InventError:
    """The error that a merge of a and b into p ends with, when the other side does this."""
    with speaking(act) as heard:
        invent = asking(heard.url, **options)
        with pytest.raises(InventError) as caught:
            merge(invent, "p", ("a", "b"))
    # Whatever happened: one connection, one call, never a second.
    assert len(heard.connections) == 1
    assert heard.connections[0].count(b"POST /orgs/c/contacts/p/merge HTTP/1.1") == 1
    assert heard.connections[0].endswith(b'{"source_contact_ids":["a","b"]}')
    return caught.value


def test_done(asking: Asking):
    with speaking(
        answer(200, DONE, b"Content-Type: application/json\r\nSet-Cookie: x=1\r\n")
    ) as it:
        done = merge(asking(it.url), "p", ("a", "b"))
    assert done.result.merged.id == "p"
    assert done.result.merged_contact_ids == ("a",)  # in part: the caller says so
    assert (done.status, done.body, done.truncated) == (200, DONE.decode(), False)
    assert done.headers == {"content-type": "application/json", "content-length": "48"}
    assert 0 < done.elapsed_seconds < 5
    assert b"connection: close" in it.connections[0].lower()


def test_an_id_that_was_not_sent_is_handed_on(asking: Asking):
    with speaking(answer(200, DONE.replace(b'"a"', b'"a","z"'))) as it:
        done = merge(asking(it.url), "p", ("a", "b"))
    assert done.result.merged_contact_ids == ("a", "z")  # as it came: the caller says so


def test_the_primary_among_the_merged_ids_is_taken(asking: Asking):
    body = b'{"merged":{"id":"p"},"merged_contact_ids":["a","b","p"]}'
    with speaking(answer(200, body)) as it:
        assert merge(asking(it.url), "p", ("a", "b")).status == 200


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, Unauthorized),
        (404, NotFound),
        (429, RateLimited),
    ],
)
def test_a_documented_refusal_is_rejected_whatever_its_body(
    asking: Asking, status: int, kind: type[InventError]
):
    bodies = (b"", b'{"message":"no"}', b"<html>\x00\xff", b"no\x1b[31m")
    for act in (*(answer(status, body) for body in bodies), _cut(status)):
        error = outcome(asking, act)
        assert type(error) is kind
        assert error.status == status
        assert error.answer is not None
        assert error.answer.status == status
        assert error.excerpt.isprintable()


@pytest.mark.parametrize(
    "status",
    [
        *(201, 202, 204, 206, 300, 301, 302, 303, 304, 307, 308),
        *(402, 403, 405, 406, 408, 409, 410, 412, 413, 415, 418, 422, 423, 425, 451, 499),
        *(500, 501, 502, 503, 504, 520, 599),
    ],
)
def test_any_other_status_is_unknown(asking: Asking, status: int):
    body = b"" if status in (204, 304) else DONE
    act = answer(status, body, b"Location: /orgs/c/contacts/p/merge\r\nRetry-After: 1\r\n")
    error = outcome(asking, act)
    assert type(error) is OutcomeUnknown
    assert error.status == status
    assert str(status) in error.sentence


def _cut(status: int) -> Act:
    return say(b"HTTP/1.1 %d Said\r\nContent-Length: 999\r\n\r\n" % status + DONE[:20])


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(hang_up, id="closed without a word"),
        pytest.param(reset, id="reset"),
        pytest.param(say(b"HTTP/1.1 200"), id="closed in the status line"),
        pytest.param(say(b"HTTP/1.1 200 OK\r\nContent-Le"), id="closed in the headers"),
        pytest.param(say(b"SSH-2.0-OpenSSH_9.2\r\n"), id="not HTTP"),
        pytest.param(say(b"HTTP/1.1 100 Continue\r\n\r\n"), id="only 100"),
        pytest.param(_cut(200), id="closed in the body"),
        pytest.param(
            say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n30\r\n" + DONE),
            id="closed between chunks",
        ),
        pytest.param(answer(200, b""), id="empty"),
        pytest.param(answer(200, b"<!doctype html><h1>Wait</h1>"), id="HTML"),
        pytest.param(answer(200, DONE[:-10]), id="cut JSON"),
        pytest.param(answer(200, b"[]"), id="another shape"),
        pytest.param(answer(200, b'{"merged":{"id":"p"}}'), id="no ids"),
        pytest.param(answer(200, DONE.replace(b'"p"', b"null")), id="no primary"),
        pytest.param(answer(200, DONE.replace(b'"p"', b'"a"')), id="another primary"),
        pytest.param(answer(200, b"\x1f\x8bno", b"Content-Encoding: gzip\r\n"), id="bad gzip"),
        pytest.param(answer(200, b"x" * (WRITE_LIMIT + 1)), id="endless body"),
    ],
)
def test_anything_else_that_may_follow_the_call_is_unknown(asking: Asking, act: Act):
    error = outcome(asking, act)
    assert type(error) is OutcomeUnknown
    assert "not known whether" in error.sentence


def test_silence_is_unknown(asking: Asking):
    error = outcome(asking, stay_silent, merge_timeout=0.1)
    assert type(error) is OutcomeUnknown
    assert "did not answer in time" in error.sentence
    assert error.status is None
    assert error.answer is None


def test_a_body_that_drips_is_unknown_in_the_end(asking: Asking):
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        for _ in range(100):  # each byte comes before the time-out for one
            connection.sendall(b"x")
            time.sleep(0.05)

    error = outcome(asking, drip, merge_timeout=1)
    assert type(error) is OutcomeUnknown
    assert "too slow" in error.sentence


def test_the_whole_answer_is_kept_for_the_history_as_text_that_can_be_stored(asking: Asking):
    error = outcome(asking, answer(500, b"oops \x00\xff <b>", b"X-Request-Id: r1\r\n"))
    assert error.answer is not None
    assert error.answer.body == "oops \ufffd\ufffd <b>"
    assert error.answer.headers["x-request-id"] == "r1"
    assert error.excerpt == "oops \ufffd\ufffd <b>"


def test_a_long_answer_is_kept_in_part(asking: Asking):
    error = outcome(asking, answer(500, b"x" * 300_000))
    assert error.answer is not None
    assert error.answer.truncated
    assert len(error.answer.body) == 256 * 1024
    assert len(error.excerpt) == 200


# Nothing was sent


def test_a_refused_connection_is_not_sent(asking: Asking):
    with socket.socket() as bound_only:
        bound_only.bind(("127.0.0.1", 0))
        invent = asking(f"http://127.0.0.1:{bound_only.getsockname()[1]}")
        with pytest.raises(NotSent) as caught:
            merge(invent, "p", ("a",))
    assert "nothing was sent" in caught.value.sentence
    assert isinstance(caught.value.__cause__, httpx.ConnectError)


def test_a_connection_that_never_stands_is_not_sent_and_carried_no_byte(asking: Asking):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        # The queue of connections is full with these, so the system lets no other one in.
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        invent = asking(f"http://127.0.0.1:{address[1]}", merge_timeout=0.3)
        with pytest.raises(NotSent) as caught:
            merge(invent, "p", ("a",))
        assert isinstance(caught.value.__cause__, httpx.ConnectTimeout)
        for filler in fillers:
            filler.close()
        listener.settimeout(0.3)
        assert _everything_sent_to(listener) == b""


def _everything_sent_to(listener: socket.socket) -> bytes:
    got = b""
    while True:
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            return got
        with connection:
            connection.settimeout(1)
            got += connection.recv(65536)


def test_a_failed_tls_handshake_is_not_sent_and_told_nothing(asking: Asking):
    with speaking(say(b"HTTP/1.1 200 OK\r\n\r\n")) as heard:
        invent = asking(heard.url.replace("http:", "https:"))
        with pytest.raises(NotSent):
            merge(invent, "p", ("secret-contact",))
    (hello,) = heard.connections
    assert hello.startswith(b"\x16\x03")
    assert b"secret-contact" not in hello
    assert b"sandbox-key" not in hello


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
def test_every_failure_before_a_connection_is_not_sent(
    asking: Asking, error: type[httpx.TransportError]
):
    def fail(request: httpx.Request) -> httpx.Response:
        raise error("no")

    with pytest.raises(NotSent):
        merge(asking(fail), "p", ("a",))


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadError,
        httpx.ReadTimeout,
        httpx.WriteError,
        httpx.WriteTimeout,
        httpx.CloseError,
        httpx.RemoteProtocolError,
        httpx.LocalProtocolError,
        httpx.ProxyError,
        OSError,
        RuntimeError,
    ],
)
def test_every_other_failure_is_unknown_even_one_of_our_own(asking: Asking, error: type[Exception]):
    def fail(request: httpx.Request) -> httpx.Response:
        raise error("no")

    with pytest.raises(OutcomeUnknown):
        merge(asking(fail), "p", ("a",))


def test_a_change_of_a_contact_is_sent_once_and_judged_alike(asking: Asking):
    with speaking(hang_up) as heard, pytest.raises(OutcomeUnknown):
        asking(heard.url).update_contact("p", blocked=True)
    assert len(heard.connections) == 1
    with speaking(answer(404)) as heard, pytest.raises(NotFound):
        asking(heard.url).update_contact("p", name=None)
    assert heard.connections[0].endswith(b'{"name": null}')
    with speaking(answer(200, b"{}")) as heard, pytest.raises(OutcomeUnknown, match="no sense"):
        asking(heard.url).update_contact("p", unsubscribed=True)
