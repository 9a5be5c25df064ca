"""Each unknown of invent-api.md as a switch, both in this process and over a socket."""

import json
from collections.abc import Callable

import httpx
import pytest

from mergeui.sandbox import Fault, Faults
from tests.sandbox.conftest import Caller


def merged(call: Caller) -> bool:
    return call.app.counters.merges_applied == 1


def merge_first_group(call: Caller) -> httpx.Response:
    primary, *sources = call.app.world.named["seven"]
    return call.merge(primary, {"source_contact_ids": sources})


@pytest.mark.parametrize("applied", [False, True])
class TestMerges:
    """Each fault, with the merge done and not done."""

    def test_a_dropped_connection(self, call: Caller, applied: bool):
        call.app.faults.next_merge(Fault.DROP, applied=applied)
        with pytest.raises(httpx.RemoteProtocolError):
            merge_first_group(call)
        assert merged(call) is applied

    def test_no_answer_in_time(self, call: Caller, applied: bool):
        call.app.faults.next_merge(Fault.HANG, applied=applied)
        call.http.timeout = 0.1
        with pytest.raises(httpx.ReadTimeout):
            merge_first_group(call)
        assert merged(call) is applied

    def test_no_answer_at_all_for_a_patient_client(self, call: Caller, applied: bool):
        call.app.faults.next_merge(Fault.HANG, applied=applied, hang_seconds=0.1)
        with pytest.raises(httpx.RemoteProtocolError):
            merge_first_group(call)
        assert merged(call) is applied

    @pytest.mark.parametrize("status", [401, 403, 404, 408, 409, 425, 429, 500, 520])
    def test_an_error_status(self, call: Caller, applied: bool, status: int):
        call.app.faults.next_merge(
            Fault.STATUS, applied=applied, merge_status=status, merge_retry_after="5"
        )
        answer = merge_first_group(call)
        assert answer.status_code == status
        assert answer.headers["Retry-After"] == "5"
        assert merged(call) is applied

    def test_a_page_instead_of_json(self, call: Caller, applied: bool):
        call.app.faults.next_merge(Fault.HTML, applied=applied)
        answer = merge_first_group(call)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html")
        assert merged(call) is applied

    def test_nothing_instead_of_json(self, call: Caller, applied: bool):
        call.app.faults.next_merge(Fault.EMPTY, applied=applied)
        assert merge_first_group(call).content == b""
        assert merged(call) is applied

    def test_half_of_the_json(self, call: Caller, applied: bool):
        call.app.faults.next_merge(Fault.CUT_JSON, applied=applied)
        with pytest.raises(json.JSONDecodeError):
            merge_first_group(call).json()
        assert merged(call) is applied

    def test_a_connection_that_ends_in_the_body(self, call: Caller, applied: bool):
        call.app.faults.next_merge(Fault.CUT_BODY, applied=applied)
        with pytest.raises(httpx.RemoteProtocolError):
            merge_first_group(call)
        assert merged(call) is applied

    def test_a_redirect(self, call: Caller, applied: bool):
        call.app.faults.next_merge(Fault.REDIRECT, applied=applied)
        answer = merge_first_group(call)
        assert answer.status_code == 307
        assert answer.headers["Location"].endswith("/merge")
        assert merged(call) is applied


def test_a_merge_in_part(call: Caller):
    call.app.faults.next_merge(Fault.PARTIAL)
    _, *sources = call.app.world.named["seven"]
    assert merge_first_group(call).json()["merged_contact_ids"] == sources[:3]
    assert sources[0] not in call.app.world.main
    assert sources[3] in call.app.world.main


def test_an_answer_about_another_contact(call: Caller):
    call.app.faults.next_merge(Fault.WRONG_ID)
    primary, first, *_ = call.app.world.named["seven"]
    assert merge_first_group(call).json()["merged"]["id"] == first
    assert primary in call.app.world.main


def test_a_merge_that_is_done_long_after_it_went_wrong(call: Caller, at: Callable[[float], None]):
    call.app.faults.next_merge(Fault.STATUS, merge_status=504, apply_late=20)
    assert merge_first_group(call).status_code == 504
    at(1019)
    call.get("segments")
    assert not merged(call)
    at(1020)
    call.get("segments")
    assert merged(call)


def test_a_late_merge_of_contacts_that_are_gone_by_then_is_forgotten(
    call: Caller, at: Callable[[float], None]
):
    call.app.faults.next_merge(Fault.DROP, apply_late=20)
    with pytest.raises(httpx.RemoteProtocolError):
        merge_first_group(call)
    call.app.world.remove(call.app.world.named["seven"][1])
    at(2000)
    call.get("segments")
    assert not merged(call)


def test_a_fault_for_one_call_is_over_after_it(call: Caller):
    call.app.faults.next_merge(Fault.STATUS, times=2)
    assert [merge_first_group(call).status_code for _ in range(3)] == [500, 500, 200]


def test_a_fault_without_a_number_stays(call: Caller):
    call.app.faults.set(read=Fault.STATUS, read_status=503)
    assert {call.get("segments").status_code for _ in range(3)} == {503}
    call.app.faults.clear()
    assert call.get("segments").status_code == 200


@pytest.mark.parametrize("retry_after", [None, "7"])
def test_reads_are_refused_with_429_so_many_times(call: Caller, retry_after: str | None):
    call.app.faults.next_read(Fault.STATUS, times=2, read_status=429, read_retry_after=retry_after)
    answers = [call.get("contacts/duplicates") for _ in range(3)]
    assert [one.status_code for one in answers] == [429, 429, 200]
    assert answers[0].headers.get("Retry-After") == retry_after


@pytest.mark.parametrize("fault", [Fault.HTML, Fault.EMPTY, Fault.CUT_JSON])
def test_reads_answer_nonsense(call: Caller, fault: Fault):
    call.app.faults.next_read(fault)
    with pytest.raises(json.JSONDecodeError):
        call.get("contacts/duplicates").json()


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.CUT_BODY])
def test_reads_break_off(call: Caller, fault: Fault):
    call.app.faults.next_read(fault)
    with pytest.raises(httpx.RemoteProtocolError):
        call.get("contacts/duplicates")


def test_answers_take_their_time(call: Caller):
    call.app.faults.set(read_latency=0.05, merge_latency=0.05)
    assert call.get("segments").elapsed.total_seconds() >= 0.05
    assert merge_first_group(call).elapsed.total_seconds() >= 0.05


def test_counts_can_be_missing(call: Caller):
    call.app.faults.set(pagination_headers=False)
    assert "pagination-count" not in call.get("contacts/duplicates").headers


def test_the_page_can_be_ignored_and_pages_can_be_short(call: Caller):
    call.app.faults.set(ignore_page=True, most_per_page=4)
    first, second = (call.get("contacts/duplicates", page=page).json() for page in (1, 2))
    assert first == second
    assert len(first) == 4


def test_unknown_types_and_colours_can_turn_up(call: Caller):
    call.app.faults.set(unknown_enums=True)
    text = call.get("contacts/duplicates").text
    assert "carrier_pigeon" in text
    assert '"type":"gmail"' not in text


def test_someone_merges_between_two_pages(call: Caller):
    call.app.faults.set(shift_after_page=1)
    first = call.get("contacts/duplicates", take=5).json()
    second = call.get("contacts/duplicates", page=2, take=5)
    assert second.headers["pagination-count"] == "19"
    assert len({group["primary"]["id"] for group in first + second.json()}) == 10
    assert call.group(4)[0] not in {group["primary"]["id"] for group in first + second.json()}


def test_contacts_change_between_two_reads(call: Caller):
    call.app.faults.set(churn_every=1)
    names = [
        [group["primary"].get("name") for group in call.get("contacts/duplicates").json()]
        for _ in range(2)
    ]
    assert names[0] != names[1]


def test_a_merged_group_lingers_for_some_reads(call: Caller):
    call.app.faults.set(linger_reads=2)
    before = call.get("contacts/duplicates").json()
    merge_first_group(call)
    after = [call.get("contacts/duplicates").json() for _ in range(3)]
    assert after[0] == after[1] == before
    assert len(after[2]) == 19


def test_a_merged_group_lingers_for_some_seconds(call: Caller, at: Callable[[float], None]):
    call.app.faults.set(linger_seconds=30)
    merge_first_group(call)
    at(1029)
    assert len(call.get("contacts/duplicates").json()) == 20
    at(1031)
    assert len(call.get("contacts/duplicates").json()) == 19


@pytest.mark.parametrize(
    "switches",
    [
        {"no_such": 1},
        {"merge": "explode"},
        {"merge_applied": 1},
        {"read_status": "500"},
        {"read_latency": -1},
        {"limit_per_minute": 1.5},
        {"read_retry_after": 5},
        {"merge_status": None},
    ],
)
def test_a_switch_takes_only_what_it_can_be(switches: dict[str, object]):
    faults = Faults()
    with pytest.raises(ValueError, match=r".+"):
        faults.set(pagination_headers=False, **switches)
    assert faults == Faults()
