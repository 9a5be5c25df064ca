"""The key goes to Invent and nowhere else, and personal data not into the log."""

import logging
import traceback
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from mergeui.invent import InventClient, InventError, NotSent, RawAnswer, Unavailable
from tests.invent.calling import merge
from tests.invent.speaker import answer, say, speaking

Asking = Callable[..., InventClient]
KEY = "sk-very-secret-0123456789"


def client(url: str, **options: object) -> InventClient:
    return InventClient(url, KEY, sleep=lambda seconds: None, **options)


def everything_in(error: InventError) -> str:
    shown = [repr(error), str(error), error.sentence, error.excerpt, repr(error.answer)]
    return "".join(shown) + "".join(traceback.format_exception(error))


def test_the_key_is_in_no_repr_and_no_error_even_when_the_other_side_repeats_it():
    echo = answer(500, f"bad key {KEY}".encode(), f"Location: /?key={KEY}\r\n".encode())
    with speaking(echo) as heard, client(heard.url) as invent:
        assert KEY not in repr(invent)
        with pytest.raises(InventError) as merging:
            merge(invent, "p", ("a",))
        with pytest.raises(InventError) as reading:
            invent.contact_segments("p")
    assert f"Bearer {KEY}".encode() in heard.connections[0]
    for error in (merging.value, reading.value):
        assert KEY not in everything_in(error)
        assert isinstance(error.answer, RawAnswer)
        assert error.answer.body == "bad key [key]"
        assert error.answer.headers["location"] == "/?key=[key]"


@pytest.mark.parametrize("key", ["", " ", "a\nX-Evil: 1", "a\r\n", "schlüssel", "a b", "a\x00"])
def test_a_key_that_cannot_be_one_is_refused_without_showing_it(key: str):
    with pytest.raises(ValueError, match="API key") as caught:
        InventClient("https://invent.example", key)
    assert not key.strip() or key not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        *("", "invent.example", "ftp://invent.example", "https://", "file:///etc/passwd"),
        *("https://u:p@invent.example", "https://invent.example/?a=1", "https://invent.example/#a"),
    ],
)
def test_an_address_that_cannot_be_invents_is_refused(url: str):
    with pytest.raises(ValueError, match="address"):
        client(url)


def test_an_address_may_have_a_path_and_a_slash_at_its_end():
    with client("https://proxy.example/invent/") as invent:
        url = invent.prepare_merge("p", ("a",)).url
    assert url == "https://proxy.example/invent/orgs/c/contacts/p/merge"


def test_neither_key_nor_personal_data_are_logged(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    answers = iter([httpx.Response(500), httpx.Response(200, json=[])])
    transport = httpx.MockTransport(lambda request: next(answers))
    with client("https://invent.example", transport=transport) as invent:
        invent.contacts_by_user_id("ana@example.com")
    (line,) = caplog.messages
    assert line.startswith("Invent, contacts: try 1 failed (status 500), next in ")
    assert "ana" not in caplog.text
    assert KEY not in caplog.text


def test_a_redirect_is_not_followed_and_the_key_not_carried_along():
    with speaking(answer(200, b"[]")) as elsewhere:
        away = f"Location: {elsewhere.url}/\r\n".encode()
        with speaking(answer(302, b"", away)) as heard, client(heard.url) as invent:
            with pytest.raises(Unavailable, match="another address"):
                invent.contact_segments("p")
            with pytest.raises(InventError, match="another address"):
                merge(invent, "p", ("a",))
    assert elsewhere.connections == []


def test_proxies_and_netrc_of_the_surroundings_are_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with speaking(say(b"")) as proxy, speaking(answer(200, b"[]")) as heard:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        with client(heard.url) as invent:
            assert invent.contact_segments("p") == ()
    assert proxy.connections == []
    assert f"authorization: Bearer {KEY}".encode() in heard.connections[0]


def test_all_four_time_outs_are_set():
    seen: list[httpx.Request] = []

    def fail(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        raise httpx.ConnectError("no")

    transport = httpx.MockTransport(fail)
    with client("https://x.example", transport=transport, timeout=20, merge_timeout=50) as invent:
        with pytest.raises(NotSent):
            merge(invent, "p", ("a",))
        with pytest.raises(Unavailable):
            invent.contact_segments("p")
    merging, reading = seen[0].extensions["timeout"], seen[1].extensions["timeout"]
    assert merging == {"connect": 10, "read": 50, "write": 50, "pool": 50}
    assert reading == {"connect": 10, "read": 20, "write": 20, "pool": 20}
