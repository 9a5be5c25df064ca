"""How sure a link between two contacts is, and what is stored of it with a group."""

from typing import Any

import pytest

from mergeui.review.evidence import links
from mergeui.review.grades import DRAWN_IN_PAIRS, SURE, Grade, Grader, weakest
from mergeui.review.models import Group
from mergeui.review.names import MOST_NAMES
from mergeui.review.risk import Risk, cautions
from tests.contacts import contact, email, parsed, whatsapp
from tests.desk import Desk

PHONE = whatsapp("+15550101")
MAIL = email("ana@example.com")


def grade(*contacts: dict[str, Any]) -> Grade:
    """The grade of a group."""
    members = parsed(*contacts)
    return Grader(members).group(links(members))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Ana García", "GARCIA, Ana", Grade.FULL),
        ("Ana García", "Ana", Grade.PART),
        ("Ana García", None, Grade.MISSING),
        (None, None, Grade.MISSING),
        ("Ana García", "  ", Grade.MISSING),
        ("Ana García", "Luis García", Grade.CONFLICT),
    ],
)
def test_two_names_make_the_grade_of_a_link(
    one: str | None, other: str | None, expected: Grade
) -> None:
    assert grade(contact(one, PHONE), contact(other, PHONE)) is expected


def test_a_group_is_as_sure_as_its_weakest_link() -> None:
    ana = contact("Ana García", PHONE, MAIL)

    assert grade(ana, contact("Ana García", PHONE), contact("Ana", MAIL)) is Grade.PART
    assert grade(ana, contact("Ana García", PHONE), contact(None, MAIL)) is Grade.MISSING


def test_names_that_conflict_count_over_others_too() -> None:
    """A merge makes one contact of all, however they are linked."""
    between = contact("Ana", PHONE, MAIL)
    one, other = contact("Ana García", PHONE), contact("Ana Pérez", MAIL)

    assert grade(one, between, other) is Grade.CONFLICT


def test_who_shares_nothing_is_linked_to_nobody() -> None:
    assert grade(contact("Ana", PHONE), contact("Ana", PHONE), contact("Ana")) is Grade.UNLINKED


def test_conflict_and_risk_say_the_same_of_names() -> None:
    many = [contact(f"Ana {'abcdefghij'[n // 10]}x {'abcdefghij'[n % 10]}x", PHONE)
            for n in range(MOST_NAMES + 1)]  # fmt: skip
    for group in (many, [contact("Ana", PHONE), contact("Luis", PHONE)]):
        assert grade(*group) is Grade.CONFLICT
        assert Risk.NAMES in {caution.risk for caution in cautions(parsed(*group))}


def test_each_shared_channel_has_its_own_grade() -> None:
    members = parsed(
        contact("Ana García", PHONE, MAIL), contact("Ana", PHONE), contact("Luis", MAIL)
    )

    by_channel = {one.link.type: one for one in Grader(members).links(links(members))}

    assert by_channel["whatsapp_bot"].grade is Grade.PART
    assert by_channel["gmail"].grade is Grade.CONFLICT
    assert by_channel["gmail"].holders == (0, 2)
    assert by_channel["gmail"].as_json() == {
        "type": "gmail",
        "channel": "Gmail",
        "address": "ana@example.com",
        "grade": "conflict",
        "many": False,
        "holders": [0, 2],
        "pairs": [[0, 2, "conflict"]],
    }


def test_pairs_are_kept_only_where_they_are_drawn() -> None:
    members = parsed(*[contact("Ana García", PHONE) for _ in range(DRAWN_IN_PAIRS + 1)])

    (link,) = Grader(members).links(links(members))

    assert (link.pairs, link.grade, len(link.holders)) == ((), Grade.FULL, DRAWN_IN_PAIRS + 1)


def test_the_order_of_the_grades_is_that_of_trust() -> None:
    assert weakest([Grade.PART, Grade.CONFLICT, Grade.FULL]) is Grade.CONFLICT
    assert weakest([]) is Grade.FULL
    assert tuple(sorted(Grade, key=lambda grade: grade.rank))[:2] == SURE


@pytest.mark.django_db
def test_a_sync_stores_the_grades_with_the_group() -> None:
    desk = Desk(contact("Ana García", PHONE), contact("Ana Garcia", PHONE))
    desk.sync()

    group = desk.group()
    assert (group.grade, group.barred_from_bulk) == (Grade.FULL, False)
    assert [link["grade"] for link in group.graded_links] == ["full"]
    assert group.graded_links[0]["holders"] == [0, 1]


@pytest.mark.django_db
def test_what_was_stored_without_a_grade_gets_one_at_the_next_sync(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rows of an older version: the rules have another number now, so everything is new once."""
    desk = Desk(contact("Ana García", PHONE), contact("Luis Costa", PHONE))
    with monkeypatch.context() as older:
        older.setattr("mergeui.review.digest.RULES", b"")
        desk.sync()
    Group.objects.update(grade="", graded_links=[])
    assert desk.group().barred_from_bulk

    assert desk.sync().changed == 1
    assert desk.group().grade == Grade.CONFLICT
    assert desk.group().barred_from_bulk
    assert desk.sync().changed == 0
