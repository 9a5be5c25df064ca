"""What the reference documents, and what invent-api.md assumes where it is silent, both in this
process and over a socket."""

from typing import Any
from urllib.parse import quote

import httpx
import pytest

from mergeui.sandbox import Fault, Sandbox
from tests.sandbox.conftest import Caller

# Keys and orgs


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer wrong", "Basic sandbox-key"])
def test_without_the_key_there_is_only_401(call: Caller, header: str | None):
    del call.http.headers["Authorization"]
    headers = {} if header is None else {"Authorization": header}
    assert call.http.get("/orgs/c/contacts", headers=headers).status_code == 401
    assert call.http.post("/orgs/c/contacts/x/merge", headers=headers).status_code == 401


def test_c_is_the_org_of_the_key(call: Caller):
    org_id = call.app.world.top.id
    by_id = call.http.get(f"/orgs/{org_id}/contacts", params={"take": 3})
    assert by_id.json() == call.get("contacts", take=3).json()


def test_a_parents_key_reaches_its_sub_orgs_and_a_sub_orgs_key_only_itself(call: Caller):
    parent, first, second = call.app.world.orgs.values()
    subs = call.get("orgs").json()
    assert [sub["id"] for sub in subs] == [first.id, second.id]
    assert {"id", "name", "logo_url"} <= set(subs[0])
    assert call.http.get(f"/orgs/{first.id}/contacts/duplicates").headers["pagination-count"] == "5"
    call.app.keys["sub-key"] = first.id
    call.http.headers["Authorization"] = "Bearer sub-key"
    assert call.http.get(f"/orgs/{first.id}/contacts").status_code == 200
    assert call.get("contacts").json()[0]["id"] in first.directory
    for other in (parent.id, second.id, "org_unknown"):
        assert call.http.get(f"/orgs/{other}/contacts").status_code == 404


def test_unknown_addresses_are_404_and_wrong_methods_405(call: Caller):
    for path in ("/", "/orgs", "/orgs/c", "/orgs/c/nothing", "/orgs/c/contacts/x/merge/y", "/v1"):
        assert call.http.get(path).status_code == 404
    assert call.http.get("/orgs/c/contacts/x/merge").status_code == 405
    assert call.http.delete("/orgs/c/contacts").headers["Allow"] == "GET, POST"


# Pagination


def test_lists_are_bare_arrays_with_their_counts_in_the_headers(call: Caller):
    first = call.get("contacts/duplicates", take=6)
    assert len(first.json()) == 6
    assert first.headers["pagination-count"] == "20"
    assert first.headers["pagination-page"] == "1"
    assert first.headers["pagination-take"] == "6"
    assert len(call.get("contacts/duplicates", page=4, take=6).json()) == 2
    assert call.get("contacts/duplicates", page=5, take=6).json() == []


def test_a_hundred_is_the_default_and_the_most(call: Caller):
    assert len(call.get("contacts").json()) == 100
    assert call.get("contacts", take=100).headers["pagination-take"] == "100"


@pytest.mark.parametrize(
    "query",
    [
        *({"page": 0}, {"page": -1}, {"page": "x"}, {"page": ""}, {"page": "1.5"}, {"page": "²"}),
        *({"take": 0}, {"take": 101}, {"take": "ten"}),
    ],
)
@pytest.mark.parametrize("path", ["contacts", "contacts/duplicates", "segments", "orgs"])
def test_a_bad_page_or_take_is_400(call: Caller, path: str, query: dict[str, Any]):
    assert call.get(path, **query).status_code == 400


# Duplicates


def test_groups_hold_whole_contacts_on_both_sides(call: Caller):
    for group in call.get("contacts/duplicates").json():
        primary, duplicates = group["primary"], group["duplicates"]
        assert duplicates
        for contact in (primary, *duplicates):
            assert call.app.world.main.contact(contact["id"]) == contact


def test_a_group_is_who_shares_an_external_channel_also_over_others(call: Caller):
    a, b, c = call.app.world.named["chain"]
    groups = call.get("contacts/duplicates").json()
    ids = [{g["primary"]["id"], *(d["id"] for d in g["duplicates"])} for g in groups]
    assert {a, b, c} in ids


def test_internal_channels_link_nobody(call: Caller):
    contacts = [call.group(0)[0], call.group(1)[0]]
    for one in contacts:
        channels = call.app.world.main.contact(one)["channels"]
        shared = channels[0] | {"id": f"channel_{one}", "type": "internal", "user_id": "same"}
        call.app.world.change(one, channels=[*channels, shared])
    assert call.get("contacts/duplicates").headers["pagination-count"] == "20"


def test_the_oldest_is_recommended(call: Caller):
    call.app.world.change(call.group()[1], created_at="2001-01-01T00:00:00Z")
    oldest = call.get("contacts/duplicates", take=1).json()[0]["primary"]
    assert oldest["created_at"] == "2001-01-01T00:00:00Z"


# Contacts


def test_contacts_are_found_by_a_channels_user_id(call: Caller):
    members = call.app.world.named["family_whatsapp"]
    user_id = call.app.world.main.contact(members[0])["channels"][0]["user_id"]
    found = call.get("contacts", user_id=user_id, status="ALL")
    assert {contact["id"] for contact in found.json()} == set(members)
    assert found.headers["pagination-count"] == "3"
    assert call.get("contacts", user_id="nobody").json() == []


def test_contacts_are_found_by_part_of_the_name(call: Caller):
    found = call.get("contacts", search="gARCÍA").json()
    assert {contact["name"] for contact in found} >= {"María García", "García, María"}


@pytest.mark.parametrize("key", ["name", "username", "email"])
def test_contacts_are_found_by_a_whole_value(call: Caller, key: str):
    contact_id, value = next(
        (one, channel[key])
        for one in call.app.world.main
        for channel in call.app.world.main.contact(one)["channels"]
        if channel.get(key)
    )
    found = call.get("contacts", **{key: value.upper()}).json()
    assert contact_id in {contact["id"] for contact in found}
    assert len(found) < 100


def test_contacts_are_found_by_segment_and_flags(call: Caller):
    everyone = [call.app.world.main.contact(one) for one in call.app.world.main]
    segment_id = next(s["id"] for one in everyone for s in one.get("segments") or ())
    for contact in call.get("contacts", segment_id=segment_id).json():
        assert segment_id in {segment["id"] for segment in contact["segments"]}

    def count(**query: str) -> int:
        return int(call.get("contacts", **query).headers["pagination-count"])

    assert count(status="ALL") == len(everyone)
    assert count(status="BLOCKED") == sum(bool(one.get("blocked")) for one in everyone) == 2
    assert count(status="UNSUBSCRIBED") == count(unsubscribed="true") == 2
    assert count(unsubscribed="false") == len(everyone) - 2
    assert count(status="SUBSCRIBED") == len(everyone) - 4
    assert count(status="AI_REPLIES_DISABLED") == 0
    assert count(exclude_admins="true") == len(everyone) - 1
    assert count(exclude_admins="false") == len(everyone)


@pytest.mark.parametrize(
    "query", [{"status": "GONE"}, {"unsubscribed": "maybe"}, {"exclude_admins": "1"}]
)
def test_a_bad_filter_is_400(call: Caller, query: dict[str, str]):
    assert call.get("contacts", **query).status_code == 400


def test_what_hangs_on_a_contact_is_listed_and_404_when_it_is_gone(call: Caller):
    contact = call.group()[0]
    for part in ("segments", "notes", "activities"):
        assert isinstance(call.get(f"contacts/{contact}/{part}").json(), list)
        assert call.get(f"contacts/contact_gone/{part}").status_code == 404


def test_one_contact_alone_can_be_read_only_by_a_switch(call: Caller):
    contact = call.group()[0]
    assert call.get(f"contacts/{contact}").status_code == 404
    call.app.faults.contact_endpoint = True
    assert call.get(f"contacts/{contact}").json()["id"] == contact
    assert call.get("contacts/contact_gone").status_code == 404


def test_segments_are_listed_and_searched(call: Caller):
    assert len(call.get("segments", take=5).json()) == 5
    assert [one["name"] for one in call.get("segments", search="vip").json()] == ["VIP"]


def test_a_contact_is_changed(call: Caller):
    where = f"/orgs/c/contacts/{call.group()[0]}"
    changed = call.http.patch(where, json={"name": "New", "blocked": True}).json()
    assert (changed["name"], changed["blocked"]) == ("New", True)
    assert changed["blocked_at"] == changed["updated_at"]
    changed = call.http.patch(where, json={"name": None, "blocked": False}).json()
    assert (changed["name"], changed["blocked_at"]) == (None, None)
    for bad in ({"name": "x" * 513}, {"name": 1}, {"blocked": "yes"}, {"unsubscribed": None}, []):
        assert call.http.patch(where, json=bad).status_code == 400
    assert call.http.patch(where, content=b"{").status_code == 400
    assert call.http.patch("/orgs/c/contacts/gone", json={}).status_code == 404


@pytest.mark.parametrize("applied", [False, True])
def test_a_change_that_goes_wrong_is_done_or_not_by_a_switch(call: Caller, applied: bool):
    contact = call.group()[0]
    where = f"/orgs/c/contacts/{contact}"
    for fault in (Fault.STATUS, Fault.HTML, Fault.EMPTY, Fault.CUT_JSON, Fault.DROP):
        call.app.world.change(contact, unsubscribed=False)
        call.app.faults.next_patch(fault, applied=applied, patch_status=503)
        try:
            status = call.http.patch(where, json={"unsubscribed": True}).status_code
        except httpx.TransportError:
            status = 0
        assert status == {Fault.STATUS: 503, Fault.DROP: 0}.get(fault, 200)
        assert call.app.world.main.contact(contact)["unsubscribed"] is applied
    assert call.http.patch(where, json={"unsubscribed": True}).json()["unsubscribed"] is True


def test_a_change_may_answer_about_another_contact(call: Caller):
    contact = call.group()[0]
    call.app.faults.next_patch(Fault.WRONG_ID)
    answer = call.http.patch(f"/orgs/c/contacts/{contact}", json={"blocked": True}).json()
    assert answer["id"] != contact
    assert call.app.world.main.contact(contact)["blocked"] is True


def test_a_contact_is_made_and_joins_the_group_of_its_channel(call: Caller):
    segment = call.get("segments").json()[0]["id"]
    body = {"channel": {"user_id": "u1", "name": "Zoe"}, "segment_ids": [segment]}
    first, second = (call.http.post("/orgs/c/contacts", json=body).json() for _ in range(2))
    assert first["name"] == "Zoe"
    assert first["segments"][0]["id"] == segment
    assert {first["id"], second["id"]} == set(call.app.world.main.groups()[-1])
    more = {"channel": {"user_id": "u2", "contact_id": first["id"]}}
    assert len(call.http.post("/orgs/c/contacts", json=more).json()["channels"]) == 2
    for bad in ({}, {"channel": {}}, {"channel": {"user_id": 5}}, []):
        assert call.http.post("/orgs/c/contacts", json=bad).status_code == 400
    gone = {"channel": {"user_id": "u3", "contact_id": "contact_gone"}}
    assert call.http.post("/orgs/c/contacts", json=gone).status_code == 404
    unknown = {"channel": {"user_id": "u3"}, "segment_ids": ["segment_gone"]}
    assert call.http.post("/orgs/c/contacts", json=unknown).status_code == 404


def test_a_segment_is_added_once(call: Caller):
    contact, segment = call.group()[0], call.get("segments").json()[0]["id"]
    where = f"/orgs/c/contacts/{contact}/segments/{segment}"
    for _ in range(2):
        ids = [one["id"] for one in call.http.post(where).json()["segments"]]
        assert ids.count(segment) == 1
    assert call.http.post(where + "x").status_code == 404


# Merge


def test_a_merge_unites_channels_and_segments_and_removes_the_sources(call: Caller):
    primary, *sources = members = call.app.world.named["seven"]
    before = [call.app.world.main.contact(one) for one in members]
    answer = call.merge(primary, {"source_contact_ids": sources}).json()
    merged = answer["merged"]
    assert answer["merged_contact_ids"] == sources
    assert call.app.world.main.contact(primary) == merged
    for key in ("id", "name", "created_at", "blocked", "unsubscribed"):
        assert merged[key] == before[0][key]
    for key in ("channels", "segments"):
        everything = {item["id"] for one in before for item in one[key]}
        assert {item["id"] for item in merged[key]} == everything
        assert len(merged[key]) == len(everything)
    for source in sources:
        assert call.get(f"contacts/{source}/segments").status_code == 404
        assert call.merge(primary, {"source_contact_ids": [source]}).status_code == 404
    assert call.get("contacts/duplicates").headers["pagination-count"] == "19"
    assert call.app.counters.merges_applied == 1


def test_who_was_not_merged_stays_in_the_group(call: Caller):
    primary, source, *rest = call.app.world.named["seven"]
    call.merge(primary, {"source_contact_ids": [source]})
    groups = [set(group) for group in call.app.world.main.groups()]
    assert {primary, *rest} in groups


def test_any_two_contacts_can_be_merged(call: Caller):
    one, other = call.group(0)[0], call.group(1)[0]
    assert call.merge(one, {"source_contact_ids": [other]}).status_code == 200


@pytest.mark.parametrize("any_flag_wins", [False, True])
def test_flags_are_the_primarys_or_anyones_by_a_switch(call: Caller, any_flag_wins: bool):
    call.app.faults.any_flag_wins = any_flag_wins
    blocked, unsubscribed, silent = call.app.world.named["both_flags"]
    merged = call.merge(silent, {"source_contact_ids": [blocked, unsubscribed]}).json()["merged"]
    assert merged["blocked"] is any_flag_wins
    assert merged.get("unsubscribed", False) is any_flag_wins
    assert bool(merged["blocked_at"]) is any_flag_wins


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"source_contact_ids": []}, 400),
        ({"source_contact_ids": None}, 400),
        ({"source_contact_ids": "SOURCE"}, 400),
        ({"source_contact_ids": [1]}, 400),
        ({"source_contact_ids": ["SOURCE", "SOURCE"]}, 400),
        ({"source_contact_ids": ["SOURCE", "PRIMARY"]}, 400),
        ({"source_contact_ids": [f"contact_{n}" for n in range(51)]}, 400),
        ({"source_contact_ids": ["SOURCE", "contact_gone"]}, 404),
        ({"source_contact_ids": ["SOURCE", "OTHER_ORG"]}, 404),
        ([], 400),
    ],
)
def test_a_bad_merge_is_refused_and_does_nothing(call: Caller, body: Any, status: int):
    primary, source = call.group()[:2]
    other = next(iter(list(call.app.world.orgs.values())[1].directory))
    names = {"SOURCE": source, "PRIMARY": primary, "OTHER_ORG": other}
    if isinstance(body, dict) and isinstance(body["source_contact_ids"], list):
        body = {"source_contact_ids": [names.get(one, one) for one in body["source_contact_ids"]]}
    before = call.app.world.main.groups()
    assert call.merge(primary, body).status_code == status
    assert call.app.world.main.groups() == before
    assert call.app.counters.merges_applied == 0
    assert call.app.counters.hazard_calls == 0


def test_a_merge_into_nobody_or_with_broken_json_is_refused(call: Caller):
    source = call.group()[1]
    assert call.merge("contact_gone", {"source_contact_ids": [source]}).status_code == 404
    assert call.merge("contact_gone").status_code == 404
    assert call.merge(call.group()[0], content=b'{"source').status_code == 400


@pytest.mark.parametrize("how", ["no body", "empty object", "another key"])
def test_the_hazard_merges_all_detected_and_is_counted(call: Caller, how: str):
    primary, *others = call.app.world.named["seven"]
    body = {"no body": None, "empty object": {}, "another key": {"sources": ["x"]}}[how]
    answer = call.merge(primary, body).json()
    assert set(answer["merged_contact_ids"]) == set(others)
    assert call.app.counters.hazard_calls == 1


def test_the_hazard_on_a_contact_without_duplicates_merges_nothing(call: Caller):
    directory = call.app.world.main
    alone = next(one for one in directory if directory.position_of_group(one) is None)
    assert call.merge(alone, {}).json()["merged_contact_ids"] == []


# The rest


def test_the_limit_is_of_a_minute_and_says_when_it_ends(call: Caller, at: Any):
    call.app.faults.limit_per_minute = 3
    for _ in range(3):
        assert call.get("contacts", take=1).status_code == 200
    refused = call.get("contacts", take=1)
    assert refused.status_code == 429
    assert 59 <= int(refused.headers["Retry-After"]) <= 61
    call.app.faults.limit_retry_after = False
    assert "Retry-After" not in call.get("contacts").headers
    at(1060)
    assert call.get("contacts", take=1).status_code == 200
    assert call.app.counters.rate_limited == 2


def test_requests_are_counted_by_endpoint(call: Caller):
    call.get("contacts/duplicates")
    call.get(f"contacts/{call.group()[0]}/segments")
    call.merge("contact_gone", {"source_contact_ids": ["x"]})
    assert call.app.counters.requests == {
        "GET contacts/duplicates": 1,
        "GET contacts/{}/segments": 1,
        "POST contacts/{}/merge": 1,
    }
    assert call.app.counters.merges == [("contact_gone", '{"source_contact_ids":["x"]}')]


def test_an_id_with_odd_characters_is_found(call: Caller):
    contact_id = "contact ä?%25&中"
    call.app.world.change(call.group()[0], id=contact_id)
    assert call.get(f"contacts/{quote(contact_id, safe='')}/segments").status_code == 200


def test_everything_survives_a_reset(call: Caller, app: Sandbox):
    groups = app.world.main.groups()
    primary, *sources = groups[0]
    call.merge(primary, {"source_contact_ids": sources})
    assert call.http.post("/_sandbox/reset").status_code == 200
    assert app.world.main.groups() == groups
    assert app.counters.merges_applied == 0
