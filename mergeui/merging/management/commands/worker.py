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
from django.db import DatabaseError, OperationalError, connection

from mergeui import telemetry
from mergeui.accounts.models import Organization
from mergeui.audit.anchor import BadAnchor
from mergeui.errors import Problem
from mergeui.invent import InventError
from mergeui.merging.alive import Pulse
from mergeui.merging.clients import Clients
from mergeui.merging.gap import look_when_wanted
from mergeui.merging.hands import Hands
from mergeui.merging.journal import JournalFailed
from mergeui.merging.mail import send_due
from mergeui.merging.retention import Broom
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
from mergeui.sqlite3.base import give_way

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
# What was sent is written down already, or its own line has said that it is not.
REFUSED = "The database refused what the worker had to write, so nothing was sent"
MAIL_PAUSE_SECONDS = 5.0
# How many requests of one organisation are worked off before the next one has its turn, and before
# the worker looks at the clock and at what else there is to do.
A_TURN = 20
# A sync of an organisation that Invent is slow for takes minutes; the others are read beside it. A
# run is executed by whoever begins it, so these take what is left by one another.
SYNCS_AT_ONCE = 3


class Stopped(Exception):
    """The worker is to end, so the sync in hand is given up."""


class Command(BaseCommand):
    """Runs until SIGTERM or SIGINT, which end it after the call in hand."""

    help = "Executes approved merge requests, reconciles unknown ones, syncs on schedule."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Adds `--once` and `--journal-lost`."""
        parser.add_argument("--once", action="store_true", help="do what is due now, then end")
        parser.add_argument(
            "--journal-lost",
            action="store_true",
            help="the MERGE_JOURNAL that merges were halted for is lost for good: an approver may"
            " let them go on without a look at what it named",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # A plain flag: an Event may be locked by the very wait that the signal interrupts.
        self.stopping = False
        self.journal_lost = bool(options["journal_lost"])
        self.hands = Hands(settings.MERGE_AT_ONCE)
        telemetry.start()
        give_way()
        try:
            check_durable()
            organizations = Organization.objects.served()
            for organization in organizations:
                check_memory(organization)
            if not organizations:
                Organization.objects.configured().api_key()  # says what is missing
        except (NotDurable, JournalFailed, BadAnchor, Problem) as problem:
            raise CommandError(str(problem)) from problem
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.ask_to_stop)
        self.known = {one.pk for one in organizations}
        with Clients(arrives=self.meet) as clients:
            if options["once"]:
                self.run_once(clients)
            else:
                self.run_until_stopped(clients)

    def meet(self, organization: Organization) -> None:
        """Looks at what the database remembers of an organisation that came while this runs."""
        if organization.pk not in self.known:
            check_memory(organization)
            self.known.add(organization.pk)

    def run_once(self, clients: Clients) -> None:
        """Does what is due now; asked to stop, it leaves the rest."""
        try:
            for organization, client in clients.served():
                sync_when_due(organization, client=client, progress=self.stop_between_pages)
            watch_history()
            while self.one_round(clients) and self.goes_on():
                pass
        except Stopped:
            return
        except NotWritten as error:
            raise CommandError(str(error)) from error
        except OperationalError as error:
            raise CommandError(f"{REFUSED}: {first_line(error)}") from error
        if settings.NOTIFY_BY_EMAIL:
            self.send_mails()

    def one_round(self, clients: Clients, go_on: Callable[[], bool] | None = None) -> bool:
        """What the clock, a person or an approval makes due; whether some may be left."""
        go_on = go_on or self.goes_on
        go_on()
        tidy()
        for organization, client in clients.served():
            with suppress(InventError):
                look_when_wanted(organization, client=client, journal_lost=self.journal_lost)
        return self.in_turn(clients, partial(work_off, go_on=go_on))

    def in_turn(self, clients: Clients, work: Callable[..., int]) -> bool:
        """`work` for each organisation in its turn. Whether some may be left."""
        served, done = list(clients.served()), []
        numbers = [organization.pk for organization, _ in served]
        for organization, client in served:
            with self.hands.lent(organization.pk, served=numbers) as granted:
                if granted:
                    done.append(work(organization, client=client, most=A_TURN))
        return A_TURN in done

    def run_until_stopped(self, clients: Clients) -> None:
        """Merges in some threads, syncs in others: a long sync must not hold up a merge."""
        self.stdout.write("The worker is running. Ctrl-C ends it.")
        self.stdout.flush()
        work: list[Callable[[], None]] = [partial(self.sync_loop, n) for n in range(SYNCS_AT_ONCE)]
        if settings.NOTIFY_BY_EMAIL:
            work.append(self.mail_loop)
        # What takes the time of a merge is to wait for Invent's answers; each waits for its own.
        work += [self.merge_loop] * (settings.MERGE_AT_ONCE - 1)
        threads = [threading.Thread(target=one) for one in work]
        for thread in threads:
            thread.start()
        pulse, broom = Pulse(), Broom()
        self.again_and_again(partial(self.live_round, clients, pulse, broom))
        for thread in threads:
            thread.join()
        with suppress(DatabaseError):
            pulse.stop()

    def live_round(self, clients: Clients, pulse: Pulse, broom: Broom) -> bool:
        """One round, by a worker that says that it is alive, also between two merges."""
        broom.sweep()
        return self.one_round(clients, go_on=partial(self.beats, pulse))

    def beats(self, pulse: Pulse) -> bool:
        """Says so, and whether to go on."""
        pulse.beat()
        return self.goes_on()

    def merge_loop(self) -> None:
        """Executes what is due, beside the thread that does everything else too."""
        with Clients(arrives=self.meet) as clients:
            self.again_and_again(partial(self.merges, clients))
        connection.close()

    def merges(self, clients: Clients) -> bool:
        """What is due of each organisation in its turn; whether some may be left."""
        return self.in_turn(clients, partial(execute_due, go_on=self.goes_on))

    def again_and_again(self, step: Callable[[], bool]) -> None:
        """Takes a step each second until the worker is to stop, whatever goes wrong in it.

        At once again when the step says that something may be left.
        """
        while self.goes_on():
            left = False
            try:
                left = step()
            except NotWritten as error:
                logger.critical("%s", error)
            except OperationalError as error:
                logger.critical("%s: %s", REFUSED, first_line(error))
                connection.close_if_unusable_or_obsolete()
            except Exception:
                # Such as a database that is away for a moment: nothing is lost, go on later.
                logger.exception("The worker goes on after an error.")
                connection.close_if_unusable_or_obsolete()
            if not left:
                time.sleep(PAUSE_SECONDS)

    def sync_loop(self, beside: int = 0) -> None:
        """Syncs what is due and nobody else syncs now, until the worker is to stop.

        `beside` so many other threads that do it too: for fewer organisations they are enough.
        """
        with suppress(Stopped), Clients(sleep=self.nap) as clients:
            while True:
                try:
                    served = list(clients.served())
                    for organization, client in served if len(served) > beside else ():
                        sync_when_due(organization, client=client, progress=self.stop_between_pages)
                    if not beside:
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

    def send_mails(self) -> None:
        """Sends the mails that are due, also of an organisation that has no key."""
        for organization in Organization.objects.order_by("pk"):
            send_due(organization, go_on=self.goes_on)

    def mail_loop(self) -> None:
        """Sends the mails that are due, in a thread of its own: a mail server may be slow."""
        with suppress(Stopped):
            while True:
                try:
                    self.send_mails()
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
