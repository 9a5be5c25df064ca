"""Storing what a sync read, in short transactions."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

from mergeui.accounts.models import Organization
from mergeui.audit.actor import Actor
from mergeui.audit.log import entries_last, record
from mergeui.invent import Contact
from mergeui.review import bulk
from mergeui.review.arriving import hide
from mergeui.review.digest import digest
from mergeui.review.matching import Listed
from mergeui.review.models import Channel, Group, Member, Segment, SyncRun
from mergeui.review.pairs import Known
from mergeui.review.risk import Risk, joined
from mergeui.review.spool import Row, fields_of, new_fields, row_of
from mergeui.review.stands import change, heed, mark_said

# Short transactions with a breath in between, so that a decision never waits long for the one
# writer that SQLite allows: so many members take it some 50 ms. A group that was there before
# counts as so many more: 22 such pairs take 10 ms, and 25 where all cores are busy. On PostgreSQL
# nobody waits but who decides of one of these very groups.
MEMBERS_AT_ONCE = 500
CHANGED_AS_MEMBERS = 20
BREATH_SECONDS = {"sqlite": 0.005, "postgresql": 0.0}
# Of so many groups stored PostgreSQL is told at once, and whenever there are ten times as many, or
# its planner reads every member for each page, until its own cleaner comes by.
MANY = 1_000


def apply(
    spool: Iterable[Row],
    run: SyncRun,
    *,
    by_user: Actor,
    progress: Callable[[], None],
    first: Callable[[], None] = lambda: None,
) -> None:
    """Brings the mirror to what the spool holds, and counts in `run` what was new and changed.

    `first` is called at the start of each transaction, and may raise to end it. Cut off half-way,
    the rest is found and stored by the next sync.
    """
    segments = SegmentIds(run.organization)
    for batch in _batches(spool):
        _store(batch, run, segments, by_user, first)
        progress()
        time.sleep(BREATH_SECONDS[connection.vendor])
    if run.new + run.changed >= MANY:
        _analyze()


def arrive(
    rows: Iterable[Row],
    run: SyncRun,
    segments: "SegmentIds",
    *,
    spoken: bool,
    first: Callable[[], None],
) -> list[Row]:
    """Stores those that are new, for nobody to see yet (arriving.py); gives what has to wait.

    That is what changes a group, and what people said something of: the history is to tell that.
    Unless people had `spoken` of any pair when the run began, nothing is looked up; what they say
    since then is heeded at its end.
    """
    waiting: list[Row] = []
    for batch in _batches(rows):
        evidence = [row.evidence for row in batch] if spoken else []
        known = Known.among(run.organization_id, evidence)
        new: list[Row] = []
        for row in batch:
            if row.group_id is None and not known.any_of(row.evidence):
                new.append(row)
            else:
                waiting.append(row)
        if new:
            before = run.new
            _insert(new, run, segments, first)
            if any(before < MANY * 10**power <= run.new for power in range(5)):
                _analyze()
    return waiting


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """So many groups at once as take about as long as MEMBERS_AT_ONCE members."""
    batch: list[Row] = []
    members = 0
    for row in rows:
        batch.append(row)
        members += len(row.members) + (CHANGED_AS_MEMBERS if row.changes else 0)
        if members >= MEMBERS_AT_ONCE:
            yield batch
            batch, members = [], 0
    if batch:
        yield batch


def _analyze() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # Two columns: the JSON of all contacts would take a hundred times as long.
            cursor.execute("ANALYZE review_member (group_id, contact_id)")


def _insert(
    rows: list[Row], run: SyncRun, segments: "SegmentIds", first: Callable[[], None]
) -> None:
    with bulk.quick_transaction():
        first()
        hide(run.organization)
        made = bulk.create(Group, [row.new for row in rows])
        _replace_members(list(zip(made, rows, strict=True)), [], segments)
    run.new += len(made)


def _store(
    rows: list[Row],
    run: SyncRun,
    segments: "SegmentIds",
    by_user: Actor,
    first: Callable[[], None],
) -> None:
    now = timezone.now()
    with bulk.quick_transaction():
        first()
        made = bulk.create(Group, [row.new for row in rows if row.group_id is None])
        run.new += len(made)
        ids = iter(made)
        changed = [row.group_id for row in rows if row.group_id is not None]
        present = Group.objects.select_for_update().in_bulk(changed)
        numbered = [(next(ids) if row.group_id is None else row.group_id, row) for row in rows]
        _replace_members(numbered, changed, segments)
        known = Known.among(run.organization_id, [row.evidence for row in rows])
        entries = [
            change(present[row.group_id], row.changes, now, known)
            for row in rows
            if row.group_id is not None
        ]
        run.changed += len(entries)
        spoken_of = [number for number, row in numbered if known.any_of(row.evidence)]
        groups = present | Group.objects.in_bulk([one for one in spoken_of if one not in present])
        entries += [heed(groups[number], known) for number in spoken_of]
        # Once each: a write of a group is a write of its terms too.
        bulk.update(list(groups.values()))
        # Last, because from the first entry on everybody else waits (audit/log.py).
        with entries_last():
            for entry in filter(None, entries):
                record(by_user=by_user, **entry)


def create(organization: Organization, contacts: Sequence[Contact], **made: Any) -> Group:
    """A new group that people put together, in the caller's transaction; `made` says by whom."""
    found = digest(contacts)
    row = row_of(Listed(None, found), organization)
    group = Group(**new_fields(_by_hand(fields_of(found)) | made, organization))
    if Known.among(organization.pk, [row.evidence]).any_of(row.evidence):
        mark_said(group)
    group.save()
    _replace_members([(group.pk, row)], [], SegmentIds(organization))
    return group


def _by_hand(fields: dict[str, Any]) -> dict[str, Any]:
    """The columns of a group, with the risk that people put it together."""
    codes = [code for code in fields["risks"].split(",") if code]
    return {**fields, "by_hand": True, "risks": joined([*codes, Risk.BY_HAND]), "risky": True}


def replace(group: Group, contacts: Sequence[Contact]) -> None:
    """Brings one group of the mirror to these contacts, in the caller's transaction.

    For the caller who has just read them. The group has to be locked; what was decided of it stays.
    """
    row = row_of(Listed(group.pk, digest(contacts)), group.organization)
    if group.by_hand:
        row.changes = _by_hand(row.changes)
    _replace_members([(group.pk, row)], [group.pk], SegmentIds(group.organization))
    known = Known.among(group.organization_id, [row.evidence])
    change(group, row.changes, timezone.now(), known)
    if known.any_of(row.evidence):
        mark_said(group)
    group.save()


def _replace_members(
    numbered: list[tuple[int, Row]], changed: list[int], segments: "SegmentIds"
) -> None:
    """The members of these groups (by their numbers); those of the `changed` ones go first."""
    segments.learn([row for _, row in numbered])
    for model in (Member, Channel, Group.segments.through) if changed else ():
        model.objects.filter(group_id__in=changed).delete()
    bulk.insert(
        Member,
        ("group_id", "contact_id", "position", "name", "fingerprint", "raw"),
        ((number, *member) for number, row in numbered for member in row.members),
    )
    bulk.insert(
        Channel,
        ("group_id", "contact_id", "type", "user_id", "shared"),
        ((number, *channel, True) for number, row in numbered for channel in row.channels),
    )
    bulk.insert(
        Group.segments.through,
        ("group_id", "segment_id"),
        ((number, segments[s[0]]) for number, row in numbered for s in row.segments),
    )


class SegmentIds:
    """The keys of the segments by Invent's ids; new and renamed segments are stored on the way."""

    def __init__(self, organization: Organization) -> None:
        self._organization = organization
        self._known = {
            segment.segment_id: segment
            for segment in Segment.objects.filter(organization=organization)
        }

    def __getitem__(self, segment_id: str) -> int:
        return self._known[segment_id].pk

    def learn(self, rows: list[Row]) -> None:
        for segment_id, name, color in {s for row in rows for s in row.segments}:
            known = self._known.get(segment_id)
            if known is None or (known.name, known.color) != (name, color):
                self._known[segment_id], _ = Segment.objects.update_or_create(
                    organization=self._organization,
                    segment_id=segment_id,
                    defaults={"name": name, "color": color},
                )
