"""Reads are tried again within reason, and say plainly when there is no use."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from mergeui.invent import (
    BadRequest,
    InventClient,
    InventError,
    NotFound,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from mergeui.invent import session as session_module
from tests.invent.conftest import Naps
from tests.invent.people import contact, segment
from tests.invent.speaker import answer, hang_up, say, speaking, stay_silent

Asking = Callable[..., InventClient]


class Answers:
    """Gives these answers in order, the last one again and again, and counts."""

    def __init__(self, answers: Iterable[httpx.Response | Exception]) -> None:
        self.left = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        now = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        if isinstance(now, Exception):
            raise now
        return httpx.Response(now.status_code, headers=now.headers, content=now.content)


def ok(value: Any) -> httpx.Response:
    return httpx.Response(200, json=value)


def later(value: str | None, status: int = 429) -> httpx.Response:
    return httpx.Response(status, headers={} if value is None else {"Retry-After": value})


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut"),
        httpx.Response(500),
        httpx.Response(503, text="<html>"),
        httpx.Response(408),
        httpx.Response(425),
        httpx.Response(429),
        httpx.Response(200, text="<html>wait</html>"),
        httpx.Response(200, text=""),
        httpx.DecodingError("no gzip"),
    ],
)
def test_a_passing_trouble_is_outlasted(
    asking: Asking, naps: Naps, trouble: httpx.Response | Exception
):
    other_side = Answers([trouble, trouble, ok([segment()])])
    assert asking(other_side).contact_segments("contact_1")[0].name == "VIP"
    assert len(other_side.requests) == 3
    assert len(naps) == 2


def test_after_four_tries_a_read_is_unavailable(asking: Asking, naps: Naps):
    other_side = Answers([httpx.Response(502, text="bad gateway")])
    with pytest.raises(Unavailable) as caught:
        asking(other_side).contact_segments("contact_1")
    assert len(other_side.requests) == 4
    assert len(naps) == 3
    assert caught.value.status == 502
    assert caught.value.excerpt == "bad gateway"
    assert caught.value.sentence == "Invent could not be read: it answered with status 502."


def test_a_client_for_someone_who_waits_tries_once(asking: Asking, naps: Naps):
    with pytest.raises(Unavailable):
        asking(Answers([httpx.Response(502)]), tries=1).contact_segments("contact_1")
    assert naps == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, Unauthorized),
        (403, Unauthorized),
        (404, NotFound),
        (301, Unavailable),
        (307, Unavailable),
        (405, Unavailable),
        (409, Unavailable),
        (204, Unavailable),
    ],
)
def test_what_will_not_pass_is_not_tried_again(
    asking: Asking, naps: Naps, status: int, kind: type[InventError]
):
    other_side = Answers([httpx.Response(status, headers={"Location": "https://evil.example/"})])
    with pytest.raises(kind) as caught:
        asking(other_side).contact_segments("contact_1")
    assert type(caught.value) is kind
    assert len(other_side.requests) == 1
    assert naps == []


@pytest.mark.parametrize(
    ("said", "at_least", "at_most"),
    [
        ("7", 7, 10),
        ("0", 0, 3),
        ("1.5", 1.5, 4),
        ("86400", 120, 123),
        (None, 10, 60),
        ("soon", 10, 60),
        ("-5", 10, 60),
        ("", 10, 60),
        ("٧", 10, 60),
        ("1e9", 10, 60),
        ("9" * 400, 10, 60),
        ("Tue, 99 Xyz 2020", 10, 60),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0, 3),
    ],
)
def test_retry_after_is_obeyed_within_reason(
    asking: Asking, naps: Naps, said: str | None, at_least: float, at_most: float
):
    headers = [] if said is None else [(b"Retry-After", said.encode())]
    first = httpx.Response(429, headers=headers)
    asking(Answers([first, ok([])])).contact_segments("contact_1")
    assert at_least <= naps[0] <= at_most


def test_retry_after_may_be_a_date(asking: Asking, naps: Naps):
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    asking(Answers([later(moment), ok([])])).contact_segments("contact_1")
    assert 28 <= naps[0] <= 33


def test_429_each_time_is_rate_limited_with_the_seconds(asking: Asking, naps: Naps):
    with pytest.raises(RateLimited) as caught:
        asking(Answers([later("9")])).contact_segments("contact_1")
    assert caught.value.retry_after == 9
    assert len(naps) == 3


def test_waits_without_a_word_from_invent_outlast_its_minute(asking: Asking, naps: Naps):
    with pytest.raises(RateLimited) as caught:
        asking(Answers([later(None)])).contact_segments("contact_1")
    assert caught.value.retry_after is None
    assert all(nap >= 10 for nap in naps)


def test_over_a_socket_too(asking: Asking, naps: Naps):
    good = answer(200, json.dumps([segment()]).encode())
    cut = say(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n[")
    with speaking(hang_up, cut, stay_silent, good) as heard:
        assert asking(heard.url, timeout=0.1).contact_segments("c")[0].id == "segment_1"
    assert len(heard.connections) == 4


def test_an_endless_answer_is_not_read_to_its_end(asking: Asking, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(session_module, "READ_LIMIT", 1000)
    big = httpx.Response(200, json=["x" * 2000])
    with pytest.raises(Unavailable, match="too long"):
        asking(Answers([big])).contact_segments("contact_1")


@pytest.mark.parametrize("value", [{}, None, "no", [[]], [{"id": 7}]])
def test_json_of_another_shape_is_unavailable(asking: Asking, value: Any):
    with pytest.raises(Unavailable):
        asking(Answers([ok(value)])).contact_segments("contact_1")


def test_contacts_are_asked_for_by_filter_and_blocked_ones_are_not_left_out(asking: Asking):
    other_side = Answers([ok([contact(), contact(id="contact_2"), contact()])])
    found = asking(other_side).contacts_by_user_id("+49 30/1&x=ü")
    assert [one.id for one in found] == ["contact_1", "contact_2"]
    assert dict(other_side.requests[0].url.params) == {
        "user_id": "+49 30/1&x=ü",
        "status": "ALL",
        "page": "1",
        "take": "100",
    }


def test_a_filter_that_is_no_text_for_the_wire_is_cleaned(asking: Asking):
    other_side = Answers([ok([])])
    assert asking(other_side).contacts_by_user_id("a\ud800\x00") == ()
    assert other_side.requests[0].url.params["user_id"] == "a\ufffd\ufffd"


def test_an_empty_user_id_would_find_everyone_and_is_refused(asking: Asking):
    with pytest.raises(ValueError, match="every contact"):
        asking(Answers([ok([])])).contacts_by_user_id("")


def test_a_server_that_ignores_the_filter_is_found_out(asking: Asking):
    def everyone(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page"])
        return ok([{"id": f"c{page}-{number}"} for number in range(100)])

    with pytest.raises(Unavailable, match="all contacts"):
        asking(everyone).contacts_by_user_id("x")


def test_sub_orgs_are_listed(invent: InventClient):
    assert [org.name for org in invent.sub_orgs()] == [
        "Customer care Berlin",
        "Atención al cliente Madrid",
    ]


def test_a_page_or_take_that_invent_refuses_is_not_asked_for(asking: Asking):
    invent = asking(Answers([ok([])]))
    for page, take in ((0, 100), (1, 0), (1, 101)):
        with pytest.raises(ValueError, match="page must be"):
            invent.duplicate_groups_page(page, take)


def test_a_contact_is_changed_and_only_in_what_is_given(asking: Asking):
    other_side = Answers([ok(contact(name="New"))])
    changed = asking(other_side).update_contact("contact_1", name="New", unsubscribed=False)
    assert changed.name == "New"
    assert json.loads(other_side.requests[0].content) == {"name": "New", "unsubscribed": False}
    assert other_side.requests[0].method == "PATCH"
    for bad in ({}, {"name": "x" * 513}):
        with pytest.raises(ValueError, match=r"name|nothing"):
            asking(other_side).update_contact("contact_1", **bad)
