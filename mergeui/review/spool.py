"""What a sync changes, in a temporary file until everything is read: as it will be stored.

New groups that nobody has spoken of need not wait there (arriving.py).
"""

import struct
import tempfile
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self

import msgspec
from django.utils import timezone

from mergeui.accounts.models import Organization
from mergeui.review import bulk
from mergeui.review.digest import GroupDigest
from mergeui.review.matching import Listed, Read
from mergeui.review.models import Group

_LENGTH = struct.Struct("<I")
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
    channels: list[tuple[str, str, str]]
    segments: list[tuple[str, str, str]]


class Spool:
    """Listed groups in a temporary file that nobody else can open and that ends with its use."""

    def __enter__(self) -> Self:
        self._file = tempfile.TemporaryFile()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def put(self, one: Row) -> None:
        """Appends a group that is to be stored."""
        row = _encode(one)
        self._file.write(_LENGTH.pack(len(row)))
        self._file.write(row)

    def __iter__(self) -> Iterator[Row]:
        decode = msgspec.msgpack.Decoder(Row).decode
        self._file.seek(0)
        while length := self._file.read(_LENGTH.size):
            yield decode(self._file.read(*_LENGTH.unpack(length)))


def row_of(listed: Listed, organization: Organization) -> Row:
    """Made while Invent is read, when there is nothing to do but to wait."""
    made = listed.digest
    dumps = msgspec.json.encode
    shared = {(link.type, link.user_id) for link in made.links}
    changes = fields_of(made)
    known = listed.group_id is not None
    if known:
        # What Invent lists is its suggestion, whoever had the idea first.
        changes["by_hand"] = False
    return Row(
        group_id=listed.group_id,
        evidence=made.evidence,
        new=[] if known else bulk.plain(Group, new_fields(changes, organization)),
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
            )
            for m in made.members
            for channel in m.contact.channels
            if (channel.type, channel.user_id) in shared
        ],
        segments=list(
            {
                segment.id: (segment.id, (segment.name or "")[:512], (segment.color or "")[:50])
                for m in made.members
                for segment in m.contact.segments
            }.values()
        ),
    )


def rows_of(found: Sequence[tuple[int | None, Read]], organization: Organization) -> list[Row]:
    """Of what a page has that is to be stored (Matcher.match)."""
    return [row_of(read.listed(group_id), organization) for group_id, read in found]


def fields_of(made: GroupDigest) -> dict[str, Any]:
    """The columns of a group that are made from its members."""
    return {**made.fields, "fingerprint": made.fingerprint, "evidence": made.evidence}


def new_fields(fields: dict[str, Any], organization: Organization) -> dict[str, Any]:
    """The columns of a group with these that is seen for the first time."""
    now = timezone.now()
    return {"organization_id": organization.pk, "first_seen_at": now, "changed_at": now, **fields}
