"""The high-water mark: what was sent to Invent, noted outside the database.

A database that is restored from a backup has forgotten the merges made since, and would offer them
again. So each call is noted in a file of its own before it is sent; a worker that finds a line
there which the history doesn't know executes nothing until the gap has been looked at.
"""

import errno
import fcntl
import json
import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Self

from django.conf import settings

from mergeui.audit.models import Entry
from mergeui.invent import MergeCall
from mergeui.said import Said

READ_AT_ONCE = 64 * 1024
# Threads and workers note their calls in another order than that of the entries, so a forgotten one
# may stand before one that is known: by far fewer lines than this, one for each call under way.
OUT_OF_ORDER = 1_000

NOT_NOTED = Said("The call could not be noted in {file} ({error}), so it was not sent.")
UNREADABLE = Said("{file} can't be read ({error}).")


class JournalFailed(Exception):
    """A call could not be noted or the notes can't be read, so nothing may be sent."""


@dataclass(frozen=True, slots=True)
class Line:
    """One call before it was sent, and the entry of the history that was written with it.

    A line without sources says that those of its organisation before it have been looked at; its
    entry is the one of the end of the halt.
    """

    entry: int
    hash: str
    at: str
    organization: int
    request: int
    primary: str
    sources: tuple[str, ...]

    @classmethod
    def before(cls, call: MergeCall, started: Entry, *, organization: int, request: int) -> Self:
        """What is noted of a call that is about to be sent; `started` is its entry."""
        return cls(
            entry=started.number,
            hash=started.hash,
            at=started.at.isoformat(),
            organization=organization,
            request=request,
            primary=call.primary_id,
            sources=call.source_ids,
        )


def path() -> Path:
    """Where the notes are."""
    return Path(settings.MERGE_JOURNAL or settings.VAR_DIR / "merges.jsonl")


def note(line: Line) -> None:
    """Appends a line and waits until it is on the disk, whole; raises JournalFailed."""
    text = json.dumps(asdict(line), separators=(",", ":"))
    # Begins with a line end too: the line before may have been cut off.
    whole = f"\n{text}\n".encode()
    try:
        path().parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            # Two machines that append at once to a file of NFS write over one another (open(2)).
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # A disk or a quota that is filling up takes a part without an error (write(2)).
            if os.write(descriptor, whole) != len(whole):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise JournalFailed(NOT_NOTED(file=path().name, error=error.strerror)) from error


def gap(organization_pk: int) -> list[Line]:
    """The calls of an organisation that the history has forgotten, oldest first.

    Its lines alone are read, from the end of the file: another one may go on, or have its own gap
    looked at, while this one's is not. They end at a line that says that everything before has been
    looked at, if the history knows it, or where OUT_OF_ORDER of them held nothing forgotten. A line
    that was cut off was never followed by a call. Raises JournalFailed.
    """
    # To parse a million lines of others took 16 s, to look through them so takes 2.
    perhaps = re.compile(rf'"organization"\s*:\s*{organization_pk}\b')
    parsed = (_parsed(text) for text in _backwards() if perhaps.search(text))
    own = (line for line in parsed if line and line.organization == organization_pk)
    forgotten: list[Line] = []
    while lines := list(islice(own, OUT_OF_ORDER)):
        before = len(forgotten)
        entries = Entry.objects.filter(number__in=[line.entry for line in lines])
        known = set(entries.values_list("number", "hash"))
        for line in lines:
            if (line.entry, line.hash) not in known:
                forgotten += [line] if line.sources else []
            elif not line.sources:
                return forgotten[::-1]
        if len(forgotten) == before:
            break
    return forgotten[::-1]


def _parsed(text: str) -> Line | None:
    try:
        raw = json.loads(text)
        return Line(**{**raw, "sources": tuple(raw["sources"])})
    except (ValueError, TypeError, KeyError):
        return None


def _backwards() -> Iterator[str]:
    """The lines of the file, the last one first, a block at a time."""
    try:
        with path().open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            rest = b""
            while end:
                start = max(0, end - READ_AT_ONCE)
                file.seek(start)
                block = file.read(end - start) + rest
                rest, *lines = block.split(b"\n")
                yield from (line.decode(errors="replace") for line in reversed(lines) if line)
                end = start
            if rest:
                yield rest.decode(errors="replace")
    except FileNotFoundError:
        return
    except OSError as error:
        raise JournalFailed(UNREADABLE(file=path().name, error=error.strerror)) from error
