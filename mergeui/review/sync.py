"""Mirroring Invent's duplicate groups: idempotent, and all or nothing.

Everything is read first, and only what differs from the mirror is kept, in a temporary file; the
mirror is touched when the last page is in (design.md, rule 2: no HTTP inside a transaction). So a
failure while reading leaves it as it was.
"""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.utils import timezone

from mergeui.accounts.models import Organization
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.log import record, record_alone
from mergeui.errors import Problem, Stale
from mergeui.invent import InventClient, InventError
from mergeui.review.matching import Matcher
from mergeui.review.models import Group, GroupState, SyncRun
from mergeui.review.store import Spool, apply

logger = logging.getLogger(__name__)

T = TypeVar("T")

# A run that has not been heard of for so long was cut off, and another may start.
CUT_OFF_AFTER = timedelta(minutes=5)
REPORT_EVERY = timedelta(seconds=1)
MOST_PASSES = 3


class SyncFailed(Problem):
    """Invent could not be read; the mirror is as it was. `sentence` says why."""

    status = 502


def request_sync(organization: Organization, *, by_user: Actor) -> SyncRun:
    """Asks the worker for a sync; gives the one that is wanted or running when there is one."""
    now = timezone.now()
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
    last = SyncRun.objects.filter(organization=organization).order_by("-id").first()
    if last and last.state == SyncRun.State.RUNNING:
        if now - last.seen_alive_at < CUT_OFF_AFTER:
            return None
        _fail(last, "The sync was cut off; nothing was changed by it.", Actor.system(organization))
    if last and last.state == SyncRun.State.WANTED:
        return last
    if last and now - last.wanted_at < every:
        return None
    return request_sync(organization, by_user=Actor.system(organization))


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
        raise Stale("Another process is already reading Invent's groups.")
    run.state = SyncRun.State.RUNNING
    try:
        _execute(run, client, by_user, progress)
    except InventError as error:
        _fail(run, error.sentence, by_user)
        raise SyncFailed(error.sentence) from error
    except BaseException:
        _fail(run, "The sync was stopped before it was done.", by_user)
        raise
    return run


def _execute(
    run: SyncRun, client: InventClient, by_user: Actor, progress: Callable[[SyncRun], None]
) -> None:
    matcher = Matcher(run.organization)
    with Spool() as spool:
        missing: list[int] = []
        for _ in range(MOST_PASSES):
            steady = _read_all(run, client, matcher, spool, progress)
            missing = _missing(run.organization, matcher.seen)
            if steady or not missing:
                break
        run.unchanged = matcher.unchanged
        run.vanished = _vanish(missing if not matcher.unreadable else [])
        apply(spool, run, by_user=by_user, progress=lambda: _report(run, progress))
    run.state = SyncRun.State.DONE
    run.finished_at = run.seen_alive_at = timezone.now()
    counts = {name: getattr(run, name) for name in ("new", "changed", "vanished", "unchanged")}
    with transaction.atomic():
        run.save()
        record(
            Action.SYNCED,
            by_user=by_user,
            subject=f"sync:{run.pk}",
            facts={
                **counts,
                "listed": matcher.listed,
                "lingering": matcher.lingering,
                "unreadable": matcher.unreadable,
            },
        )


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
    run.groups_read = 0
    totals: set[int | None] = set()
    for page in _one_ahead(client.duplicate_groups()):
        totals.add(page.count)
        for stored in matcher.match(page.items):
            spool.add(stored)
        # One that can't be read may be any of ours, so nothing is taken for vanished then.
        matcher.unreadable += len(page.unreadable)
        run.groups_read += page.size
        run.groups_listed = page.count
        _report(run, progress)
    return totals == {run.groups_read}


def _one_ahead(pages: Iterator[T]) -> Iterator[T]:
    """`pages`, the next one being fetched in a thread while the present one is worked on."""
    with ThreadPoolExecutor(1) as pool:
        upcoming = pool.submit(next, pages, None)
        while (page := upcoming.result()) is not None:
            upcoming = pool.submit(next, pages, None)
            yield page


def _missing(organization: Organization, seen: set[int]) -> list[int]:
    """The groups that wait for a decision although Invent did not list them."""
    waiting = Group.objects.of(organization).filter(state__in=[GroupState.OPEN, GroupState.SNOOZED])
    return [pk for pk in waiting.values_list("pk", flat=True).iterator() if pk not in seen]


def _vanish(missing: list[int]) -> int:
    vanished = 0
    for start in range(0, len(missing), 200):
        vanished += Group.objects.filter(
            pk__in=missing[start : start + 200],
            state__in=[GroupState.OPEN, GroupState.SNOOZED],
        ).update(state=GroupState.VANISHED, changed_at=timezone.now())
    return vanished


def _report(run: SyncRun, progress: Callable[[SyncRun], None]) -> None:
    progress(run)
    now = timezone.now()
    if now - run.seen_alive_at >= REPORT_EVERY:
        run.seen_alive_at = now
        run.save(update_fields=["seen_alive_at", "groups_read", "groups_listed"])


def _fail(run: SyncRun, reason: str, by_user: Actor) -> None:
    run.state = SyncRun.State.FAILED
    run.error = reason
    run.finished_at = timezone.now()
    run.save(update_fields=["state", "error", "finished_at"])
    record_alone(
        Action.SYNC_FAILED, by_user=by_user, subject=f"sync:{run.pk}", facts={"reason": reason}
    )
