"""What the worker does in one round. Each step is a function of its own; the command loops."""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from mergeui import tracing
from mergeui.accounts.models import Organization
from mergeui.audit.actor import Actor
from mergeui.audit.partitions import turn_the_month
from mergeui.audit.watch import look_when_due
from mergeui.errors import Stale
from mergeui.invent import InventClient, InventError
from mergeui.merging.approval import expire
from mergeui.merging.bulk.prepare import forget_drafts
from mergeui.merging.bulk.work import work_portion
from mergeui.merging.execution import execute_next
from mergeui.merging.models import MergeRequest, Standing
from mergeui.merging.reading import read_again
from mergeui.merging.reconcile import reconcile_next, recover
from mergeui.merging.restoring import restore_next
from mergeui.merging.standing import halted
from mergeui.review.again import follow
from mergeui.review.decisions import wake
from mergeui.review.models import Group, GroupState, SyncRun
from mergeui.review.seen import changes, contacts_of
from mergeui.review.sync import SyncFailed, due_sync, sync

logger = logging.getLogger(__name__)

# Those that were put together last; each takes a call or more.
MOST_BY_HAND_AT_ONCE = 100


class NotDurable(Exception):
    """The database may lose a commit at a power cut, so an attempt could be forgotten."""


def check_durable() -> None:
    """Raises NotDurable unless a commit is on the disk when it returns (design.md, rule 2)."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SHOW synchronous_commit")
            value = cursor.fetchone()[0]
            safe = value not in {"off", "local"}
        else:
            cursor.execute("PRAGMA synchronous")
            value = cursor.fetchone()[0]
            safe = int(value) >= 2
    if not safe:
        raise NotDurable(f"The database's synchronous setting is {value}: commits may be lost.")


def tidy() -> None:
    """What the clock decides: dead workers' requests, late approvals, snoozes that are over.

    Bulk decisions that nobody confirmed are forgotten.
    """
    now = timezone.now()
    recover(now=now)
    expire(now=now)
    wake(now=now)
    forget_drafts(now=now)


def work_off(
    organization: Organization,
    *,
    client: InventClient,
    go_on: Callable[[], bool] = lambda: True,
    most: int | None = None,
) -> int:
    """Executes and reconciles what is due, `most` requests if that is given; gives how many.

    Stops between two. A portion of the bulk decisions comes before each. While merges are halted it
    only reads (standing.py), and in a pause that Invent asked for it does not even that.
    """
    done = 0
    while go_on() and done != most:
        with tracing.traced():
            decided = work_portion(organization, go_on=go_on)
            request = None
            if client.paused():
                if not decided:
                    break
                continue
            if not halted(organization):
                request = execute_next(client=client, organization_id=organization.pk, go_on=go_on)
                request = request or restore_next(client=client, organization_id=organization.pk)
            request = request or reconcile_next(client=client, organization_id=organization.pk)
            if request is not None:
                done += 1
                _tell(request)
            elif not decided:
                break
    return done


def execute_due(
    organization: Organization,
    *,
    client: InventClient,
    go_on: Callable[[], bool] = lambda: True,
    most: int | None = None,
) -> int:
    """Executes what is due and nothing else, beside somebody who does `work_off`; how many."""
    done = 0
    while go_on() and done != most and not client.paused() and not halted(organization):
        with tracing.traced():
            request = execute_next(client=client, organization_id=organization.pk, go_on=go_on)
            if request is None:
                break
            done += 1
            _tell(request)
    return done


def _tell(request: MergeRequest) -> None:
    request.refresh_from_db(fields=["state"])
    logger.info("Merge request %s is now %s.", request.pk, request.state)


def watch_history() -> None:
    """Verifies the history when it is due, and tells every organisation when it breaks.

    Then a parted one begins a new month if it is time.
    """
    check = look_when_due(now=timezone.now())
    if check is None:
        return
    if month := turn_the_month():
        logger.info("The history of %s is a table of its own now.", month)
    for organization in Organization.objects.all():
        Standing.objects.update_or_create(
            organization=organization, defaults={"chain_broken": check.broken}
        )
    if check.broken:
        logger.critical("The history is broken: %s", check.broken)


def sync_when_due(
    organization: Organization,
    *,
    client: InventClient,
    progress: Callable[[SyncRun], None] = lambda run: None,
) -> bool:
    """Mirrors Invent's groups when a person or the clock wants it; whether it did.

    `progress` is called after each page and may raise to stop.
    """
    every = timedelta(seconds=settings.SYNC_EVERY_SECONDS)
    run = due_sync(organization, every=every, now=timezone.now())
    if run is None:
        return False
    wanted_by = organization.memberships.active().filter(user=run.wanted_by).first()
    with tracing.traced() as request_id, suppress(Stale):
        by_user = Actor.system(organization)
        if wanted_by:
            by_user = Actor.member(wanted_by, request_id=request_id)
        try:
            sync(run, client=client, by_user=by_user, progress=progress)
            read_those_by_hand(organization, client=client)
        except SyncFailed as error:
            logger.warning("The groups could not be refreshed: %s", error.sentence)
    return True


def read_those_by_hand(organization: Organization, *, client: InventClient) -> None:
    """Reads the open groups that people put together again: no list of Invent has them."""
    mine = Group.objects.of(organization).put_together()
    for group in mine.prefetch_related("members").order_by("-changed_at")[:MOST_BY_HAND_AT_ONCE]:
        seen = contacts_of(group)
        try:
            now = read_again(client, seen)
        except InventError as error:
            logger.warning("Group %s could not be read again: %s", group.pk, error.sentence)
            return
        if changes(seen, now):
            with transaction.atomic():
                # Locked: put aside a moment later, it would come back without a word.
                still = Group.objects.select_for_update().filter(pk=group.pk, state=GroupState.OPEN)
                if still.first():
                    follow(group.pk, now)
