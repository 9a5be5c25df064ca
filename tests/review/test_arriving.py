"""New groups are stored while Invent is read, and nobody sees them before all of it is in."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from mergeui.accounts.models import Organization, Role
from mergeui.audit.actions import Action
from mergeui.audit.models import Entry
from mergeui.audit.verify import verify
from mergeui.errors import Stale
from mergeui.invent import Contact
from mergeui.merging.erasure import erase_person, extent
from mergeui.review import arriving
from mergeui.review import sync as syncing
from mergeui.review.byhand import make_group
from mergeui.review.decisions import dismiss
from mergeui.review.models import Channel, Group, GroupState, Member, NotDuplicate, SyncRun
from mergeui.review.sync import CUT_OFF_AFTER, ERASED, SyncFailed, request_sync, sync
from mergeui.sandbox import Change, Fault
from mergeui.web.looking import Wanted, look
from tests.contacts import contact, email, whatsapp
from tests.desk import Desk, actor, member
from tests.web.cast import client_of

pytestmark = pytest.mark.django_db

PAGE = 100


def pairs(count: int, first: int = 0) -> list[dict[str, Any]]:
    """So many pairs of one name each."""
    return [
        contact(f"Ana {n}", email(f"ana{n}@example.com"))
        for n in range(first, first + count)
        for _ in range(2)
    ]


@pytest.fixture
def desk() -> Desk:
    """Ten groups are known, 340 more have come up in Invent: four pages."""
    desk = Desk(*pairs(10))
    desk.sync()
    desk.world.apply(Change(desk.world.top.id, put=pairs(340, first=10)))
    return desk


def seen(desk: Desk) -> dict[str, Any]:
    """The queue as anybody sees it now."""
    organization = Organization.objects.get(pk=desk.organization.pk)
    return {
        "listed": set(Group.objects.of(organization).values_list("pk", flat=True)),
        "members": Member.objects.of(organization).count(),
        "found": set(look(organization, Wanted(q="ana")).groups.values_list("pk", flat=True)),
        "counted": [look(organization, Wanted(q=q, state="all")).count() for q in ("", "ana")],
    }


def while_reading(desk: Desk, act: Callable[[], None], page: int = 2) -> SyncRun:
    """A sync with something that happens when a page has been read and stored."""
    run = request_sync(desk.organization, by_user=desk.system)

    def progress(run: SyncRun) -> None:
        if run.groups_read == page * PAGE:
            act()

    return sync(run, client=desk.client, by_user=desk.system, progress=progress)


def test_nothing_is_seen_before_the_last_page_is_in_and_then_all_of_it(desk: Desk) -> None:
    before, during = seen(desk), []

    def look_around() -> None:
        assert Group.objects.count() == 200
        during.append(seen(desk))
        hidden = Group.objects.latest("pk")
        client = client_of(member(Role.OPERATOR))
        assert client.get(f"/groups/{hidden.pk}/").status_code == 404
        assert client.get(f"/contacts/{hidden.primary_contact_id}/").status_code == 404
        assert "Ana 150" not in client.get("/groups/?state=all&sort=newest").content.decode()

    run = while_reading(desk, look_around)

    assert during == [before]
    assert (run.new, run.unchanged) == (340, 10)
    after = seen(desk)
    assert after["listed"] == after["found"] == set(Group.objects.values_list("pk", flat=True))
    assert (len(after["listed"]), after["members"], after["counted"]) == (350, 700, ["350", "350"])
    assert desk.sync().unchanged == 350


def test_what_people_put_together_meanwhile_is_seen_at_once_and_stays(desk: Desk) -> None:
    rosa = actor(Role.OPERATOR)
    two = [Contact.parse(one) for one in (contact("Eva"), contact("Eva"))]

    def make() -> None:
        group = make_group(desk.organization, two, by_user=rosa, reason="the same voice")
        assert group.pk in seen(desk)["listed"]
        assert look(desk.organization, Wanted(q="eva")).count() == "1"
        desk.faults.set(read=Fault.STATUS, read_times=None)

    with pytest.raises(SyncFailed):
        while_reading(desk, make, page=1)

    assert Group.objects.count() == 11
    assert Group.objects.get(by_hand=True).member_count == 2


def test_a_failure_on_a_later_page_leaves_nothing_behind(desk: Desk) -> None:
    before, rows = seen(desk), list(Group.objects.order_by("pk").values())

    with pytest.raises(SyncFailed):
        while_reading(desk, lambda: desk.faults.set(read=Fault.STATUS, read_times=None), page=1)

    assert seen(desk) == before
    assert list(Group.objects.order_by("pk").values()) == rows
    assert (Member.objects.count(), Channel.objects.count()) == (20, 20)
    assert Organization.objects.get().arriving_after is None
    desk.faults.clear()
    assert desk.sync().new == 340


def killed(monkeypatch: pytest.MonkeyPatch, desk: Desk, at: int) -> bool:
    """A sync whose process is killed before its transaction of this number; whether it was.

    It does nothing any more then: what the database has is all that is left.
    """
    alive, count = syncing._alive, 0

    def maybe_die(run: SyncRun) -> None:
        nonlocal count
        count += 1
        if count == at:
            patched.setattr(syncing, "_fail", lambda *given, **more: None)
            raise KeyboardInterrupt
        alive(run)

    with monkeypatch.context() as patched:
        patched.setattr(syncing, "_alive", maybe_die)
        try:
            desk.sync()
        except KeyboardInterrupt:
            return True
    return False


def test_killed_at_whatever_moment_it_leaves_the_queue_as_it_was(
    monkeypatch: pytest.MonkeyPatch, desk: Desk
) -> None:
    """And the next sync, of another process, finds what was cut off and makes it whole."""
    # One group changes, and people have spoken of two that come: these wait for the last page.
    desk.world.change(Group.objects.earliest("pk").primary_contact_id, name="Ana M. García")
    known = sorted(one["id"] for one in [contact("Bo", email("bo@x.org")) for _ in range(2)])
    desk.world.apply(
        Change(desk.world.top.id, put=[contact("Bo", email("bo@x.org"), id=one) for one in known])
    )
    NotDuplicate.objects.create(
        organization=desk.organization, one_contact_id=known[0], other_contact_id=known[1],
        said_at=timezone.now(), reason="two sisters",
    )  # fmt: skip
    kept = seen(desk)["listed"]
    moment = 0
    while moment == 0 or killed(monkeypatch, desk, moment):
        assert seen(desk)["listed"] == kept
        moment += 1
        long_ago = timezone.now() - CUT_OFF_AFTER
        SyncRun.objects.filter(state=SyncRun.State.RUNNING).update(seen_alive_at=long_ago)

    assert moment > 4
    assert Group.objects.count() == len(seen(desk)["listed"]) == 351
    assert Group.objects.filter(risks__contains="said").count() == 1
    assert Organization.objects.get().arriving_after is None
    actions = list(Entry.objects.order_by("number").values_list("action", flat=True))
    assert actions.count(Action.SYNC_FAILED) == moment - 1
    assert verify().broken is None


def test_one_that_only_slept_stores_nothing_more_nor_removes_what_another_has(desk: Desk) -> None:
    def sleep() -> None:
        long_ago = timezone.now() - CUT_OFF_AFTER
        SyncRun.objects.filter(state=SyncRun.State.RUNNING).update(seen_alive_at=long_ago)
        Desk.sync(desk)

    with pytest.raises(Stale):
        while_reading(desk, sleep)

    assert Group.objects.count() == len(seen(desk)["listed"]) == 350


def test_what_was_said_of_a_pair_while_its_group_arrived_counts(desk: Desk) -> None:
    rosa = actor(Role.OPERATOR)

    def say() -> None:
        hidden = Group.objects.latest("pk")
        one, other = sorted(hidden.evidence["members"])
        NotDuplicate.objects.create(
            organization=desk.organization, one_contact_id=one, other_contact_id=other,
            said_by=rosa.user, said_at=timezone.now(), reason="two sisters",
            evidence=hidden.evidence["links"] and [hidden.evidence["links"][0][:2]],
        )  # fmt: skip
        NotDuplicate.objects.create(
            organization=desk.organization, one_contact_id="x", other_contact_id="y",
            said_at=timezone.now() - timedelta(days=1), reason="before",
        )  # fmt: skip

    while_reading(desk, say)

    group = Group.objects.get(state=GroupState.DISMISSED)
    assert (group.decided_note, group.decided_by) == ("two sisters", rosa.user)
    assert Entry.objects.get(action=Action.GROUP_KNOWN).subject == f"group:{group.pk}"


@pytest.mark.parametrize("whose", ["arrives", "is read anew"])
def test_somebody_erased_while_a_sync_reads_stays_erased(desk: Desk, whose: str) -> None:
    """As docs/admin.md has it: in Invent first, then here. What was read before is not stored."""
    known = Group.objects.earliest("pk")
    Group.objects.filter(pk=known.pk).update(fingerprint="changed since")

    def erase() -> None:
        group = Group.objects.latest("pk") if whose == "arrives" else known
        erased.extend(group.evidence["members"])
        assert extent(desk.organization, erased).groups == 1
        desk.world.remove(erased[0])
        erase_person(erased, by_user=actor(Role.ADMIN))

    erased: list[str] = []
    with pytest.raises(Stale):
        while_reading(desk, erase)

    *_, failed, wanted = SyncRun.objects.order_by("pk")
    assert (failed.state, failed.error) == ("failed", ERASED())
    assert (wanted.state, wanted.wanted_by) == ("wanted", None)
    assert Entry.objects.get(action=Action.SYNC_FAILED).facts["reason"] == failed.error
    left = Member.objects.filter(contact_id__in=erased)
    assert all(set(one.raw) <= {"id", "blocked", "unsubscribed", "is_admin"} for one in left)
    desk.sync()
    names = Member.objects.filter(contact_id=erased[0]).values_list("name", flat=True)
    assert set(names) <= {erased[0]}
    assert len(seen(desk)["listed"]) == (349 if whose == "arrives" else 350)
    assert verify().broken is None


def test_what_somebody_got_hold_of_all_the_same_stays(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their page was as old as the run: what they asked for is not pulled away."""
    assert killed(monkeypatch, desk, 3)
    SyncRun.objects.all().delete()
    hidden = Group.objects.latest("pk")
    dismiss(hidden, by_user=actor(Role.OPERATOR), note="two sisters")

    arriving.remove(desk.organization, first=lambda: None)

    assert set(Group.objects.values_list("pk", flat=True)) == seen(desk)["listed"]
    assert (Group.objects.count(), hidden.pk in seen(desk)["listed"]) == (11, True)


def test_two_organisations_do_not_hide_each_others_groups(desk: Desk) -> None:
    other = Organization.objects.create(name="Other", invent_org_id="other")

    def store_there() -> None:
        strangers = Desk(contact("Bo", whatsapp("+15550999")), contact("Bo", whatsapp("+15550999")))
        strangers.organization = other
        strangers.sync()

    while_reading(desk, store_there)

    assert Group.objects.of(other).count() == 1
    assert len(seen(desk)["listed"]) == 350
