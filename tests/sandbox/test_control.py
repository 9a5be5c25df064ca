"""The levers under /_sandbox/."""

import httpx
import pytest

from mergeui.sandbox import Fault, Sandbox
from tests.sandbox.conftest import Caller


def test_counters_are_shown(call: Caller):
    call.get("segments")
    shown = call.http.get("/_sandbox/counters").json()
    assert shown["requests"] == {"GET segments": 1}
    assert shown["hazard_calls"] == 0


def test_faults_are_shown_and_set(call: Caller):
    answer = call.http.post("/_sandbox/faults", json={"merge": "drop", "merge_times": 1})
    assert answer.json() == call.http.get("/_sandbox/faults").json()
    assert call.app.faults.merge is Fault.DROP
    for bad in ({"nothing": 1}, {"merge": "explode"}, [], 5):
        assert call.http.post("/_sandbox/faults", json=bad).status_code == 400


def test_a_contact_is_changed_made_and_taken_out(call: Caller):
    first, second = call.group()[:2]
    assert (
        call.http.post("/_sandbox/contacts", json={"id": first, "name": "X"}).json()["name"] == "X"
    )
    channels = call.app.world.main.contact(first)["channels"]
    assert channels
    made = call.http.post("/_sandbox/contacts", json={"name": "Y", "channels": channels}).json()
    assert made["id"] in call.group()
    assert call.http.delete(f"/_sandbox/contacts/{second}").status_code == 200
    assert second not in call.app.world.main
    assert call.http.post("/_sandbox/contacts", json=[]).status_code == 400


def test_levers_need_no_key_and_count_in_no_limit(call: Caller):
    del call.http.headers["Authorization"]
    call.app.faults.limit_per_minute = 1
    assert {call.http.get("/_sandbox/faults").status_code for _ in range(3)} == {200}
    assert call.http.get("/_sandbox/nothing").status_code == 404


@pytest.mark.parametrize("address", ["203.0.113.5", "", "unix"])
def test_levers_are_for_this_machine_alone(app: Sandbox, address: str):
    transport = httpx.WSGITransport(app=app, remote_addr=address)
    with httpx.Client(base_url="http://sandbox", transport=transport) as http:
        assert http.get("/_sandbox/faults").status_code == 404
