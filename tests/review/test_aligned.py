"""Channels side by side: the same in one row, and what may be the same beside it, said so."""

from mergeui.merging.plan import predict
from mergeui.review.compare import compare
from mergeui.review.rows import Verdict
from tests.contacts import channel, contact, email, parsed, whatsapp

SPANISH = "+34600111222"


def test_one_number_written_differently_is_one_row_and_no_link() -> None:
    ana = contact("Ana", whatsapp("+34 600 111 222"))
    twin = contact("Ana", whatsapp("600111222", country="ES"))
    contacts = parsed(ana, twin)
    comparison = compare(contacts)

    (row,) = comparison.channels
    assert (row.verdict, row.words) == (Verdict.ALIKE, "Same number, written differently")
    assert [cell.text for cell in row.cells] == ["+34 600 111 222", "600111222"]
    assert not any(cell.marked or cell.pieces for cell in row.cells)
    assert comparison.links == ()
    assert len(predict(contacts[0], contacts[1:]).channels) == 2


def test_an_address_with_dots_may_be_the_same() -> None:
    comparison = compare(
        parsed(contact("A", email("ana.g@gmail.com")), contact("A", email("anag+x@gmail.com")))
    )

    (row,) = comparison.channels
    assert row.words == "May be the same: dots or a plus part differ"
    assert [[p.text for p in cell.pieces if p.differs] for cell in row.cells] == [["."], ["+x"]]


def test_capitals_alone_are_said_without_a_mark() -> None:
    comparison = compare(
        parsed(contact("A", email("Ana@gmail.com")), contact("A", email("ana@gmail.com")))
    )

    (row,) = comparison.channels
    assert row.words == "May be the same: only capitals differ"
    assert not any(cell.pieces for cell in row.cells)


def test_one_number_on_two_channels_of_two_contacts() -> None:
    comparison = compare(
        parsed(
            contact("A", whatsapp(SPANISH)),
            contact("B", channel("twilio", SPANISH)),
            contact("C"),
        )
    )

    (row,) = comparison.channels
    assert (row.label, row.words) == (
        "WhatsApp, SMS (Twilio)",
        "Same number, different channels (2 of 3)",
    )
    assert [cell.channel for cell in row.cells] == ["WhatsApp", "SMS (Twilio)", ""]


def test_what_is_shared_says_who_has_it_otherwise() -> None:
    shared = whatsapp(SPANISH)
    other = whatsapp("0034 600 111 222")
    (row,) = compare(
        parsed(contact("A", shared), contact("B", shared), contact("C", other))
    ).channels

    assert row.words == "Shared by 2 of 3; 1 more: same number, written differently"
    assert [cell.marked for cell in row.cells] == [True, True, False]


def test_one_contact_with_both_has_two_rows_that_point_at_each_other() -> None:
    ana = contact("Ana", whatsapp(SPANISH), channel("twilio", SPANISH))
    twin = contact("Ana", whatsapp(SPANISH))

    shared, alone = compare(parsed(ana, twin)).channels
    assert (shared.words, shared.hint) == ("Shared by both", "")
    assert alone.words == "Only in one"
    assert alone.hint == f"Same number, different channels: see WhatsApp {SPANISH}"


def test_the_same_words_with_another_id() -> None:
    one = channel("instagram_dm", "1", username="ana")
    other = channel("instagram_dm", "2", username="ana")
    (row,) = compare(parsed(contact("A", one), contact("B", other))).channels

    assert row.words == "Written the same, with another id"


def test_the_same_address_on_other_channels() -> None:
    one, other = email("ana@x.org"), channel("google_calendar", "ana@x.org")
    (row,) = compare(parsed(contact("A", one), contact("B", other))).channels

    assert row.words == "May be the same address, on different channels"
