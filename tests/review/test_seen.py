"""What differs from what was shown, in sentences (design.md, rule 5)."""

from typing import Any

from mergeui.review.seen import changes
from tests.contacts import channel, contact, email, parsed, segment, whatsapp

PHONE = whatsapp("+15550101")
MAIL = email("ana@example.com")


def news(before: dict[str, Any], **fields: Any) -> tuple[str, ...]:
    """What a change of these fields of a contact is called."""
    one, other = parsed(before, before | fields)
    return changes([one], {one.id: other})


def test_a_name_alone_is_one_sentence() -> None:
    """Not one for each channel besides, saying that it was and is now the same."""
    assert news(contact("Ana", PHONE, MAIL), name="Bea") == ("Ana: Name was Ana and is now Bea.",)


def test_a_channel_that_came_and_one_that_went() -> None:
    assert news(contact("Ana", PHONE), channels=[PHONE, MAIL]) == (
        "Ana: Gmail ana@example.com is new.",
    )
    assert news(contact("Ana", PHONE, MAIL), channels=[PHONE]) == (
        "Ana: Gmail ana@example.com is gone.",
    )


def test_consent_and_segments() -> None:
    assert news(contact("Ana", PHONE), unsubscribed=True) == (
        "Ana: Messages was Receives messages and is now Unsubscribed.",
    )
    assert news(contact("Ana", PHONE), segments=[segment("VIP")]) == ("Ana: Segments VIP is new.",)
    assert news(contact("Ana", segments=[segment("VIP")]), segments=[]) == (
        "Ana: Segments VIP is gone.",
    )


def test_what_no_row_shows_is_said_all_the_same() -> None:
    before = channel("custom", "shop-1", name="Ana")
    assert news(contact("Ana", before), channels=[before | {"name": "Bea"}]) == (
        "Ana changed in a detail; look at the contact again.",
    )


def test_the_same_and_gone() -> None:
    [one] = parsed(contact("Ana", PHONE))
    assert changes([one], {one.id: one}) == ()
    assert changes([one], {one.id: None}) == ("Ana is no longer found in Invent.",)


def test_what_changes_by_itself_is_no_change() -> None:
    assert news(contact("Ana", PHONE), updated_at="2026-01-01T00:00:00Z") == ()


def test_another_segment_of_the_same_name_is_a_detail() -> None:
    other = segment("VIP") | {"id": "seg_other"}
    assert news(contact("Ana", segments=[segment("VIP")]), segments=[other]) == (
        "Ana changed in a detail; look at the contact again.",
    )


def test_a_channel_that_reads_the_same_but_is_another_one() -> None:
    one = channel("instagram_dm", "1", username="ana")
    other = channel("instagram_dm", "2", username="ana")

    assert news(contact("Ana", one), channels=[other]) == (
        "Ana: Instagram @ana has another id now.",
    )
