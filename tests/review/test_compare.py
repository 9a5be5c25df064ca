"""What the compare page says of its contacts."""

from mergeui.review.compare import compare
from mergeui.review.rows import Verdict
from tests.contacts import channel, contact, email, parsed, segment, whatsapp

PHONE = "+15550101"


def test_a_shared_channel_comes_first_and_is_said_in_words() -> None:
    ana = contact("Ana García", email("ana@example.com"), whatsapp(PHONE))
    twin = contact("Ana G.", whatsapp(PHONE))

    comparison = compare(parsed(ana, twin))

    first, second = comparison.channels
    assert (first.label, first.words) == ("WhatsApp", "Shared by both")
    assert all(cell.marked for cell in first.cells)
    assert (second.label, second.verdict) == ("Gmail", Verdict.SINGLE)
    assert [cell.text for cell in second.cells] == ["ana@example.com", ""]
    assert comparison.reasons == ("Ana García and Ana G. both have WhatsApp +15550101",)


def test_the_same_number_on_two_channel_types_is_two_rows() -> None:
    ana = contact("Ana", whatsapp(PHONE), channel("twilio", PHONE, phone=PHONE))
    twin = contact("Ana", whatsapp(PHONE))

    labels = [row.label for row in compare(parsed(ana, twin)).channels]

    assert labels == ["WhatsApp", "SMS (Twilio)"]


def test_three_of_seven_is_said_as_such() -> None:
    with_phone = [contact(f"Ana {n}", whatsapp(PHONE)) for n in "ABC"]
    others = [contact(f"Ana {n}", email("ana@example.com")) for n in "DEFG"]

    comparison = compare(parsed(*with_phone, *others))

    assert comparison.reasons == (
        "4 of 7 contacts have Gmail ana@example.com",
        "3 of 7 contacts have WhatsApp +15550101",
    )
    assert [row.words for row in comparison.channels] == ["Shared by 4 of 7", "Shared by 3 of 7"]


def test_names_that_differ_and_flags_that_agree() -> None:
    rows = {row.label: row for row in compare(parsed(contact("Ana"), contact("Anna"))).rows}

    assert (rows["Name"].verdict, rows["Name"].words) == (Verdict.DIFFERENT, "Some letters differ")
    assert rows["Blocked"].verdict is Verdict.SAME
    assert rows["Blocked"].foldable
    assert not rows["Name"].foldable


def test_consent_says_since_when_and_why() -> None:
    out = contact(
        "Ana",
        unsubscribed=True,
        unsubscribed_at="2024-05-03T10:00:00Z",
        unsubscribe_reason="Too many",
    )
    silent = contact("Ana")
    del silent["unsubscribed"]

    rows = {row.label: row for row in compare(parsed(out, silent)).rows}

    assert [cell.text for cell in rows["Messages"].cells] == [
        "Unsubscribed since 3 May 2024: Too many",
        "Not said by Invent",
    ]


def test_segments_say_which_are_shared() -> None:
    ana = contact("Ana", segments=[segment("VIP"), segment("Trial", "red")])
    twin = contact("Ana", segments=[segment("VIP")])

    row = compare(parsed(ana, twin)).segments

    assert row.words == "Some shared, some different"
    assert [(label.name, label.shared) for label in row.cells[0].labels] == [
        ("VIP", True),
        ("Trial", False),
    ]


def test_a_contact_with_nothing_at_all_is_a_column_like_any_other() -> None:
    empty = {"id": "contact_bare"}

    comparison = compare(parsed(contact("Ana", whatsapp(PHONE)), empty))

    assert comparison.names == ("Ana", "contact_bare")
    assert all(len(row.cells) == 2 for row in comparison.rows)


def test_an_unknown_channel_type_is_shown_as_it_is() -> None:
    comparison = compare(
        parsed(
            contact("A", channel("carrier_pigeon", "x")),
            contact("B", channel("carrier_pigeon", "x")),
        )
    )

    assert comparison.channels[0].label == "carrier_pigeon"
    assert comparison.reasons == ("A and B both have carrier_pigeon x",)


def test_hidden_characters_are_named() -> None:
    comparison = compare(parsed(contact("Ana\u202egro"), contact("Ana")))

    assert comparison.names[0] == "Ana⟨U+202E⟩gro"
    assert comparison.person[0].cells[0].text == "Ana⟨U+202E⟩gro"


def test_what_matters_for_the_decision_comes_first() -> None:
    ana = contact("Ana", email("ana@x.org"), email("a.na@y.org"), whatsapp(PHONE))
    twin = contact("Anna", email("ana@x.org"), email("ana@y.org"), unsubscribed=True)

    rows = [(row.label, row.verdict.value) for row in compare(parsed(ana, twin)).rows]

    assert rows[:5] == [
        ("Messages", "different"),
        ("Name", "different"),
        ("Gmail", "same"),
        ("Gmail", "alike"),
        ("WhatsApp", "single"),
    ]
    assert {verdict for _, verdict in rows[-4:]} == {"same", "empty"}


def test_names_that_are_nearly_the_same_have_their_letters_marked() -> None:
    people = [contact(name) for name in ("Ana García", "Ana Garzía", "Ana Garzía", "Bo", None)]
    row = compare(parsed(*people)).person[0]

    marked = [[piece.text for piece in cell.pieces if piece.differs] for cell in row.cells]
    assert marked == [["c"], ["z"], ["z"], [], []]
    assert row.words == "Different; 2 of 5 agree"


def test_two_spellings_among_many_are_said_in_words() -> None:
    people = [contact(name) for name in ("Ana", "ANA", "Ana")]
    row = compare(parsed(*people)).person[0]

    assert row.words == "Only capitals differ; 2 of 3 agree"
    assert not any(cell.pieces for cell in row.cells)
