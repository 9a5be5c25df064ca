"""What links the members of a group, as a picture in words."""

from typing import Any

import pytest
from django.utils.translation import override

from mergeui.review.models import Group
from mergeui.web.chain import Chain, chain, told
from tests.contacts import contact, email, whatsapp
from tests.desk import Desk
from tests.web.cast import somebody, text_of

pytestmark = pytest.mark.django_db

PHONE, MAIL, INFO = whatsapp("+15550101"), email("ana@example.com"), email("info@example.org")


def drawn(*contacts: dict[str, Any]) -> Chain:
    desk = Desk(*contacts)
    desk.sync()
    group = desk.group()
    return chain(group.graded_links, [member.name for member in group.members.all()])


def path(found: Chain) -> list[tuple[str, list[str], str]]:
    """Each step as (name, channels to the next, how sure)."""
    return [
        (name, [address for _, address, _ in tie.channels] if tie else [], tie.words if tie else "")
        for name, tie in found.path
    ]


def test_two_stand_beside_each_other() -> None:
    found = drawn(contact("Ana García", PHONE, MAIL), contact("Ana", PHONE, MAIL))

    assert path(found) == [
        ("Ana García", ["+15550101", "ana@example.com"], "Names agree in part"),
        ("Ana", [], ""),
    ]
    assert [tie.style for _, tie in found.path if tie] == ["part"]
    assert (found.hubs, found.apart) == ((), ())


def test_a_chain_is_drawn_as_one_whatever_the_order_and_its_ends_are_apart() -> None:
    found = drawn(
        contact("Ana García", PHONE, MAIL), contact("Luis", PHONE), contact("Ana García", MAIL)
    )

    assert path(found) == [
        ("Luis", ["+15550101"], "Names conflict"),
        ("Ana García (1)", ["ana@example.com"], "Names agree"),
        ("Ana García (3)", [], ""),
    ]
    assert [tie.style for _, tie in found.path if tie] == ["bad", "good"]
    assert found.apart == ("Luis and Ana García (3) share nothing directly.",)


def test_a_channel_of_three_has_all_of_them_around_it() -> None:
    found = drawn(*(contact(name, INFO) for name in ("Ana", "Ana", None)))

    assert found.path == ()
    (hub,) = found.hubs
    assert (hub.channel, hub.address, hub.many) == ("Gmail", "info@example.org", True)
    assert (hub.style, hub.words) == ("line", "A name missing or incomplete")
    assert hub.holders == (("Ana (1)", ""), ("Ana (2)", ""), ("info@example.org", ""))


def test_a_name_that_is_too_short_to_compare_is_not_called_missing() -> None:
    """Both have a name; of one there is an initial and a family name, which a sister has too."""
    found = drawn(contact("J. Böhm", PHONE), contact("Jörg Böhm", PHONE))

    assert [tie.words for _, tie in found.path if tie] == ["A name missing or incomplete"]


def test_a_large_group_is_counted() -> None:
    names = ["Ana"] * 40 + [f"Ana {letter}{letter}" for letter in "bcdefghijklmnopqrstuvwxy"]
    found = drawn(*(contact(name, PHONE) for name in names))

    (hub,) = found.hubs
    assert hub.holders[0] == ("Ana", "×40")
    assert (len(hub.holders), hub.more) == (7, "and 18 more")
    assert found.apart == ()


def test_what_is_left_of_a_large_group_is_counted_in_spanish() -> None:
    with override("es"):
        (hub,) = drawn(*(contact(f"Ana {letter}", PHONE) for letter in "bcdefghij")).hubs

    assert hub.more == "y 2 más"


def test_a_ring_and_a_star_are_no_chain() -> None:
    a, b, c = (email(f"{name}@example.com") for name in "abc")
    ring = drawn(contact("Ana", a, b), contact("Ana", b, c), contact("Ana", c, a))
    assert (ring.path, len(ring.hubs), ring.apart) == ((), 3, ())

    Group.objects.all().delete()
    star = drawn(contact("Ana", a, b, c), *(contact(f"Eva {c['id']}", c) for c in (a, b, c)))
    assert (star.path, len(star.hubs)) == ((), 3)
    assert star.apart[2] == "Nor does 1 more pair."


def test_two_chains_apart_are_none() -> None:
    stored = [
        {"channel": "x", "address": "x", "grade": "full", "many": False, "holders": [0, 1]},
        {"channel": "y", "address": "y", "grade": "full", "many": False, "holders": [2, 3]},
    ]
    assert chain(stored, ["A", "B", "C", "D"]).path == ()


def test_more_channels_than_there_is_room_for() -> None:
    mails = [email(f"{n}@example.com") for n in range(6)]
    found = drawn(*(contact("Ana", *mails) for _ in range(3)))

    assert (len(found.hubs), found.more) == (4, "and 2 more channels")


def test_without_grades_there_are_the_sentences_alone() -> None:
    assert not chain([], ["Ana", "Ana"]).drawn
    assert told(["Both have +1"], []) == ["Both have +1."]


def test_the_page_shows_it_and_says_it() -> None:
    desk = Desk(contact("Ana <b>", PHONE, MAIL), contact("Luis", PHONE), contact("Ana <b>", MAIL))
    desk.sync()
    shown = text_of(somebody().get(f"/groups/{desk.group().pk}/"))

    assert '<figure class="evidence" aria-hidden="true">' in shown
    assert '<bdi class="node">Ana &lt;b&gt; (1)</bdi>' in shown
    assert "share nothing directly." in shown
    # That is the name of a risk, which this group doesn't have.
    assert "Weak link" not in shown
    assert "Ana &lt;b&gt; (1) and Luis both have WhatsApp +15550101: Names conflict." in shown

    Group.objects.update(graded_links=[])
    shown = text_of(somebody().get(f"/groups/{desk.group().pk}/"))
    assert "evidence" not in shown
    assert "both have WhatsApp +15550101." in shown
