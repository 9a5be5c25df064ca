"""What people said of pairs of contacts, in whatever company these come up again."""

from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.describe import describe
from mergeui.audit.models import Entry
from mergeui.invent import Contact
from mergeui.review.byhand import make_group
from mergeui.review.decisions import dismiss, reopen, snooze
from mergeui.review.models import Group, GroupState, NotDuplicate
from mergeui.review.pairs import MOST_MEMBERS, carry_over, pairs_of, said_of
from mergeui.review.risk import Risk
from mergeui.sandbox import Change
from tests.audit.history import our_team
from tests.contacts import contact, email, whatsapp
from tests.desk import Desk, actor

pytestmark = pytest.mark.django_db

PHONE, MAIL = whatsapp("+15550101"), email("casa@example.org")


@pytest.fixture
def desk() -> Desk:
    desk = Desk(*(contact("Ana", PHONE, id=one) for one in ("a", "b", "c")))
    desk.sync()
    return desk


def put(desk: Desk, *contacts: dict) -> None:
    desk.world.apply(Change(desk.world.top.id, put=contacts))


def pairs() -> list[tuple[str, str]]:
    found = NotDuplicate.objects.order_by("one_contact_id", "other_contact_id")
    return list(found.values_list("one_contact_id", "other_contact_id"))


def test_a_dismissed_group_is_kept_by_pairs(desk: Desk) -> None:
    olga = actor(Role.OPERATOR, name="olga")
    dismiss(desk.group(), by_user=olga, note="three sisters")

    assert pairs() == [("a", "b"), ("a", "c"), ("b", "c")]
    said = said_of(desk.organization.pk, ["c", "a"])
    assert [(one.ids, one.who, one.reason) for one in said] == [
        (("a", "c"), "olga", "three sisters")
    ]
    assert said[0].channels == (("whatsapp_bot", "+15550101"),)


def test_what_was_said_of_a_contact_holds_for_the_one_that_it_goes_into(settings: Any) -> None:
    """Bo and Cy were told apart; Bo is merged into Al, so Al and Cy are two people as well."""
    settings.MERGE_FOUR_EYES, settings.MERGE_COOL_OFF_SECONDS = "never", 0
    bo, cy = contact("Bo", MAIL, PHONE, id="b"), contact("Cy", PHONE, id="c")
    desk = Desk(bo, cy)
    desk.sync()
    olga = actor(Role.OPERATOR, name="olga")
    dismiss(desk.group(), by_user=olga, note="two sisters")
    put(desk, bo, cy, contact("Bo", MAIL, id="a"))
    desk.sync()

    desk.propose(olga, desk.group(), primary_id="a", source_ids=["b"])
    desk.work()
    assert not desk.exists("b")
    desk.sync()

    group = Group.objects.latest("pk")
    assert group.evidence["members"] == ["a", "c"]
    assert (group.state, group.decided_note) == (GroupState.DISMISSED, "two sisters")
    (said,) = said_of(desk.organization.pk, ["a", "c"])
    assert (said.who, said.channels) == ("olga", (("whatsapp_bot", "+15550101"),))


def test_what_was_said_last_of_a_pair_counts_with_all_that_is_known_of_it(desk: Desk) -> None:
    olga = actor(Role.OPERATOR, name="olga")
    dismiss(desk.group(), by_user=olga, note="first")
    NotDuplicate.objects.filter(one_contact_id="b").update(
        reason="last", said_at=datetime(2099, 1, 1, tzinfo=UTC), evidence=[["gmail", "x@y.org"]]
    )

    carry_over(desk.organization.pk, ["b"], "a")

    (said,) = said_of(desk.organization.pk, ["a", "c"])
    assert said.reason == "last"
    assert said.channels == (("gmail", "x@y.org"), ("whatsapp_bot", "+15550101"))
    carry_over(desk.organization.pk, ["nobody"], "a")
    assert pairs() == [("a", "b"), ("a", "c"), ("b", "c")]


def test_what_was_said_last_counts_of_any_number_of_pairs() -> None:
    organization = our_team()

    def say(*pair: str, day: int, reason: str) -> None:
        NotDuplicate.objects.create(
            organization=organization,
            one_contact_id=pair[0],
            other_contact_id=pair[1],
            said_at=datetime(2027, 1, day, tzinfo=UTC),
            reason=reason,
        )

    for number in range(MOST_MEMBERS + 6):
        say("b", f"c{number:02}", day=1, reason="first")
    say("a", "c05", day=2, reason="last")
    carry_over(organization.pk, ["b"], "a")

    assert NotDuplicate.objects.filter(one_contact_id="a").count() == MOST_MEMBERS + 6
    assert NotDuplicate.objects.get(one_contact_id="a", other_contact_id="c05").reason == "last"


def test_a_part_of_it_does_not_come_back(desk: Desk) -> None:
    dismiss(desk.group(), by_user=actor(Role.OPERATOR))
    desk.world.remove("c")

    assert desk.sync().changed == 1
    assert desk.group().state == GroupState.DISMISSED


def test_nor_does_it_as_another_group(desk: Desk) -> None:
    """The desk had lost sight of it: Invent lists the pair in a group that is new here."""
    olga = actor(Role.OPERATOR, name="olga")
    dismiss(desk.group(), by_user=olga, note="three sisters")
    Group.objects.update(state=GroupState.MERGED)
    desk.world.remove("c")
    desk.sync()

    group = Group.objects.latest("pk")
    assert (group.state, group.decided_note) == (GroupState.DISMISSED, "three sisters")
    assert (group.decided_by, group.decided_as) == (olga.user, GroupState.DISMISSED)
    entry = Entry.objects.get(action=Action.GROUP_KNOWN)
    assert entry.facts["members"] == ["a", "b"]
    assert "each pair in it was marked as not a duplicate before" in describe(entry)


def test_an_open_group_of_which_only_a_known_pair_is_left_is_closed(desk: Desk) -> None:
    dismiss(desk.group(), by_user=actor(Role.OPERATOR))
    put(desk, contact("Ana", PHONE, id="d"))
    desk.sync()
    assert desk.group().state == GroupState.OPEN
    desk.world.remove("d")
    desk.sync()

    assert desk.group().state == GroupState.DISMISSED


def test_another_contact_or_another_channel_in_common_asks_anew(desk: Desk) -> None:
    dismiss(desk.group(), by_user=actor(Role.OPERATOR))
    for one in ("a", "b"):
        desk.world.change(one, channels=[PHONE, MAIL])
    desk.sync()

    group = desk.group()
    assert group.state == GroupState.OPEN
    assert (group.risky, group.risk_codes[0]) == (True, Risk.SAID)


def test_a_channel_less_in_common_does_not(desk: Desk) -> None:
    for one in ("a", "b"):
        desk.world.change(one, channels=[PHONE, MAIL])
    desk.sync()
    dismiss(desk.group(), by_user=actor(Role.OPERATOR))
    desk.world.change("b", channels=[PHONE])
    desk.sync()

    assert desk.group().state == GroupState.DISMISSED


def test_a_sync_writes_a_group_of_which_pairs_are_known_once(desk: Desk) -> None:
    """Each write of a group is one of its terms too, while SQLite's other writers wait."""
    dismiss(desk.group(), by_user=actor(Role.OPERATOR))
    put(desk, contact("Ana Maria", PHONE, id="b"))

    with CaptureQueriesContext(connection) as said:
        run = desk.sync()

    writes = [one["sql"] for one in said if 'UPDATE "review_group" ' in one["sql"]]
    assert (run.changed, len(writes)) == (1, 1), writes
    assert Risk.SAID in desk.group().risk_codes
    assert "Ana Maria" in desk.group().names


def test_a_person_who_reopens_takes_it_back_for_good(desk: Desk) -> None:
    dismiss(desk.group(), by_user=actor(Role.OPERATOR))
    Group.objects.update(risks=",said,names,", risky=True)
    reopen(desk.group(), by_user=actor(Role.OPERATOR))

    group = desk.group()
    assert (group.state, group.risks, pairs()) == (GroupState.OPEN, ",names,", [])
    desk.world.remove("c")
    desk.sync()
    assert desk.group().state == GroupState.OPEN


def test_a_snoozed_group_that_is_reopened_leaves_what_was_said(desk: Desk) -> None:
    dismiss(desk.group(), by_user=actor(Role.OPERATOR))
    Group.objects.update(state=GroupState.OPEN)
    snooze(desk.group(), until=None, by_user=actor(Role.OPERATOR))
    assert "until" not in Entry.objects.latest("number").facts
    reopen(desk.group(), by_user=actor(Role.OPERATOR))

    assert len(pairs()) == 3


def test_snoozed_until_something_changes(desk: Desk) -> None:
    snooze(desk.group(), until=None, by_user=actor(Role.OPERATOR))
    desk.world.change("a", name="Ana María")
    desk.sync()
    assert desk.group().state == GroupState.SNOOZED

    put(desk, contact("Ana", PHONE, id="d"))
    desk.sync()
    assert desk.group().state == GroupState.OPEN


def test_what_was_said_first_stands_until_there_is_something_new_in_common(desk: Desk) -> None:
    for note in ("first", "second"):
        Group.objects.update(state=GroupState.OPEN)
        dismiss(desk.group(), by_user=actor(Role.OPERATOR), note=note)
    assert reasons() == {"first"}
    assert len(pairs()) == 3

    for one in ("a", "b", "c"):
        put(desk, contact("Ana", PHONE, MAIL, id=one))
    desk.sync()
    dismiss(desk.group(), by_user=actor(Role.OPERATOR), note="third")
    assert reasons() == {"third"}
    assert len(pairs()) == 3


def test_who_takes_theirs_back_leaves_what_others_have_said(desk: Desk, settings: Any) -> None:
    """Nor is the risk gone, and with it the second person."""
    settings.MERGE_FOUR_EYES = "risky"
    desk.world.remove("c")
    desk.sync()
    olga, rui = actor(Role.OPERATOR, name="olga"), actor(Role.OPERATOR, name="rui")
    dismiss(desk.group(), by_user=olga, note="sisters")
    put(desk, contact("Ana", PHONE, id="c"))
    desk.sync()
    group = desk.group()
    assert (group.state, Risk.SAID in group.risk_codes) == (GroupState.OPEN, True)

    dismiss(group, by_user=rui, note="a slip")
    assert len(pairs()) == 3
    reopen(desk.group(), by_user=rui)

    assert pairs() == [("a", "b")]
    assert reasons() == {"sisters"}
    group = desk.group()
    assert (group.state, Risk.SAID in group.risk_codes, group.risky) == ("open", True, True)
    desk.sync()
    assert desk.group().state == GroupState.OPEN
    assert desk.propose(rui).needs_approval


def reasons() -> set[str]:
    return set(NotDuplicate.objects.values_list("reason", flat=True))


def test_what_was_said_of_a_pair_counts_in_the_largest_group(settings: Any) -> None:
    settings.MERGE_FOUR_EYES = "risky"
    desk = Desk(*(contact("Ana", PHONE, id=one) for one in ("a", "b")))
    desk.sync()
    dismiss(desk.group(), by_user=actor(Role.OPERATOR, name="olga"), note="sisters")
    put(desk, *(contact("Ana", PHONE, id=f"c{n:03}") for n in range(MOST_MEMBERS)))
    desk.sync()
    group = desk.group()
    assert group.member_count == MOST_MEMBERS + 2
    assert Risk.SAID in group.risk_codes

    request = desk.propose(actor(Role.OPERATOR), primary_id="a", source_ids=["b"])
    assert request.needs_approval
    assert Risk.SAID in [code for code, _ in request.cautions]


def test_a_group_put_together_by_hand_of_two_who_were_told_apart_says_so(desk: Desk) -> None:
    dismiss(desk.group(), by_user=actor(Role.OPERATOR))
    two = [contact("Ana", PHONE, id=one) for one in ("a", "b")]
    group = make_group(
        desk.organization, [Contact.parse(one) for one in two], by_user=actor(Role.OPERATOR),
        reason="the same voice",
    )  # fmt: skip

    assert Risk.SAID in Group.objects.get(pk=group.pk).risk_codes


def test_a_group_too_large_for_pairs_is_kept_as_a_whole() -> None:
    desk = Desk(*(contact("Ana", PHONE, id=f"{n:03}") for n in range(MOST_MEMBERS + 1)))
    desk.sync()
    dismiss(desk.group(), by_user=actor(Role.OPERATOR))

    assert pairs() == []
    assert said_of(desk.organization.pk, [f"{n:03}" for n in range(MOST_MEMBERS + 1)]) == ()
    desk.sync()
    assert desk.group().state == GroupState.DISMISSED
    desk.world.remove("000")
    desk.sync()
    assert desk.group().state == GroupState.OPEN


def test_a_pair_is_of_two() -> None:
    assert pairs_of(["b", "a", "c"]) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert pairs_of(["a"]) == []


def test_the_database_keeps_one_word_for_a_pair(desk: Desk) -> None:
    dismiss(desk.group(), by_user=actor(Role.OPERATOR))
    one = NotDuplicate.objects.earliest("pk")

    assert str(one) == "a ≠ b"
    with pytest.raises(IntegrityError), transaction.atomic():
        NotDuplicate.objects.update(other_contact_id="a")
    one.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        one.save()


def test_what_was_dismissed_before_there_were_pairs(desk: Desk) -> None:
    migration = import_module("mergeui.review.migrations.0004_pairs_of_dismissed_groups")
    dismiss(desk.group(), by_user=actor(Role.OPERATOR), note="sisters")
    said = NotDuplicate.objects.order_by("one_contact_id", "other_contact_id").values_list(
        "one_contact_id", "other_contact_id", "reason", "evidence", "said_at"
    )
    kept = list(said)
    NotDuplicate.objects.all().delete()
    migration.keep_pairs(apps, None)

    again = list(said.all())
    assert [one[:4] for one in again] == [one[:4] for one in kept]
    assert all(isinstance(one[4], datetime) and one[4].tzinfo == UTC for one in again)

    NotDuplicate.objects.all().delete()
    Group.objects.update(decided_at=None)
    migration.keep_pairs(apps, None)
    assert pairs() == []
