"""`manage.py worker`: executes approved requests, reconciles, syncs on schedule."""

import logging
import signal
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection

from mergeui.accounts.models import Organization
from mergeui.audit.anchor import BadAnchor
from mergeui.connect import connect
from mergeui.errors import Problem
from mergeui.invent import InventClient, InventError
from mergeui.merging.gap import look_when_wanted
from mergeui.merging.journal import JournalFailed
from mergeui.merging.mail import send_due
from mergeui.merging.standing import check_memory
from mergeui.merging.unwritten import NotWritten, first_line
from mergeui.merging.worker import (
    NotDurable,
    check_durable,
    execute_due,
    sync_when_due,
    tidy,
    watch_history,
    work_off,
)
from mergeui.review.models import SyncRun

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
# What was sent is written down already, or its own line has said that it is not.
REFUSED = "The database refused what the worker had to write, so nothing was sent"
MAIL_PAUSE_SECONDS = 5.0


class Stopped(Exception):
    """The worker is to end, so the sync in hand is given up."""


class Command(BaseCommand):
    """Runs until SIGTERM or SIGINT, which end it after the call in hand."""

    help = "Executes approved merge requests, reconciles unknown ones, syncs on schedule."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Adds `--once`."""
        parser.add_argument("--once", action="store_true", help="do what is due now, then end")

    def handle(self, *args: Any, **options: Any) -> None:
        # A plain flag: an Event may be locked by the very wait that the signal interrupts.
        self.stopping = False
        try:
            check_durable()
            organization = Organization.objects.configured()
            check_memory(organization)
            client = connect(organization.invent_org_id)
        except (NotDurable, JournalFailed, BadAnchor, Problem) as problem:
            raise CommandError(str(problem)) from problem
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.ask_to_stop)
        with client:
            if options["once"]:
                self.run_once(organization, client)
            else:
                self.run_until_stopped(organization, client)

    def run_once(self, organization: Organization, client: InventClient) -> None:
        """Does what is due now; asked to stop, it leaves the rest."""
        try:
            sync_when_due(organization, client=client, progress=self.stop_between_pages)
            watch_history()
            self.one_round(organization, client)
        except Stopped:
            return
        except NotWritten as error:
            raise CommandError(str(error)) from error
        except OperationalError as error:
            raise CommandError(f"{REFUSED}: {first_line(error)}") from error
        if settings.NOTIFY_BY_EMAIL:
            send_due(organization, go_on=self.goes_on)

    def one_round(self, organization: Organization, client: InventClient) -> None:
        """What the clock, a person or an approval makes due."""
        tidy()
        with suppress(InventError):
            look_when_wanted(organization, client=client)
        work_off(organization, client=client, go_on=self.goes_on)

    def run_until_stopped(self, organization: Organization, client: InventClient) -> None:
        """Merges in some threads, syncs in another: a long sync must not hold up a merge."""
        self.stdout.write("The worker is running. Ctrl-C ends it.")
        self.stdout.flush()
        work: list[Callable[[], None]] = [partial(self.sync_loop, organization)]
        if settings.NOTIFY_BY_EMAIL:
            work.append(partial(self.mail_loop, organization))
        # What takes the time of a merge is to wait for Invent's answers; each waits for its own.
        work += [partial(self.merge_loop, organization, client)] * (settings.MERGE_AT_ONCE - 1)
        threads = [threading.Thread(target=one) for one in work]
        for thread in threads:
            thread.start()
        self.again_and_again(partial(self.one_round, organization, client))
        for thread in threads:
            thread.join()

    def merge_loop(self, organization: Organization, client: InventClient) -> None:
        """Executes what is due, beside the thread that does everything else too."""
        step = partial(execute_due, organization, client=client, go_on=self.goes_on)
        self.again_and_again(step)
        connection.close()

    def again_and_again(self, step: Callable[[], object]) -> None:
        """Takes a step each second until the worker is to stop, whatever goes wrong in it."""
        while self.goes_on():
            try:
                step()
            except NotWritten as error:
                logger.critical("%s", error)
            except OperationalError as error:
                logger.critical("%s: %s", REFUSED, first_line(error))
                connection.close_if_unusable_or_obsolete()
            except Exception:
                # Such as a database that is away for a moment: nothing is lost, go on later.
                logger.exception("The worker goes on after an error.")
                connection.close_if_unusable_or_obsolete()
            time.sleep(PAUSE_SECONDS)

    def sync_loop(self, organization: Organization) -> None:
        """Syncs when it is due, until the worker is to stop."""
        with suppress(Stopped), connect(organization.invent_org_id, sleep=self.nap) as client:
            while True:
                try:
                    sync_when_due(organization, client=client, progress=self.stop_between_pages)
                    watch_history()
                except Stopped:
                    raise
                except OperationalError as error:
                    logger.critical("The sync goes on later: %s", first_line(error))
                    connection.close_if_unusable_or_obsolete()
                except Exception:
                    logger.exception("The sync goes on after an error.")
                    connection.close_if_unusable_or_obsolete()
                self.nap(PAUSE_SECONDS)
        connection.close()

    def mail_loop(self, organization: Organization) -> None:
        """Sends the mails that are due, in a thread of its own: a mail server may be slow."""
        with suppress(Stopped):
            while True:
                try:
                    send_due(organization, go_on=self.goes_on)
                except Exception:
                    logger.exception("The mail goes on after an error.")
                    connection.close_if_unusable_or_obsolete()
                self.nap(MAIL_PAUSE_SECONDS)
        connection.close()

    def goes_on(self) -> bool:
        """Whether nobody has asked the worker to end."""
        return not self.stopping

    def nap(self, seconds: float) -> None:
        """Sleeps, but not on when the worker is to stop: Invent may say to wait for minutes."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.stop_between_pages()
            time.sleep(min(left, PAUSE_SECONDS / 2))

    def stop_between_pages(self, run: SyncRun | None = None) -> None:
        """Ends a sync early when the worker is to stop; the next one starts anew."""
        if self.stopping:
            raise Stopped

    def ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        """A signal only sets the flag: the call in hand is finished first."""
        self.stopping = True
