"""Breaking the glass, and single-operator mode: one person approves alone, and all can see it."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from mergeui.accounts.models import Membership, Role, User
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.describe import describe
from mergeui.audit.models import Entry
from mergeui.errors import Invalid, NotAllowed, Stale
from mergeui.merging import glass, mail
from mergeui.merging.approval import approve, reject
from mergeui.merging.models import (
    Alone,
    GlassBreak,
    MergeRequest,
    Notice,
    RequestState,
    Standing,
)
from tests.contacts import contact
from tests.desk import Desk, actor, member
from tests.merging.stage import PHONE, fresh

pytestmark = pytest.mark.django_db

WHY = "The customer is on the phone and nobody else is in."


@pytest.fixture
def desk(settings: Any) -> Desk:
    settings.MERGE_FOUR_EYES = "always"
    desk = Desk(contact("Ana", PHONE), contact("Ana", PHONE))
    desk.sync()
    return desk


@pytest.fixture
def olga() -> Membership:
    """An operator who may break the glass."""
    olga = member(Role.OPERATOR, name="olga")
    Membership.objects.filter(pk=olga.pk).update(may_break_glass=True)
    return Membership.objects.select_related("user", "organization").get(pk=olga.pk)


@pytest.fixture
def asked(desk: Desk, olga: Membership) -> MergeRequest:
    return desk.propose(Actor.member(olga))


def last() -> Entry:
    return Entry.objects.select_related("payload").latest("number")


def test_one_person_approves_alone_and_it_is_merged(
    desk: Desk, olga: Membership, asked: MergeRequest
) -> None:
    assert glass.may_break(asked, olga)
    glass.break_glass(asked, by_user=Actor.member(olga), reason=WHY)

    assert (asked.state, asked.alone, asked.approved_by) == ("approved", Alone.GLASS, olga.user)
    entry = last()
    assert (entry.action, entry.facts["alone"]) == (Action.GLASS_BROKEN, "glass")
    assert "Olga broke the glass: approved alone the merge of Ana into Ana" in describe(entry)
    assert WHY in describe(entry)
    desk.work()
    assert fresh(asked).state == RequestState.MERGED


def test_everybody_else_is_told(desk: Desk, olga: Membership, asked: MergeRequest) -> None:
    viewer, admin = member(Role.VIEWER), member(Role.ADMIN)
    gone = member(Role.ADMIN)
    Membership.objects.filter(pk=gone.pk).update(disabled_at=timezone.now())
    glass.break_glass(asked, by_user=Actor.member(olga), reason=WHY)

    told = Notice.objects.filter(kind=Notice.Kind.GLASS)
    assert {notice.person for notice in told} == {viewer.user, admin.user}
    letter = mail.written(viewer, timezone.now())
    assert letter
    assert (
        letter.subject
        == "The glass was broken 1 time: one person approved alone what takes a" + (" second one")
    )
    assert WHY not in letter.body


@pytest.mark.parametrize("reason", ["", "   ", "Because"])
def test_it_takes_a_reason(olga: Membership, asked: MergeRequest, reason: str) -> None:
    with pytest.raises(Invalid, match="Say why"):
        glass.break_glass(asked, by_user=Actor.member(olga), reason=reason)
    assert fresh(asked).state == RequestState.PROPOSED


def test_it_takes_the_permission_whatever_the_role(desk: Desk, asked: MergeRequest) -> None:
    for role in (Role.VIEWER, Role.OPERATOR, Role.ADMIN):
        with pytest.raises(NotAllowed):
            glass.break_glass(asked, by_user=actor(role), reason=WHY)
    assert not GlassBreak.objects.exists()


def test_a_second_time_somebody_was_faster(olga: Membership, asked: MergeRequest) -> None:
    late = fresh(asked)
    glass.break_glass(asked, by_user=Actor.member(olga), reason=WHY)
    with pytest.raises(Stale):
        glass.break_glass(late, by_user=Actor.member(olga), reason=WHY)
    assert (GlassBreak.objects.count(), Standing.objects.get().glass_open) == (1, 1)


def test_whoever_can_approve_has_no_need_of_it(olga: Membership, asked: MergeRequest) -> None:
    approver = member(Role.APPROVER)
    approver.may_break_glass = True
    assert not glass.may_break(asked, approver)
    reject(asked, by_user=Actor.member(approver), note="No.")
    assert not glass.may_break(fresh(asked), olga)


def test_an_admin_closes_it_with_a_note(olga: Membership, asked: MergeRequest) -> None:
    glass.break_glass(asked, by_user=Actor.member(olga), reason=WHY)
    broken = GlassBreak.objects.get()
    ada, now = actor(Role.ADMIN, name="ada"), timezone.now()
    with pytest.raises(Invalid):
        glass.close(broken, by_user=ada, note=" ", now=now)
    with pytest.raises(NotAllowed):
        glass.close(broken, by_user=actor(Role.APPROVER), note="Fine.", now=now)

    glass.close(broken, by_user=ada, note="It was right.", now=now)
    assert (broken.state, broken.closed_by) == ("closed", ada.user)
    assert Standing.objects.get().glass_open == 0
    assert last().action == Action.GLASS_CLOSED
    assert "Ada closed the breaking of the glass" in describe(last())
    with pytest.raises(Stale):
        glass.close(GlassBreak.objects.get(), by_user=ada, note="Again.", now=now)


def test_whoever_broke_it_closes_it_only_as_the_last_admin(
    olga: Membership, asked: MergeRequest
) -> None:
    glass.break_glass(asked, by_user=Actor.member(olga), reason=WHY)
    Membership.objects.filter(pk=olga.pk).update(role=Role.ADMIN)
    olga.role, broken = Role.ADMIN.value, GlassBreak.objects.get()
    other = member(Role.ADMIN)
    with pytest.raises(NotAllowed, match="another admin"):
        glass.close(broken, by_user=Actor.member(olga), note="Fine.", now=timezone.now())

    User.objects.filter(pk=other.user_id).update(is_active=False)
    glass.close(broken, by_user=Actor.member(olga), note="Fine.", now=timezone.now())
    assert broken.state == "closed"


def test_the_database_holds_four_eyes_but_where_it_says_why_not(asked: MergeRequest) -> None:
    own = MergeRequest.objects.filter(pk=asked.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        own.update(approved_by=asked.proposed_by)
    own.update(approved_by=asked.proposed_by, alone=Alone.GLASS)


# Single-operator mode


def test_in_single_operator_mode_nothing_waits_and_every_record_says_so(
    desk: Desk, olga: Membership, settings: Any
) -> None:
    settings.MERGE_SINGLE_OPERATOR = True
    request = desk.propose(Actor.member(olga))

    assert (request.state, request.alone) == (RequestState.APPROVED, Alone.SINGLE)
    desk.work()
    entries = Entry.objects.filter(references__kind="request", references__value=str(request.pk))
    assert entries.count() >= 4
    assert all(entry.facts["single_operator"] is True for entry in entries)
    assert "Made in single-operator mode." in describe(last())


def test_what_waited_before_may_be_approved_by_whoever_asked(desk: Desk, settings: Any) -> None:
    approver = member(Role.APPROVER)
    request = desk.propose(Actor.member(approver))
    with pytest.raises(NotAllowed):
        approve(request, by_user=Actor.member(approver))

    settings.MERGE_SINGLE_OPERATOR = True
    approve(request, by_user=Actor.member(approver))
    assert (request.state, request.alone) == (RequestState.APPROVED, Alone.SINGLE)


def test_otherwise_no_record_says_so(desk: Desk, asked: MergeRequest) -> None:
    assert "single_operator" not in last().facts
    approve(asked, by_user=actor(Role.APPROVER))
    assert (asked.alone, "alone" in last().facts) == ("", False)
