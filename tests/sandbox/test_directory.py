"""Groups are kept up to date by small steps, and always what a whole count would give."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mergeui.sandbox.directory import Directory

Json = dict[str, Any]
KEYS = st.sampled_from([("gmail", "a"), ("gmail", "b"), ("twilio", "a"), ("internal", "a")])


def contact(number: int, keys: set[tuple[str, str]]) -> Json:
    channels = [{"id": f"{kind}-{user}", "type": kind, "user_id": user} for kind, user in keys]
    return {"id": f"c{number}", "created_at": f"{-number}", "channels": channels}


@given(st.lists(st.tuples(st.integers(0, 7), st.sets(KEYS, max_size=3) | st.none()), max_size=25))
def test_groups_by_small_steps_are_those_of_a_whole_count(
    steps: list[tuple[int, set[tuple[str, str]] | None]],
):
    directory = Directory()
    there: dict[str, Json] = {}
    for number, keys in steps:
        if keys is None:
            directory.remove([f"c{number}"])
            there.pop(f"c{number}", None)
        else:
            directory.put(contact(number, keys))
            there[f"c{number}"] = contact(number, keys)
    assert sorted(map(sorted, directory.groups())) == groups_by_hand(there)
    assert list(directory.group_positions) == sorted(directory.group_positions)
    assert {one: directory.contact(one) for one in directory} == there
    found = {one for kind in ("a", "b") for one in directory.with_user_id(kind)}
    assert found == {one for one, value in there.items() if value["channels"]}


def groups_by_hand(contacts: dict[str, Json]) -> list[list[str]]:
    groups = [({one}, external(value)) for one, value in contacts.items()]
    merged = True
    while merged:
        merged = False
        for here in groups:
            for other in groups:
                if here is not other and here[1] & other[1]:
                    groups.remove(other)
                    here[0].update(other[0])
                    here[1].update(other[1])
                    merged = True
                    break
            if merged:
                break
    return sorted(sorted(ids) for ids, _ in groups if len(ids) > 1)


def external(value: Json) -> set[tuple[str, str]]:
    return {(c["type"], c["user_id"]) for c in value["channels"] if c["type"] != "internal"}


def test_a_contact_is_a_copy_that_can_be_changed_without_harm():
    directory = Directory([contact(1, {("gmail", "a")})])
    directory.contact("c1")["channels"].clear()
    assert directory.contact("c1")["channels"]


def test_text_that_is_no_utf_8_goes_out_escaped():
    directory = Directory([contact(1, set()) | {"name": "\ud800"}])
    assert json.loads(directory.contact_json("c1"))["name"] == "\ud800"
    assert b"\\ud800" in directory.contact_json("c1")
