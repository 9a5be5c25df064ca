"""The seeded worlds: the same each time, with everything in them that a reviewer may meet."""

import json
import unicodedata

import pytest

from mergeui.sandbox import Sandbox, World, seed

SPECIAL = {
    "office_phone", "family_whatsapp", "unsubscribed_twin", "blocked_twin", "both_flags", "admin",
    "near_names", "nameless", "seven", "many", "unknown_kinds", "extra_keys", "bare",
    "hostile_names", "hostile_links", "long_name", "chain",
}  # fmt: skip


def everything(world: World) -> dict[str, list[bytes]]:
    return {
        org.id: [org.directory.contact_json(one) for one in org.directory]
        for org in world.orgs.values()
    }


def test_the_same_seed_is_the_same_world_and_another_is_another():
    assert everything(seed.world(30, 1)) == everything(seed.world(30, 1))
    assert everything(seed.world(30, 1)).keys().isdisjoint(everything(seed.world(30, 2)))


@pytest.mark.parametrize("groups", [0, 1, 19, 20, 57, 200])
def test_there_are_as_many_groups_as_asked_for(groups: int):
    assert len(seed.world(groups=groups).main.group_positions) == groups


def test_each_special_group_is_a_group_and_on_the_first_page():
    world = seed.world()
    assert set(world.named) == SPECIAL
    first_page = [set(group) for group in world.main.groups()[:100]]
    for name, members in world.named.items():
        assert set(members) in first_page, name


def test_the_special_groups_are_what_they_say():
    world = seed.world()
    contacts = {name: [world.main.contact(one) for one in ids] for name, ids in world.named.items()}
    assert len(contacts["seven"]) == 7
    assert len(contacts["many"]) == 64
    assert [one.get("unsubscribed") for one in contacts["unsubscribed_twin"]] == [False, True]
    assert contacts["unsubscribed_twin"][1]["unsubscribe_reason"]
    assert contacts["blocked_twin"][0]["blocked_at"]
    assert contacts["admin"][0]["is_admin"]
    assert set(contacts["bare"][1]) == {"id", "channels"}
    assert len(contacts["long_name"][0]["name"]) == 512
    assert any("<img" in one["name"] for one in contacts["hostile_names"])
    assert any("\u202e" in one["name"] for one in contacts["hostile_names"])
    assert "javascript:" in json.dumps(contacts["hostile_links"])
    assert {one["name"] for one in contacts["nameless"]} == {None}


def test_the_world_looks_like_one():
    world = seed.world()
    everyone = [world.main.contact(one) for one in world.main]
    assert len(everyone) > 700
    alone = [one for one in world.main if world.main.position_of_group(one) is None]
    assert len(alone) == 300
    letters = {
        unicodedata.name(letter, "?").split()[0]
        for one in everyone
        for letter in one.get("name") or ""
    }
    assert letters >= {
        "LATIN", "ARABIC", "HEBREW", "CYRILLIC", "GREEK", "CJK", "HANGUL", "HIRAGANA", "DEVANAGARI"
    }  # fmt: skip
    kinds = {channel["type"] for one in everyone for channel in one["channels"]}
    assert kinds >= {
        "internal", "custom", "whatsapp_bot", "messenger_bot", "instagram_dm", "twilio", "telnyx",
        "slack_bot", "telegram_bot", "gmail",
    }  # fmt: skip


def test_nobody_real_can_be_reached():
    text = json.dumps(
        [contact.decode() for org in everything(seed.world()).values() for contact in org]
    )
    for word in text.replace("\\", " ").replace('"', " ").split():
        if "@" in word and "." in word.rpartition("@")[2]:
            assert any(end in word for end in ("example.com", "example.org", "example.net")), word
        if word.startswith("+"):
            assert word[-7:-2] == "55501", word


def test_ids_look_like_the_vendors():
    for contact_id in seed.world(20).main:
        prefix, _, rest = contact_id.partition("_")
        assert prefix == "contact"
        assert len(rest) == 22
        assert rest.isalnum()


def test_the_big_world_is_uniform():
    world = seed.big(50, contacts=4, channels=2)
    assert [len(group) for group in world.main.groups()] == [4] * 50
    assert all(len(world.main.contact(one)["channels"]) == 2 for one in world.main)
    Sandbox(world).reset()
    assert len(world.main) == 200
