"""Mirroring Invent's duplicate groups: idempotent, and all or nothing.

What differs from the mirror is kept in a temporary file until the last page is in; new groups are
stored at once, where nobody sees them before (arriving.py). So a failure while reading leaves the
mirror as it was. Nothing is read inside a transaction (design.md, rule 2).
"""

import gc
import logging
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import copy_context
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from mergeui.accounts.models import Organization
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.transition import move
from mergeui.errors import Problem, Stale
from mergeui.invent import DuplicateGroup, InventClient, InventError, Page
from mergeui.review import arriving
from mergeui.review.matching import Matcher, Numbers
from mergeui.review.models import Group, GroupState, NotDuplicate, SyncRun
from mergeui.review.spool import Row, Spool, rows_of
from mergeui.review.store import SegmentIds, apply, arrive
from mergeui.said import Said

logger = logging.getLogger(__name__)

T = TypeVar("T")

# A run that has not been heard of for so long was cut off, and another may start.
CUT_OFF_AFTER = timedelta(minutes=5)
GIVEN_UP = Said(
    "Nothing was heard of this sync for minutes, so it was given up. Refresh once more."
)
WAS_CUT_OFF = Said("The sync was cut off before it was done.")
STOPPED = Said("The sync was stopped before it was done.")
ERASED = Said("Somebody was erased whom it may have read before. The next one reads anew.")
REPORT_EVERY = timedelta(seconds=1)
MOST_PASSES = 3
# How soon one thread lets another go on, while pages are read, and else.
TURN_SECONDS, USUAL_TURN_SECONDS = 0.002, sys.getswitchinterval()


class SyncFailed(Problem):
    """Invent could not be read; the mirror is as it was. `sentence` says why."""

    status = 502


def request_sync(organization: Organization, *, by_user: Actor) -> SyncRun:
    """Asks the worker for a sync; gives the one that is wanted or running when there is one."""
    now = timezone.now()
    _end_cut_off(organization, now)
    try:
        with transaction.atomic():
            return SyncRun.objects.create(
                organization=organization, wanted_by=by_user.user, wanted_at=now, seen_alive_at=now
            )
    except IntegrityError:
        active = SyncRun.objects.filter(organization=organization).order_by("-id").first()
        if active is None:
            raise
        return active


def due_sync(organization: Organization, *, every: timedelta, now: datetime) -> SyncRun | None:
    """The run to execute now: one that a person wants, or one of the clock's; None when not due."""
    _end_cut_off(organization, now)
    last = SyncRun.objects.filter(organization=organization).order_by("-id").first()
    if last and last.state == SyncRun.State.RUNNING:
        return None
    if last and last.state == SyncRun.State.WANTED:
        return last
    if last and now - last.wanted_at < every:
        return None
    return request_sync(organization, by_user=Actor.system(organization))


def _end_cut_off(organization: Organization, now: datetime) -> None:
    """Fails the run whose process was killed. Should it only have slept, it finds out: _alive."""
    dead = SyncRun.objects.filter(
        organization=organization,
        state=SyncRun.State.RUNNING,
        seen_alive_at__lte=now - CUT_OFF_AFTER,
    ).first()
    if dead:
        heard = Q(seen_alive_at=dead.seen_alive_at)
        why = WAS_CUT_OFF()
        _fail(dead, why, Actor.system(organization), only_if=heard)


def begin_anew(organization: Organization) -> None:
    """Ends a run that is reading, in the caller's transaction, and wants another one.

    For what must not be stored any more although it may have been read: each batch finds out by
    `_alive` that the run is over. The caller takes the rows of groups afterwards, as batches do.
    """
    running = SyncRun.objects.filter(organization=organization, state=SyncRun.State.RUNNING).first()
    if running:
        by_user = Actor.system(organization)
        _fail(running, ERASED(), by_user)
        request_sync(organization, by_user=by_user)


def sync(
    run: SyncRun,
    *,
    client: InventClient,
    by_user: Actor,
    progress: Callable[[SyncRun], None] = lambda run: None,
) -> SyncRun:
    """Executes a wanted run: reads all of Invent's groups and brings the mirror up to date.

    `progress` is called after each page and each stored batch. Raises Stale when another process
    executes the run already, SyncFailed (recorded in the history and in the run) when Invent can't
    be read.
    """
    now = timezone.now()
    started = SyncRun.objects.filter(pk=run.pk, state=SyncRun.State.WANTED).update(
        state=SyncRun.State.RUNNING, seen_alive_at=now
    )
    if not started:
        raise Stale(_("Another process is already reading Invent's groups."))
    run.state = SyncRun.State.RUNNING
    try:
        _execute(run, client, by_user, progress)
    except InventError as error:
        _fail(run, error.sentence, by_user)
        raise SyncFailed(error.sentence) from error
    except BaseException:
        _fail(run, STOPPED(), by_user)
        raise
    return run


def _execute(
    run: SyncRun, client: InventClient, by_user: Actor, progress: Callable[[SyncRun], None]
) -> None:
    organization, began = run.organization, timezone.now()
    matcher = Matcher(organization)
    first = partial(_alive, run)
    arriving.remove(organization, first=first)
    with Spool() as spool:
        try:
            missing = _read_passes(run, client, matcher, spool, progress)
        except InventError:
            arriving.remove(organization, first=first)
            raise
        run.unchanged = matcher.unchanged
        run.vanished = _vanish(run, missing if not matcher.unreadable else [])
        apply(
            spool,
            run,
            by_user=by_user,
            progress=lambda: _report(run, progress),
            first=first,
        )
    arriving.heed_since(organization, began, by_user=by_user, first=first)
    now = timezone.now()
    counts = {name: getattr(run, name) for name in ("new", "changed", "vanished", "unchanged")}
    read = {"groups_read": run.groups_read, "groups_listed": run.groups_listed}
    done = {"state": SyncRun.State.DONE, "finished_at": now, "seen_alive_at": now}
    move(
        run,
        expected=[SyncRun.State.RUNNING],
        action=Action.SYNCED,
        by_user=by_user,
        subject=f"sync:{run.pk}",
        stale=GIVEN_UP,
        changes={**done, **counts, **read},
        also=partial(arriving.show, organization),
        facts={
            **counts,
            "listed": matcher.listed,
            "lingering": matcher.lingering,
            "unreadable": matcher.unreadable,
        },
    )


def _read_passes(
    run: SyncRun,
    client: InventClient,
    matcher: Matcher,
    spool: Spool,
    progress: Callable[[SyncRun], None],
) -> list[int]:
    """Reads the list as often as it takes; gives the groups that Invent lists no longer."""
    missing: list[int] = []
    for _pass in range(MOST_PASSES):
        steady = _read_all(run, client, matcher, spool, progress)
        missing = _missing(run.organization, matcher.seen)
        if steady or not missing:
            break
    return missing


@contextmanager
def _quick_turns() -> Iterator[None]:
    """Has a thread that works let go sooner for one that has something to read.

    A page comes in many pieces. For each, the thread that fetches it would wait 5 ms for the one
    that works on the page before; that one waits as often, for each answer of the database. Four
    times as soon again, and handing on would be a sixth of all the work.

    Nor is what was there before looked through for garbage again and again, as pages come and go.
    """
    sys.setswitchinterval(TURN_SECONDS)
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        sys.setswitchinterval(USUAL_TURN_SECONDS)


@_quick_turns()
def _read_all(
    run: SyncRun,
    client: InventClient,
    matcher: Matcher,
    spool: Spool,
    progress: Callable[[SyncRun], None],
) -> bool:
    """Reads every page once. Whether the list stood still meanwhile, as far as Invent tells.

    invent-api.md, Pagination: page numbers shift when merges remove groups while you read, so a
    group can slip past unread. What is missing from a list that moved is looked for once more.
    """
    run.groups_read = matcher.lingering = matcher.unreadable = 0
    totals: set[int | None] = set()
    segments = SegmentIds(run.organization)
    spoken = NotDuplicate.objects.filter(organization=run.organization).exists()
    for page, rows in _made(client.duplicate_groups(), matcher):
        totals.add(page.count)
        for waiting in arrive(rows, run, segments, spoken=spoken, first=partial(_alive, run)):
            spool.put(waiting)
        # One that can't be read may be any of ours, so nothing is taken for vanished then.
        matcher.unreadable += len(page.unreadable)
        run.groups_read += page.size
        run.groups_listed = page.count
        _report(run, progress)
    return totals == {run.groups_read}


def _made(
    pages: Iterator[Page[DuplicateGroup]], matcher: Matcher
) -> Iterator[tuple[Page[DuplicateGroup], list[Row]]]:
    """Each page with what is to be stored of it, made in a thread while the one before is stored.

    A page takes longer to be made into rows than the database takes to store it, where nobody else
    waits for the processor.
    """
    before: tuple[Page[DuplicateGroup], Future[list[Row]]] | None = None
    with ThreadPoolExecutor(1) as pool:
        for page in _one_ahead(pages):
            making = pool.submit(rows_of, list(matcher.match(page.items)), matcher.organization)
            if before:
                yield before[0], before[1].result()
            before = page, making
        if before:
            yield before[0], before[1].result()


def _one_ahead(pages: Iterator[T]) -> Iterator[T]:
    """`pages`, the next one being fetched in a thread while the present one is worked on."""
    with ThreadPoolExecutor(1) as pool:
        fetch = partial(copy_context().run, next, pages, None)  # its calls say the same id
        upcoming = pool.submit(fetch)
        while (page := upcoming.result()) is not None:
            upcoming = pool.submit(fetch)
            yield page


def _missing(organization: Organization, seen: Numbers) -> list[int]:
    """The groups that wait for a decision although Invent did not list them."""
    waiting = Group.objects.of(organization).filter(
        state__in=[GroupState.OPEN, GroupState.SNOOZED], by_hand=False
    )
    return [pk for pk in waiting.values_list("pk", flat=True).iterator() if pk not in seen]


def _vanish(run: SyncRun, missing: list[int]) -> int:
    vanished = 0
    for start in range(0, len(missing), 200):
        with transaction.atomic():
            _alive(run)
            vanished += Group.objects.filter(
                pk__in=missing[start : start + 200],
                state__in=[GroupState.OPEN, GroupState.SNOOZED],
                by_hand=False,
            ).update(state=GroupState.VANISHED, changed_at=timezone.now())
    return vanished


def _report(run: SyncRun, progress: Callable[[SyncRun], None]) -> None:
    progress(run)
    if timezone.now() - run.seen_alive_at >= REPORT_EVERY:
        _alive(run)


def _alive(run: SyncRun) -> None:
    """Says that the run goes on. Raises Stale when it was taken for dead meanwhile.

    In the transaction of every batch too: of two processes, only one changes the mirror.
    """
    now = timezone.now()
    going = SyncRun.objects.filter(pk=run.pk, state=SyncRun.State.RUNNING)
    read = {"groups_read": run.groups_read, "groups_listed": run.groups_listed}
    if not going.update(seen_alive_at=now, **read):
        raise Stale(GIVEN_UP())
    run.seen_alive_at = now


def _fail(run: SyncRun, reason: str, by_user: Actor, only_if: Q | None = None) -> None:
    """Ends a run without success, unless somebody has done so already."""
    with suppress(Stale):
        move(
            run,
            expected=[SyncRun.State.RUNNING],
            only_if=only_if,
            action=Action.SYNC_FAILED,
            by_user=by_user,
            subject=f"sync:{run.pk}",
            stale=GIVEN_UP,
            changes={
                "state": SyncRun.State.FAILED,
                "error": reason,
                "finished_at": timezone.now(),
            },
            facts={"reason": reason},
        )
