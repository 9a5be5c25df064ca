"""Storing what a sync read: from a temporary file into the mirror, in short transactions."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import msgspec
from django.utils import timezone

from mergeui.accounts.models import Organization
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.log import record
from mergeui.invent import Contact
from mergeui.review import bulk
from mergeui.review.digest import GroupDigest, digest
from mergeui.review.matching import Listed
from mergeui.review.models import Channel, Group, GroupState, Member, Segment, SyncRun
from mergeui.review.pairs import Known
from mergeui.review.risk import Risk, joined

# Short transactions with a breath in between, so that a decision never waits long for the one
# writer that SQLite allows.
GROUPS_A_TRANSACTION = 100
BREATH_SECONDS = 0.002

_encode = msgspec.msgpack.encode


class Row(msgspec.Struct, array_like=True):
    """One group as it waits in the spool: all its rows, ready to be inserted.

    A new group is in `new` (bulk.plain), the fields of one to be changed are in `changes`.
    """

    group_id: int | None
    evidence: dict[str, Any]
    new: list[Any]
    changes: dict[str, Any]
    members: list[tuple[str, int, str, str, str]]
    channels: list[tuple[str, str, str, bool]]
    segments: list[tuple[str, str, str]]


class Spool:
    """Listed groups in a temporary file that nobody else can open and that ends with its use."""

    def __init__(self, organization: Organization) -> None:
        self._organization = organization

    def __enter__(self) -> Self:
        self._file = tempfile.TemporaryFile()
        self._sizes: list[int] = []
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def add(self, listed: Listed) -> None:
        """Appends a group that is to be stored."""
        self._sizes.append(self._file.write(_encode(_row(listed, self._organization))))

    def __iter__(self) -> Iterator[Row]:
        decode = msgspec.msgpack.Decoder(Row).decode
        self._file.seek(0)
        for size in self._sizes:
            yield decode(self._file.read(size))


def _row(listed: Listed, organization: Organization) -> Row:
    """Made while Invent is read, when there is nothing to do but to wait."""
    made = listed.digest
    dumps = msgspec.json.encode
    shared = {(link.type, link.user_id) for link in made.links}
    changes = _fields(made)
    known = listed.group_id is not None
    if known:
        # What Invent lists is its suggestion, whoever had the idea first.
        changes["by_hand"] = False
    return Row(
        group_id=listed.group_id,
        evidence=made.evidence,
        new=[] if known else bulk.plain(_new(changes, organization)),
        changes=changes if known else {},
        members=[
            (m.contact.id, position, m.name, m.fingerprint, dumps(m.contact.raw).decode())
            for position, m in enumerate(made.members)
        ],
        channels=[
            (
                m.contact.id,
                channel.type[:100],
                (channel.user_id or "")[:1000],
                (channel.type, channel.user_id) in shared,
            )
            for m in made.members
            for channel in m.contact.channels
        ],
        segments=list(
            {
                segment.id: (segment.id, (segment.name or "")[:512], (segment.color or "")[:50])
                for m in made.members
                for segment in m.contact.segments
            }.values()
        ),
    )


def _fields(made: GroupDigest) -> dict[str, Any]:
    """The columns of a group that are made from its members."""
    return {**made.fields, "fingerprint": made.fingerprint, "evidence": made.evidence}


def apply(
    spool: Spool,
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
    segments = _SegmentIds(run.organization)
    batch: list[Row] = []
    for row in spool:
        batch.append(row)
        if len(batch) == GROUPS_A_TRANSACTION:
            _store(batch, run, segments, by_user, first)
            batch = []
            progress()
            time.sleep(BREATH_SECONDS)
    if batch:
        _store(batch, run, segments, by_user, first)
        progress()


def _store(
    rows: list[Row],
    run: SyncRun,
    segments: "_SegmentIds",
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
            _change(present[row.group_id], row, now, known)
            for row in rows
            if row.group_id is not None
        ]
        run.changed += len(entries)
        spoken_of = [number for number, row in numbered if known.any_of(row.evidence)]
        entries += [_heed(group, known) for group in Group.objects.filter(pk__in=spoken_of)]
        # Last, because from the first entry on everybody else waits (audit/log.py).
        for entry in filter(None, entries):
            record(by_user=by_user, **entry)


def create(organization: Organization, contacts: Sequence[Contact], **made: Any) -> Group:
    """A new group that people put together, in the caller's transaction; `made` says by whom."""
    found = digest(contacts)
    row = _row(Listed(None, found), organization)
    group = _new(_by_hand(_fields(found)) | made, organization)
    group.save()
    _replace_members([(group.pk, row)], [], _SegmentIds(organization))
    return group


def _by_hand(fields: dict[str, Any]) -> dict[str, Any]:
    """The columns of a group, with the risk that people put it together."""
    codes = [code for code in fields["risks"].split(",") if code]
    return {**fields, "by_hand": True, "risks": joined([*codes, Risk.BY_HAND]), "risky": True}


def replace(group: Group, contacts: Sequence[Contact]) -> None:
    """Brings one group of the mirror to these contacts, in the caller's transaction.

    For the caller who has just read them. The group has to be locked; what was decided of it stays.
    """
    row = _row(Listed(group.pk, digest(contacts)), group.organization)
    if group.by_hand:
        row.changes = _by_hand(row.changes)
    _replace_members([(group.pk, row)], [group.pk], _SegmentIds(group.organization))
    known = Known.among(group.organization_id, [row.evidence])
    _change(group, row, timezone.now(), known)
    if known.any_of(row.evidence):
        _mark_said(group)
        group.save(update_fields=["risks", "risky"])


def _replace_members(
    numbered: list[tuple[int, Row]], changed: list[int], segments: "_SegmentIds"
) -> None:
    """The members of these groups (by their numbers); those of the `changed` ones go first."""
    segments.learn([row for _, row in numbered])
    Member.objects.filter(group_id__in=changed).delete()
    Channel.objects.filter(group_id__in=changed).delete()
    Group.segments.through.objects.filter(group_id__in=changed).delete()
    bulk.insert(
        Member,
        ("group_id", "contact_id", "position", "name", "fingerprint", "raw"),
        ((number, *member) for number, row in numbered for member in row.members),
    )
    bulk.insert(
        Channel,
        ("group_id", "contact_id", "type", "user_id", "shared"),
        ((number, *channel) for number, row in numbered for channel in row.channels),
    )
    bulk.insert(
        Group.segments.through,
        ("group_id", "segment_id"),
        ((number, segments[s[0]]) for number, row in numbered for s in row.segments),
    )


def _new(fields: dict[str, Any], organization: Organization) -> Group:
    now = timezone.now()
    return Group(organization_id=organization.pk, first_seen_at=now, changed_at=now, **fields)


def _change(group: Group, row: Row, now: datetime, known: Known) -> dict[str, Any] | None:
    """Updates a group; gives what the history is to say, None for nothing.

    What was decided without a merge stands unless the evidence changed; that pairs are no
    duplicates stands unless there is another pair or something new in common. The group is as it is
    now, and locked: a decision of a moment ago counts.
    """
    entry: dict[str, Any] | None = None
    for name, value in row.changes.items():
        setattr(group, name, value)
    group.changed_at = now
    decided = group.state in {GroupState.DISMISSED, GroupState.SNOOZED}
    reopened = decided and group.decided_evidence != group.evidence
    if group.state == GroupState.DISMISSED and known.all_of(group.evidence):
        reopened = False
    if group.state == GroupState.VANISHED or reopened:
        was, group.state = group.state, GroupState.OPEN.value
        group.snoozed_until = None
        why = "changed" if reopened else "listed again"
        entry = {
            "action": Action.GROUP_REOPENED,
            "subject": f"group:{group.pk}",
            "facts": {"was": was, "why": why},
        }
    group.save()
    return entry


def _mark_said(group: Group) -> None:
    if Risk.SAID not in group.risk_codes:
        group.risks, group.risky = joined([Risk.SAID, *group.risk_codes]), True


def _heed(group: Group, known: Known) -> dict[str, Any] | None:
    """What people said of pairs of a group just stored: a risk, or already the whole answer."""
    _mark_said(group)
    said = known.all_of(group.evidence)
    entry: dict[str, Any] | None = None
    if said and group.state == GroupState.OPEN:
        group.state = group.decided_as = GroupState.DISMISSED.value
        group.decided_by_id, group.decided_at = said.said_by_id, said.said_at
        group.decided_note, group.decided_evidence = said.reason, group.evidence
        group.claimed_by = group.claimed_until = None
        entry = {
            "action": Action.GROUP_KNOWN,
            "subject": f"group:{group.pk}",
            "facts": {"members": group.evidence["members"]},
            "personal": {"names": group.names},
        }
    group.save()
    return entry


class _SegmentIds:
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
