"""Mirroring Invent's groups: idempotent, all or nothing, and with a memory for identity."""

import gc
import re
import sys
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.models import Entry
from mergeui.audit.verify import verify
from mergeui.errors import Stale
from mergeui.review import matching, store
from mergeui.review import sync as syncing
from mergeui.review.decisions import dismiss
from mergeui.review.models import Channel, Group, GroupState, MergedContact, Segment, SyncRun
from mergeui.review.sync import CUT_OFF_AFTER, SyncFailed, due_sync, request_sync, sync
from mergeui.sandbox import Change, Fault
from tests.contacts import contact, email, segment, whatsapp
from tests.desk import Desk, actor

pytestmark = pytest.mark.django_db

PHONE = "+15550101"


def pair(phone: str = PHONE, **fields: object) -> list[dict]:
    return [contact("Ana García", whatsapp(phone), **fields), contact("Ana", whatsapp(phone))]


def test_the_first_sync_mirrors_everything() -> None:
    first = contact(
        "Ana García", whatsapp(PHONE), email("ana@example.com"), segments=[segment("VIP")]
    )
    second = contact("Ana", whatsapp(PHONE), created_at="2025-01-01T00:00:00Z")
    desk = Desk(first, second, contact("Alone", email("alone@example.com")))

    run = desk.sync()

    assert (run.state, run.new, run.groups_read) == (SyncRun.State.DONE, 1, 1)
    group = desk.group(GroupState.OPEN)
    assert group.primary_contact_id == first["id"]
    assert [m.contact_id for m in group.members.all()] == [first["id"], second["id"]]
    assert [m.raw["name"] for m in group.members.all()] == ["Ana García", "Ana"]
    assert group.names == ["Ana García", "Ana"]
    assert group.links == [["whatsapp_bot", "WhatsApp", PHONE, 2]]
    assert set(Channel.objects.values_list("user_id", flat=True)) == {PHONE}
    assert list(group.segments.values_list("name", "color")) == [("VIP", "blue")]
    assert Entry.objects.get().action == Action.SYNCED


def test_a_second_sync_changes_nothing() -> None:
    desk = Desk(*pair())
    desk.sync()
    before = list(Group.objects.values())

    run = desk.sync()

    assert (run.new, run.changed, run.unchanged, run.vanished) == (0, 0, 1, 0)
    assert list(Group.objects.values()) == before


def test_nothing_new_writes_nothing_but_that_it_was_looked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk(*[c for n in range(120) for c in pair(f"+1555{n:05}")])
    desk.sync()
    made: list[object] = []
    monkeypatch.setattr(matching, "digest", lambda *given: made.append(given))

    with CaptureQueriesContext(connection) as queries:
        assert desk.sync().unchanged == 120

    assert not made  # what is to be stored is not even worked out
    writes = r"(?:INSERT INTO|UPDATE|DELETE FROM|COPY) \"?(\w+)"
    written = {table for query in queries for table in re.findall(writes, query["sql"])}
    assert written == {"review_syncrun", "audit_entry"}


def test_a_desk_that_holds_nothing_is_not_asked_page_by_page() -> None:
    desk = Desk(*[c for n in range(120) for c in pair(f"+1555{n:05}")])

    def asked() -> set[str]:
        with CaptureQueriesContext(connection) as queries:
            desk.sync()
        looked_up = {"review_member", "review_notduplicate"}
        found = r'FROM "(\w+)" WHERE [^;]*contact_id'
        tables = {table for query in queries for table in re.findall(found, query["sql"])}
        return tables & looked_up

    assert asked() == set()
    assert asked() == {"review_member"}
    somebody = desk.world.main.contact(next(iter(desk.world.main)))
    dismiss(desk.group_of(somebody), by_user=actor(Role.OPERATOR))
    for one in pair("+1555999999"):
        desk.world.main.put(one)
    assert asked() == {"review_member", "review_notduplicate"}


def test_a_group_keeps_its_identity_when_a_member_joins_and_leaves() -> None:
    ana, twin = pair()
    desk = Desk(ana, twin)
    desk.sync()
    group = desk.group()
    third = contact("Ana G.", whatsapp(PHONE))

    desk.world.apply(_put(desk, third))
    assert desk.sync().changed == 1
    assert desk.group().pk == group.pk
    assert desk.group().member_count == 3

    desk.world.remove(twin["id"])
    assert desk.sync().changed == 1
    assert desk.group().pk == group.pk
    assert {m.contact_id for m in desk.group().members.all()} == {ana["id"], third["id"]}


def _put(desk: Desk, *contacts: dict) -> Change:
    return Change(desk.world.top.id, put=contacts)


def test_what_invent_lists_no_longer_vanishes_and_may_come_back() -> None:
    ana, twin = pair()
    desk = Desk(ana, twin)
    desk.sync()

    desk.world.remove(twin["id"])
    assert desk.sync().vanished == 1
    assert desk.group().state == GroupState.VANISHED

    desk.world.apply(_put(desk, twin))
    desk.sync()
    assert desk.group().state == GroupState.OPEN


def test_without_a_count_a_missing_group_is_looked_for_twice() -> None:
    ana, twin = pair()
    desk = Desk(ana, twin)
    desk.sync()
    desk.world.remove(twin["id"])
    desk.faults.set(pagination_headers=False)

    assert desk.sync().vanished == 1
    assert desk.counters.requests["GET contacts/duplicates"] >= 3


def test_a_group_that_slips_between_two_pages_does_not_vanish() -> None:
    contacts = [c for n in range(150) for c in pair(f"+1555{n:05}")]
    desk = Desk(*contacts)
    desk.sync()
    # Somebody merges the first group after page 1: the 101st moves to page 1, unread.
    desk.faults.set(shift_after_page=1)

    assert desk.sync().vanished == 0
    assert Group.objects.filter(state=GroupState.OPEN).count() == 150

    desk.faults.clear()
    assert desk.sync().vanished == 1


def test_a_merged_group_that_lingers_does_not_come_back() -> None:
    ana, twin = pair()
    desk = Desk(ana, twin)
    desk.sync()
    group = desk.group()
    Group.objects.update(state=GroupState.MERGED)
    MergedContact.objects.create(
        organization=desk.organization,
        contact_id=twin["id"],
        into_contact_id=ana["id"],
        merged_at=group.first_seen_at,
    )

    run = desk.sync()

    assert (run.new, run.changed) == (0, 0)
    assert desk.group().state == GroupState.MERGED


def test_a_merged_contact_that_gets_a_new_twin_is_a_new_group() -> None:
    ana, twin = pair()
    desk = Desk(ana, twin)
    desk.sync()
    Group.objects.update(state=GroupState.MERGED)
    MergedContact.objects.create(
        organization=desk.organization,
        contact_id=twin["id"],
        into_contact_id=ana["id"],
        merged_at=desk.group().first_seen_at,
    )
    desk.world.remove(twin["id"])
    newcomer = contact("Ana again", whatsapp(PHONE))
    desk.world.apply(_put(desk, newcomer))

    assert desk.sync().new == 1
    assert {m.contact_id for m in desk.group(GroupState.OPEN).members.all()} == {
        ana["id"],
        newcomer["id"],
    }


def test_a_failure_half_way_leaves_the_mirror_as_it_was_and_says_why() -> None:
    desk = Desk(*[c for n in range(150) for c in pair(f"+1555{n:05}")])
    desk.sync()
    before = list(Group.objects.values())
    desk.world.change(before[0]["primary_contact_id"], name="Somebody else")
    desk.faults.set(read=Fault.STATUS, read_times=None)

    with pytest.raises(SyncFailed) as failed:
        desk.sync()

    assert "Invent could not be read" in failed.value.sentence
    assert list(Group.objects.values()) == before
    run = SyncRun.objects.latest("pk")
    assert (run.state, run.error) == (SyncRun.State.FAILED, failed.value.sentence)
    assert Entry.objects.latest("number").action == Action.SYNC_FAILED
    desk.faults.clear()
    assert desk.sync().changed == 1


def test_a_dismissed_group_stays_dismissed_until_its_evidence_changes() -> None:
    ana, twin = pair()
    desk = Desk(ana, twin)
    desk.sync()
    dismiss(desk.group(), by_user=actor(Role.OPERATOR), note="brothers")

    desk.world.change(ana["id"], name="Ana M. García")
    desk.sync()
    assert desk.group().state == GroupState.DISMISSED

    desk.world.apply(_put(desk, contact("Ana III", whatsapp(PHONE))))
    desk.sync()
    group = desk.group()
    assert group.state == GroupState.OPEN
    assert group.decided_note == "brothers"
    assert Entry.objects.filter(action=Action.GROUP_REOPENED).count() == 1


def test_groups_that_were_there_before_are_stored_a_few_at_a_time() -> None:
    """SQLite lets nobody decide meanwhile: 250 of them took 0.4 s with others at work."""
    desk = Desk(*(one for n in range(60) for one in pair(f"+1555020{n:04}")))
    desk.sync()
    Group.objects.update(by_hand=True)  # so that Invent's suggestion changes each
    run = request_sync(desk.organization, by_user=desk.system)
    stored = [0]

    def progress(run: SyncRun) -> None:
        stored.append(run.changed)

    sync(run, client=desk.client, by_user=desk.system, progress=progress)

    assert stored[-1] == 60
    assert max(after - before for before, after in pairwise(stored)) < 25
    assert not Group.objects.filter(by_hand=True).exists()


def test_segments_follow_their_names() -> None:
    ana, twin = pair()
    ana["segments"] = [segment("VIP")]
    desk = Desk(ana, twin)
    desk.sync()

    desk.world.change(ana["id"], segments=[segment("VIP") | {"name": "Very important"}])
    desk.sync()

    assert Segment.objects.get().name == "Very important"


def test_the_same_run_is_not_executed_twice() -> None:
    desk = Desk(*pair())
    run = request_sync(desk.organization, by_user=desk.system)
    again = request_sync(desk.organization, by_user=desk.system)
    assert run.pk == again.pk

    sync(run, client=desk.client, by_user=desk.system)

    with pytest.raises(Stale):
        sync(again, client=desk.client, by_user=desk.system)


# When it is due, and what a process that died leaves

EVERY = timedelta(minutes=15)


def die(desk: Desk, *, minutes_ago: float) -> SyncRun:
    """A run whose process was killed."""
    run = request_sync(desk.organization, by_user=desk.system)
    then = timezone.now() - timedelta(minutes=minutes_ago)
    SyncRun.objects.filter(pk=run.pk).update(
        state=SyncRun.State.RUNNING, wanted_at=then, seen_alive_at=then
    )
    run.refresh_from_db()
    return run


def test_threads_take_quick_turns_while_invent_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    usual, seen = sys.getswitchinterval(), []
    ana, twin = pair()
    desk = Desk(ana, twin)
    desk.sync()
    desk.world.change(ana["id"], name="Ana M. García")
    monkeypatch.setattr(
        syncing,
        "_report",
        lambda run, progress: seen.append((sys.getswitchinterval(), bool(gc.get_freeze_count()))),
    )

    desk.sync()

    (reading, frozen), (storing, still_frozen) = seen
    assert reading < usual == storing
    assert (frozen, still_frozen) == (True, False)


def test_postgresql_is_told_to_look_at_what_has_become_of_a_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store, "MANY", 1)
    desk = Desk(*pair())

    with CaptureQueriesContext(connection) as first:
        desk.sync()
    with CaptureQueriesContext(connection) as second:
        desk.sync()

    def told(queries: CaptureQueriesContext) -> bool:
        return any(query["sql"].startswith("ANALYZE") for query in queries)

    assert told(first) is (connection.vendor == "postgresql")
    assert not told(second)


def test_the_clock_wants_a_sync_every_so_often() -> None:
    desk = Desk(*pair())
    now = timezone.now()
    first = due_sync(desk.organization, every=EVERY, now=now)
    assert first is not None
    assert due_sync(desk.organization, every=EVERY, now=now) == first
    sync(first, client=desk.client, by_user=desk.system)

    assert due_sync(desk.organization, every=EVERY, now=now) is None
    assert due_sync(desk.organization, every=EVERY, now=now + EVERY * 2) not in (None, first)


def test_a_run_that_goes_on_is_left_alone() -> None:
    desk = Desk(*pair())
    run = die(desk, minutes_ago=4)

    assert due_sync(desk.organization, every=EVERY, now=timezone.now()) is None
    assert request_sync(desk.organization, by_user=desk.system) == run
    assert run.active


@pytest.mark.parametrize("wanted_by_clock", [True, False])
def test_a_run_whose_process_was_killed_is_cut_off_after_five_minutes(
    wanted_by_clock: bool,
) -> None:
    """For the command too: without a worker, nobody else would ever end it."""
    desk = Desk(*pair())
    dead = die(desk, minutes_ago=16)

    if wanted_by_clock:
        run = due_sync(desk.organization, every=EVERY, now=timezone.now())
    else:
        run = request_sync(desk.organization, by_user=desk.system)
    assert run is not None
    sync(run, client=desk.client, by_user=desk.system)

    dead.refresh_from_db()
    assert (dead.state, dead.error) == (
        SyncRun.State.FAILED,
        "The sync was cut off before it was done.",
    )
    assert [e.action for e in Entry.objects.order_by("number")] == [
        Action.SYNC_FAILED,
        Action.SYNCED,
    ]
    assert desk.group().state == GroupState.OPEN


def test_a_run_that_only_slept_finds_out_and_changes_nothing_more() -> None:
    """Two processes that both store what they read would store every new group twice."""
    desk = Desk(*pair())
    sleeper = request_sync(desk.organization, by_user=desk.system)

    def sleep(run: SyncRun) -> None:
        if run == sleeper and run.groups_read:
            long_ago = timezone.now() - CUT_OFF_AFTER
            SyncRun.objects.filter(pk=run.pk).update(seen_alive_at=long_ago)
            desk.sync()

    with pytest.raises(Stale, match="Nothing was heard of this sync"):
        sync(sleeper, client=desk.client, by_user=desk.system, progress=sleep)

    assert Group.objects.count() == 1
    sleeper.refresh_from_db()
    assert sleeper.state == SyncRun.State.FAILED
    actions = [e.action for e in Entry.objects.order_by("number")]
    assert actions == [Action.SYNC_FAILED, Action.SYNCED]
    assert verify().broken is None


def test_a_sleeper_makes_nothing_vanish_either() -> None:
    ana, twin = pair()
    desk = Desk(ana, twin, *pair("+15550999"))
    desk.sync()
    desk.world.remove(twin["id"])
    sleeper = request_sync(desk.organization, by_user=desk.system)

    def sleep(run: SyncRun) -> None:
        SyncRun.objects.filter(pk=run.pk).update(state=SyncRun.State.FAILED)

    with pytest.raises(Stale):
        sync(sleeper, client=desk.client, by_user=desk.system, progress=sleep)

    assert not Group.objects.exclude(state=GroupState.OPEN).exists()


def test_a_decision_between_reading_and_storing_is_kept() -> None:
    ana, twin = pair()
    desk = Desk(ana, twin)
    desk.sync()
    desk.world.change(ana["id"], name="Ana M. García")
    run = request_sync(desk.organization, by_user=desk.system)

    def decide(run: SyncRun) -> None:
        if desk.group().state == GroupState.OPEN:
            dismiss(desk.group(), by_user=actor(Role.OPERATOR), note="brothers")

    sync(run, client=desk.client, by_user=desk.system, progress=decide)

    group = desk.group()
    assert (group.state, group.decided_note) == (GroupState.DISMISSED, "brothers")
    assert group.names[0] == "Ana M. García"


def test_a_decision_about_what_is_no_longer_so_is_brought_up_again() -> None:
    ana, twin = pair()
    desk = Desk(ana, twin)
    desk.sync()
    desk.world.apply(_put(desk, contact("Ana III", whatsapp(PHONE))))
    run = request_sync(desk.organization, by_user=desk.system)

    def decide(run: SyncRun) -> None:
        if run.changed == 0:
            dismiss(desk.group(), by_user=actor(Role.OPERATOR), note="brothers")

    sync(run, client=desk.client, by_user=desk.system, progress=decide)

    assert desk.group().state == GroupState.OPEN
    assert Entry.objects.get(action=Action.GROUP_REOPENED).facts["why"] == "changed"


def test_an_entry_that_nobody_can_read_lets_nothing_vanish() -> None:
    """It may be any of ours."""
    ana, twin = pair()
    odd, odd_twin = pair("+15550999")
    desk = Desk(ana, twin, odd, odd_twin)
    desk.sync()
    desk.world.remove(twin["id"])
    desk.world.change(odd["id"], blocked="perhaps")
    desk.world.apply(_put(desk, *pair("+15550777")))

    run = desk.sync()

    assert (run.vanished, run.new) == (0, 1)
    assert Entry.objects.latest("number").facts["unreadable"] == 1
    assert Group.objects.filter(state=GroupState.OPEN).count() == 3


def test_what_stops_a_sync_is_recorded_and_goes_on() -> None:
    desk = Desk(*pair())
    run = request_sync(desk.organization, by_user=desk.system)

    def stop(run: SyncRun) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sync(run, client=desk.client, by_user=desk.system, progress=stop)

    run.refresh_from_db()
    assert (run.state, run.error) == (
        SyncRun.State.FAILED,
        "The sync was stopped before it was done.",
    )
    assert not Group.objects.of(desk.organization).exists()
    assert desk.sync().new == 1
    assert Group.objects.count() == 1


def test_a_long_sync_says_that_it_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mergeui.review.sync.REPORT_EVERY", timedelta(0))
    ana, twin = pair()
    desk = Desk(ana, twin)
    desk.sync()
    desk.world.change(ana["id"], name="Ana M. García")
    told: list[tuple[int, int | None]] = []

    def follow(run: SyncRun) -> None:
        told.append(SyncRun.objects.values_list("groups_read", "groups_listed").get(pk=run.pk))

    run = request_sync(desk.organization, by_user=desk.system)
    sync(run, client=desk.client, by_user=desk.system, progress=follow)

    assert told == [(0, None), (1, 1)]
