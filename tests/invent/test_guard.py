"""No merge leaves without its sources (design.md, rule 6): what reaches the transport is exactly
what was asked for, or nothing."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeui.invent import InvalidMerge, InventClient, InventError, MergeCall
from mergeui.invent.guard import CALL_EXTENSION, GuardedTransport
from tests.invent.calling import merge

Asking = Callable[..., InventClient]
FIFTY = tuple(f"s{number}" for number in range(50))


class Spy:
    """Answers any merge as done and remembers the requests that came through."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(200, json={"merged": {"id": "p"}, "merged_contact_ids": []})


ids = st.sampled_from(["p", "a", "b", "..", "x/y", ""]) | st.text(
    st.characters(codec=None, exclude_categories=()), max_size=4
)
odd = st.none() | st.integers() | st.text(max_size=3) | st.lists(ids, max_size=2)


@given(
    primary=ids | odd,
    sources=st.lists(ids | odd, max_size=4).map(tuple) | st.lists(ids, max_size=60) | odd,
)
def test_the_bytes_sent_are_the_tuple_asked_for_or_there_are_none(primary: Any, sources: Any):
    spy = Spy()
    with InventClient("https://x.example", "key", transport=httpx.MockTransport(spy)) as invent:
        try:
            merge(invent, primary, sources)
        except InvalidMerge:
            assert spy.requests == []
            return
        except InventError:
            pass  # only the answer did not fit
    (request,) = spy.requests
    sent = json.loads(request.content, object_pairs_hook=list)
    assert sent == [("source_contact_ids", list(sources))]
    assert 1 <= len(set(sources)) == len(sources) <= 50
    assert primary not in sources


@pytest.mark.parametrize(
    ("sources", "complaint"),
    [
        ((), "not empty"),
        (None, "not empty"),
        ("abc", "tuple"),
        (["a"], "tuple"),
        ((*FIFTY, "one more"), "50 sources at most, not 51"),
        (("a", "b", "a"), "repeated"),
        (("a", "p"), "primary"),
        (("a", ""), "no id"),
        (("a", 7), "no id"),
        (("a", None), "no id"),
        (("a", "\ud800"), "no id"),
        (("a", "b\n"), "no id"),
    ],
)
def test_what_invent_does_not_take_is_refused_before_sending(
    asking: Asking, sources: Any, complaint: str
):
    spy = Spy()
    with pytest.raises(InvalidMerge, match=complaint):
        merge(asking(spy), "p", sources)
    assert spy.requests == []


def test_fifty_sources_are_sent(asking: Asking):
    spy = Spy()
    merge(asking(spy), "p", FIFTY)
    assert json.loads(spy.requests[0].content) == {"source_contact_ids": list(FIFTY)}


@pytest.mark.parametrize("primary", ["", ".", "..", "a/b", "../x", "a\\b", "a\nb", "\x00", 7, None])
def test_an_id_that_would_change_the_address_is_refused(asking: Asking, primary: Any):
    spy = Spy()
    with pytest.raises(InvalidMerge):
        merge(asking(spy), primary, ("a",))
    with pytest.raises(ValueError, match="an id"):
        asking(spy).contact_segments(primary)
    with pytest.raises(ValueError, match="an id"):
        asking(spy).update_contact(primary, blocked=True)
    assert spy.requests == []


@pytest.mark.parametrize("primary", ["a?b", "a#b", "a%2Fb", "ä;b", "...", "a b", "a&b=c", "c:d@e"])
def test_any_other_id_is_one_quoted_segment_of_the_path(asking: Asking, primary: str):
    spy = Spy()
    call = asking(spy).prepare_merge(primary, ("a",))
    with pytest.raises(InventError):
        asking(spy).send_merge(call)  # the spy speaks of another contact
    path = spy.requests[0].url.raw_path.decode()
    assert path.count("/") == 5
    assert "?" not in path
    assert httpx.URL(call.url).path == f"/orgs/c/contacts/{primary}/merge"


def test_the_call_can_be_stored_before_it_is_sent(asking: Asking):
    spy = Spy()
    invent = asking(spy)
    call = invent.prepare_merge("p", ("a", "b"))
    assert spy.requests == []
    assert call.method == "POST"
    assert call.url == "https://invent.example/orgs/c/contacts/p/merge"
    assert "sandbox-key" not in repr(call)

    invent.send_merge(call)
    assert call.body == '{"source_contact_ids":["a","b"]}' == spy.requests[0].content.decode()


@pytest.mark.parametrize(
    "change",
    [
        {"body": "{}"},
        {"body": ""},
        {"body": '{"source_contact_ids":["a","c"]}'},
        {"source_ids": ("a",)},
        {"primary_id": "q"},
        {"method": "PUT"},
        {"url": "https://elsewhere.example/orgs/c/contacts/p/merge"},
        {"url": "https://invent.example/orgs/c/contacts/p/merge?x=1"},
    ],
)
def test_a_call_that_was_changed_after_it_was_prepared_is_refused(
    asking: Asking, change: dict[str, Any]
):
    spy = Spy()
    invent = asking(spy)
    call = dataclasses.replace(invent.prepare_merge("p", ("a", "b")), **change)
    with pytest.raises(InvalidMerge):
        invent.send_merge(call)
    assert spy.requests == []


URL = "https://invent.example/orgs/c/contacts/p/merge"
CALL = MergeCall("p", ("a",), "POST", URL, '{"source_contact_ids":["a"]}')


def last_look(request: httpx.Request) -> list[httpx.Request]:
    """What came through."""
    spy = Spy()
    GuardedTransport(httpx.MockTransport(spy)).handle_request(request)
    return spy.requests


def request_for(call: MergeCall | None = CALL, **changes: Any) -> httpx.Request:
    given = {"method": "POST", "url": URL, "content": CALL.body} | changes
    headers = {"content-type": "application/json"} | given.pop("headers", {})
    extensions = {CALL_EXTENSION: call} if call else {}
    return httpx.Request(headers=headers, extensions=extensions, **given)


def test_the_guard_lets_the_call_itself_through():
    [sent] = last_look(request_for())

    assert sent.content.decode() == CALL.body


@pytest.mark.parametrize(
    "changes",
    [
        {"call": None},
        {"content": b""},
        {"content": b"{}"},
        {"content": b'{"source_contact_ids":[]}'},
        {"content": b'{"source_contact_ids":null}'},
        {"content": b'{"source_contact_ids":["b"]}'},
        {"content": b'{"source_contact_ids":["a"],"source_contact_ids":["b"]}'},
        {"content": b'{"source_contact_ids":["a"]} '},
        {"content": iter([b'{"source_contact_ids":["a"]}'])},
        {"method": "PUT"},
        {"method": "PATCH"},
        {"url": URL + "/"},
        {"url": URL + "?force=1"},
        {"url": URL.replace("/p/", "/q/")},
        {"url": URL.replace("merge", "MERGE")},
        {"url": URL.replace("merge", "%6derge")},
        {"url": URL.replace("merge", "merge/now")},
        {"headers": {"content-type": "text/plain"}},
        {"headers": {"content-encoding": "gzip"}},
        {"headers": {"content-length": "2"}},
    ],
)
def test_the_guard_stops_every_other_write_to_a_merge_address(changes: dict[str, Any]):
    with pytest.raises(InvalidMerge):
        last_look(request_for(**changes))


def test_the_guard_looks_at_the_stream_that_is_sent_not_at_a_copy():
    request = request_for()
    request.read()
    request.stream = httpx.ByteStream(b"{}")
    spy = Spy()
    GuardedTransport(httpx.MockTransport(spy)).handle_request(request)
    assert isinstance(spy.requests[0].stream, httpx.ByteStream)
    assert b"".join(spy.requests[0].stream) == CALL.body.encode()


def test_no_other_method_of_the_client_reaches_a_merge_address(asking: Asking):
    spy = Spy()
    session = asking(spy)._session
    for method in ("POST", "PUT", "DELETE"):
        with pytest.raises(InvalidMerge):
            session.write(method, URL, "{}")
    assert spy.requests == []


def test_a_contact_named_merge_can_still_be_read(asking: Asking):
    invent = asking(lambda request: httpx.Response(200, json=[]))
    assert invent.contact_segments("merge") == ()
