"""What makes a merge risky, and how it is said."""

from mergeui.review.risk import Risk, cautions
from tests.contacts import contact, email, parsed, whatsapp

PHONE = whatsapp("+15550101")


def risks(*contacts: dict) -> dict[Risk, str]:
    return {caution.risk: caution.sentence for caution in cautions(parsed(*contacts))}


def test_two_records_of_one_person_are_not_risky() -> None:
    assert risks(contact("Ana García", PHONE), contact("Ana", PHONE)) == {}


def test_an_unsubscribed_twin_is_said_both_ways() -> None:
    out = contact("Ana", PHONE, unsubscribed=True, unsubscribed_at="2026-05-03T10:00:00Z")

    found = risks(contact("Ana García", PHONE), out)

    assert found == {
        Risk.UNSUBSCRIBED: "Ana unsubscribed on 3 May 2026; Ana García still receives messages."
        " Invent decides which wins."
    }


def test_all_unsubscribed_alike_is_no_difference() -> None:
    assert (
        risks(contact("Ana", PHONE, unsubscribed=True), contact("Ana", PHONE, unsubscribed=True))
        == {}
    )


def test_a_blocked_one_and_an_admin() -> None:
    found = risks(
        contact("Ana", PHONE, blocked=True),
        contact("Ana", PHONE),
        contact("Ana", PHONE, is_admin=True),
    )

    assert set(found) == {Risk.BLOCKED, Risk.ADMIN}
    assert found[Risk.BLOCKED].startswith("Ana (1) is blocked; Ana (2) and Ana (3) are not.")
    assert found[Risk.ADMIN].startswith("Ana (3) belongs to your own team")


def test_what_invent_does_not_say_of_consent_is_not_said() -> None:
    """As before it makes no group less risky; but nobody "still receives messages" by it."""
    out = contact("Khaled Mansour", PHONE, unsubscribed=True)

    found = risks(
        out, contact("خالد منصور", PHONE), contact("Khaled Mansour", PHONE, unsubscribed=None)
    )

    assert found[Risk.UNSUBSCRIBED] == (
        "Khaled Mansour (1) unsubscribed; خالد منصور still receives messages; whether"
        " Khaled Mansour (3) receives messages is not said by Invent. Invent decides which wins."
    )
    assert risks(out, contact("Ana", PHONE, unsubscribed=None))[Risk.UNSUBSCRIBED] == (
        "Khaled Mansour unsubscribed; whether Ana receives messages is not said by Invent. Invent"
        " decides which wins."
    )


def test_a_day_is_said_where_it_is_that_of_all() -> None:
    first, second = (
        contact(name, PHONE, unsubscribed=True, unsubscribed_at=f"2026-05-0{day}T10:00:00Z")
        for name, day in (("Ana", 3), ("Anna", 4))
    )

    found = risks(first, second, contact("Ana García", PHONE))

    assert found[Risk.UNSUBSCRIBED].startswith("Ana and Anna unsubscribed; Ana García still")


def test_colleagues_behind_one_office_phone_have_different_names() -> None:
    found = risks(contact("Tom Baker", PHONE), contact("Wei Chen", PHONE), contact("Ana", PHONE))

    assert Risk.NAMES in found
    assert "Tom Baker and Wei Chen" in found[Risk.NAMES]


def test_who_else_conflicts_is_said_too() -> None:
    """But not who is called as one of the first two."""
    shared = [contact(name, PHONE) for name in ("Tom Baker", "Wei Chen", "Thomas Baker")]
    sentence = "Tom Baker and Wei Chen don't look like the same name."

    assert "Unlike" not in risks(*shared)[Risk.NAMES]
    two = risks(*shared, contact("Eva Sol", PHONE), contact("Olga Rem", PHONE))[Risk.NAMES]
    assert two.startswith(f"{sentence} Unlike both of them: Eva Sol and Olga Rem. Relatives")
    more = [contact(f"{name} Lund", PHONE) for name in ("Ada", "Berit", "Carl", "Dora")]
    assert (
        "Unlike both of them: Ada Lund, Berit Lund, Carl Lund and 1 more. Relatives"
        in (risks(*shared, *more)[Risk.NAMES])
    )


def test_a_number_that_five_contacts_have_may_be_an_office() -> None:
    found = risks(*[contact("Ana", PHONE) for _ in range(5)])

    assert found[Risk.SHARED].startswith("5 contacts have WhatsApp +15550101")


def test_a_chain_with_a_nameless_end_is_a_weak_link() -> None:
    found = risks(
        contact("Ana", email("a@example.com")),
        contact("Ana", email("a@example.com"), PHONE),
        contact(None, PHONE),
    )

    assert set(found) == {Risk.WEAK}


def test_a_chain_of_one_name_is_no_weak_link() -> None:
    found = risks(
        contact("Ana", email("a@example.com")),
        contact("Ana", email("a@example.com"), PHONE),
        contact("Ana", PHONE),
    )

    assert found == {}


def test_a_member_that_shares_nothing_is_named() -> None:
    found = risks(
        contact("Ana", PHONE), contact("Ana", PHONE), contact("Ana Sola", email("s@e.org"))
    )

    assert found[Risk.UNEXPLAINED].startswith("Ana Sola shares no channel")


def test_of_who_share_nothing_with_each_other_no_others_are_told() -> None:
    """Put together by hand, say: there are no others, and no number that relatives share."""
    found = risks(
        contact("Victoria Smith", PHONE), contact("Jennifer Smith", email("j@example.org"))
    )

    assert found == {
        Risk.NAMES: "Victoria Smith and Jennifer Smith don't look like the same name.",
        Risk.UNEXPLAINED: "Victoria Smith and Jennifer Smith share no channel with each other that"
        " the desk can see.",
    }


def test_what_relatives_share_may_be_an_address() -> None:
    found = risks(*(contact(name, email("home@example.org")) for name in ("Tom Baker", "Wei Chen")))

    assert found[Risk.NAMES].endswith("often share a number or an address.")


def test_of_many_names_the_first_three_are_said() -> None:
    out = [contact(name, PHONE, unsubscribed=True) for name in ("Ana", "Anna", "A.", "An")]

    found = risks(*out, contact("Ana García", PHONE))

    assert found[Risk.UNSUBSCRIBED].startswith("Ana, Anna, A. and 1 more unsubscribed;")


def test_each_risk_has_a_label() -> None:
    assert {risk.label for risk in Risk}.isdisjoint({""})
