"""What a merge is expected to do, and how the result differs from it (design.md, rule 7)."""

from typing import Any

import pytest

from mergeui.merging.plan import chunks, differences, predict
from tests.contacts import contact, email, parsed, segment, whatsapp

PHONE = whatsapp("+15550101")
MAIL = email("ana@example.com")


def predicted(*raw: dict[str, Any]) -> Any:
    primary, *sources = parsed(*raw)
    return predict(primary, sources)


def test_channels_and_segments_are_united_and_say_whom_they_come_from() -> None:
    found = predicted(
        contact("Ana García", PHONE, segments=[segment("VIP", "amber")]),
        contact("Ana", PHONE, MAIL, segments=[segment("VIP", "amber"), segment("Trial", "red")]),
    )

    assert [(gain.name, gain.source) for gain in found.channels] == [
        ("WhatsApp +15550101", ""),
        ("Gmail ana@example.com", "Ana"),
    ]
    assert [(gain.name, gain.color, gain.source) for gain in found.segments] == [
        ("VIP", "amber", ""),
        ("Trial", "red", "Ana"),
    ]
    assert found.sentence == (
        "1 contact will be merged into Ana García and disappears; this can't be undone."
    )
    assert (found.calls, found.as_json()["sentence"]) == (1, found.sentence)


def test_flags_that_differ_are_decided_by_invent() -> None:
    found = predicted(
        contact("Ana", PHONE), contact("Ana", PHONE, unsubscribed=True, blocked=True, is_admin=True)
    )

    assert found.decided_by_invent == (
        "Whether the result is unsubscribed or receives messages.",
        "Whether the result is blocked or not blocked.",
        "Whether the result is a team member or a customer.",
    )
    assert predicted(contact("Ana", PHONE), contact("Ana", PHONE)).decided_by_invent == ()


def test_what_may_be_lost_is_said_before() -> None:
    found = predicted(
        contact("Ana García", PHONE), contact("Ana", PHONE, unsubscribe_reason="Too many")
    )

    assert found.lost == (
        "The name Ana: the result is called Ana García.",
        "When the contacts that disappear were created.",
        "Why somebody unsubscribed, as they wrote it.",
    )


def test_without_a_tick_it_says_what_to_do() -> None:
    found = predicted(contact("Ana", PHONE))

    assert found.sentence == "Tick at least one contact to merge into Ana."
    assert (found.unknown, found.calls) == ((), 0)


def test_a_call_takes_fifty() -> None:
    ids = [str(number) for number in range(101)]
    assert [len(chunk) for chunk in chunks(ids)] == [50, 50, 1]
    assert predicted(*[contact("Ana", PHONE) for _ in range(64)]).calls == 2


def news(merged: dict[str, Any], *raw: dict[str, Any]) -> tuple[str, ...]:
    """How this result of merging these differs from what is expected."""
    primary, *sources = parsed(*raw)
    [result] = parsed(raw[0] | merged)
    return differences(primary, sources, result)


ANA = contact("Ana", PHONE, segments=[segment("VIP")])
TWIN = contact("Anita", MAIL, segments=[segment("Trial")])
WHOLE = {"channels": [PHONE, MAIL], "segments": [segment("VIP"), segment("Trial")]}


def test_as_expected_is_no_difference() -> None:
    assert news(WHOLE, ANA, TWIN) == ()


@pytest.mark.parametrize(
    ("merged", "source", "sentence"),
    [
        ({"channels": [PHONE]}, {}, "The channel Gmail ana@example.com was expected"),
        ({"segments": []}, {}, "The segment VIP was expected and is not there."),
        ({"name": "Anita"}, {}, "The name was expected to stay Ana and is now Anita."),
        ({}, {"unsubscribed": True}, "An opt-out was lost: the result receives messages again."),
        ({"unsubscribed": None}, {"unsubscribed": True}, "Invent doesn't say whether the opt-out"),
        ({"unsubscribed": True}, {"unsubscribed": True}, "The result is unsubscribed;"),
        ({}, {"blocked": True}, "A block was lost: the result is no longer blocked."),
        ({"blocked": True}, {"blocked": True}, "The result is blocked; the primary was not."),
        ({"is_admin": True}, {}, "The result is a member of your team."),
    ],
)
def test_each_difference_has_its_sentence(
    merged: dict[str, Any], source: dict[str, Any], sentence: str
) -> None:
    found = news(WHOLE | merged, ANA, TWIN | source)

    assert any(line.startswith(sentence) for line in found), found


def test_an_admin_who_is_none_any_more() -> None:
    assert news(WHOLE | {"is_admin": False}, ANA | {"is_admin": True}, TWIN) == (
        "The result is no member of your team any more.",
    )
