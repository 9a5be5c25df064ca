"""Verifying a long history in several processes: the work is nearly all computing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import pairwise
from multiprocessing import get_context

import django
from django.db import connection

from mergeui.audit.anchor import Anchor
from mergeui.audit.models import Entry
from mergeui.audit.verify import START, Verification, head, meets, verify

SLICE = 20_000  # entries that a process verifies at a time


def verify_together(
    jobs: int,
    *,
    anchors: Iterable[Anchor] = (),
    progress: Callable[[int], object] = lambda number: None,
) -> Verification:
    """What `verify` says, found by `jobs` processes (two or more), this one among them.

    A slice starts from the stored hash of the entry before it, and whether that entry deserves its
    hash is what the slice before finds out: together they are the whole chain.
    """
    anchors = list(anchors)
    last = head()
    borders = range(SLICE, last.number, SLICE)
    noted = Entry.objects.filter(number__in=borders).order_by("number")
    marks = [START, *(Anchor(*border) for border in noted.values_list("number", "hash")), last]
    if len(marks) != len(borders) + 2 or any(map(meets, anchors)):
        return verify(anchors=anchors, progress=progress)  # broken: let it say where first

    slices = list(pairwise(marks))
    # Started afresh: a forked process would share this one's connection to the database.
    pool = ProcessPoolExecutor(jobs - 1, mp_context=get_context("spawn"), initializer=django.setup)
    with pool:
        name = str(connection.settings_dict["NAME"])
        theirs = [pool.submit(_verify_slice, name, start, end.number) for start, end in slices]
        own = _take_from_the_end(slices, theirs)
        return _joined(theirs, own, pool, progress)


def _take_from_the_end(
    slices: Sequence[tuple[Anchor, Anchor]], theirs: Sequence[Future[Verification]]
) -> dict[int, Verification]:
    """Works too, on what no other process has begun: they take a second to start."""
    own: dict[int, Verification] = {}
    for number in range(len(slices) - 1, -1, -1):
        if theirs[number].cancel():
            start, end = slices[number]
            own[number] = verify(start=start, until=end.number)
    return own


def _joined(
    theirs: Sequence[Future[Verification]],
    own: Mapping[int, Verification],
    pool: ProcessPoolExecutor,
    progress: Callable[[int], object],
) -> Verification:
    """All slices in order, up to the first that is broken."""
    entries = redacted = 0
    for number, future in enumerate(theirs):
        result = own[number] if number in own else future.result()
        entries += result.entries
        redacted += result.redacted
        progress(result.head.number)
        if result.broken:
            pool.shutdown(cancel_futures=True)
            break
    return Verification(entries, result.head, redacted, result.broken)


def _verify_slice(database: str, start: Anchor, until: int) -> Verification:
    """One slice, in a process of its own; `database` is the one the others read too."""
    connection.settings_dict["NAME"] = database
    return verify(start=start, until=until)
