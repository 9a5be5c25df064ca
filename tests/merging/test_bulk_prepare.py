"""The summary of a bulk decision: what it takes, what it sets aside, and that it does nothing."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mergeui.accounts.models import Organization, Role
from mergeui.audit.models import Entry
from mergeui.errors import Invalid, NotAllowed
from mergeui.merging.bulk import prepare as preparing
from mergeui.merging.bulk.prepare import forget_drafts, prepare
from mergeui.merging.models import BulkDecision, BulkItem, BulkKind
from mergeui.review.claims import claim
from mergeui.review.decisions import dismiss
from mergeui.review.models import Group
from tests.desk import Desk, actor, member
from tests.many import crowd, pairs, stored
from tests.merging.bulk import begun, counts, fates, summary

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    """Four easy groups."""
    return crowd(4)[0]


def groups() -> list[Group]:
    return list(Group.objects.order_by("pk"))


def test_it_freezes_groups_and_does_nothing(desk: Desk) -> None:
    before = list(Group.objects.values())
    entries = Entry.objects.count()

    bulk = summary(actor(Role.OPERATOR), groups()[:3], query="q=ana")

    assert fates(bulk) == [("waiting", "")] * 3
    assert (bulk.state, bulk.contacts, bulk.query, bulk.left_out) == ("draft", 6, "q=ana", False)
    frozen = BulkItem.objects.filter(bulk=bulk).order_by("pk").values_list("group", "fingerprint")
    assert list(frozen) == [(group.pk, group.fingerprint) for group in groups()[:3]]
    assert counts(bulk) == (3, 0, 0, 0, 0)
    assert list(Group.objects.values()) == before
    assert Entry.objects.count() == entries


def test_what_must_not_be_touched_is_set_aside_and_named(desk: Desk) -> None:
    [risky] = stored(desk, pairs(1, unsubscribed=True))
    olga, amir = member(Role.OPERATOR, name="olga"), actor(Role.OPERATOR)
    decided, opened, elsewhere, easy = groups()[:4]
    dismiss(decided, by_user=amir)
    claim(opened, by=olga.user)
    begun(actor(Role.OPERATOR), [elsewhere], BulkKind.DISMISS)

    bulk = summary(amir, groups())

    items = BulkItem.objects.filter(bulk=bulk).order_by("pk")
    assert list(items.values_list("group", "state", "why", "detail")) == [
        (decided.pk, "set_aside", "decided", "dismissed"),
        (opened.pk, "set_aside", "claimed", "olga"),
        (elsewhere.pk, "set_aside", "elsewhere", ""),
        (easy.pk, "waiting", "", ""),
        (risky.pk, "set_aside", "risky", ",unsubscribed,"),
    ]
    assert counts(bulk) == (1, 0, 4, 0, 0)
    assert bulk.contacts == 2


@pytest.mark.parametrize("kind", BulkKind)
@pytest.mark.parametrize("grade", ["", "conflict"])
def test_what_has_to_be_looked_at_one_by_one_is_set_aside(
    desk: Desk, grade: str, kind: BulkKind
) -> None:
    Group.objects.filter(pk=groups()[0].pk).update(grade=grade)

    bulk = summary(actor(Role.OPERATOR), groups()[:2], kind)

    items = bulk.items.order_by("pk").values_list("state", "why", "detail")
    assert list(items) == [("set_aside", "grade", grade), ("waiting", "", "")]


def test_an_own_or_an_old_claim_is_no_reason(desk: Desk) -> None:
    olga, amir = member(Role.OPERATOR), actor(Role.OPERATOR)
    mine, left = groups()[:2]
    assert amir.user
    claim(mine, by=amir.user)
    claim(left, by=olga.user)
    Group.objects.filter(pk=left.pk).update(claimed_until=timezone.now())

    assert counts(summary(amir, [mine, left])) == (2, 0, 0, 0, 0)


@pytest.mark.parametrize("kind", [BulkKind.DISMISS, BulkKind.SNOOZE])
def test_what_is_risky_to_merge_may_be_put_aside_together(desk: Desk, kind: BulkKind) -> None:
    risky = stored(desk, pairs(2, unsubscribed=True))

    assert counts(summary(actor(Role.OPERATOR), risky, kind)) == (2, 0, 0, 0, 0)


def test_only_the_first_ten_thousand(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "MOST_GROUPS", 3)
    assert summary(actor(Role.OPERATOR), groups()[:3]).left_out is False

    bulk = summary(actor(Role.OPERATOR), groups())

    assert (bulk.total, bulk.left_out) == (3, True)
    assert list(bulk.items.order_by("pk").values_list("group", flat=True)) == [
        group.pk for group in groups()[:3]
    ]


def test_nothing_ticked(desk: Desk) -> None:
    with pytest.raises(Invalid, match="Tick at least one group"):
        summary(actor(Role.OPERATOR), [])


def test_viewers_may_not(desk: Desk) -> None:
    with pytest.raises(NotAllowed):
        summary(actor(Role.VIEWER), groups())


def test_groups_of_others_are_never_a_part(desk: Desk) -> None:
    other = Organization.objects.create(name="Others", invent_org_id="org_other")
    Group.objects.filter(pk=groups()[0].pk).update(organization=other)

    bulk = prepare(Group.objects.all(), kind=BulkKind.MERGE, by_user=actor(Role.OPERATOR))

    assert bulk.total == 3


def test_as_few_queries_for_many_as_for_one(desk: Desk, django_assert_num_queries) -> None:
    amir = actor(Role.OPERATOR)
    everything = groups()
    # look, other bulk decisions, savepoints, own old summaries, the summary, its items
    with django_assert_num_queries(7):
        summary(amir, everything[:1])
    with django_assert_num_queries(7):
        summary(amir, everything)


def aged(bulk: BulkDecision, hours: int) -> None:
    asked = timezone.now() - timedelta(hours=hours)
    BulkDecision.objects.filter(pk=bulk.pk).update(asked_at=asked)


def test_summaries_that_nobody_confirms_are_forgotten(desk: Desk) -> None:
    amir, olga = actor(Role.OPERATOR), actor(Role.OPERATOR)
    old, older, hers = (summary(one, groups()) for one in (amir, amir, olga))
    confirmed = begun(amir, groups()[:1])
    for bulk in (older, hers, confirmed):
        aged(bulk, 2)
    new = summary(amir, groups())
    assert set(BulkDecision.objects.all()) == {old, hers, confirmed, new}

    for bulk in (hers, confirmed):
        aged(bulk, 25)
    desk.work()
    forget_drafts(now=timezone.now())
    assert set(BulkDecision.objects.all()) == {old, confirmed, new}
