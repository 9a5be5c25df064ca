"""`manage.py worker`: executes approved requests, reconciles, syncs on schedule."""

import logging
import signal
import threading
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from mergeui.accounts.models import Organization
from mergeui.connect import connect
from mergeui.errors import Problem
from mergeui.merging.worker import NotDurable, check_durable, sync_when_due, tidy, work_off
from mergeui.review.models import SyncRun

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0


class Stopped(Exception):
    """The worker is to end, so the sync in hand is given up."""


class Command(BaseCommand):
    """Runs until SIGTERM or SIGINT, which end it after the call in hand."""

    help = "Executes approved merge requests, reconciles unknown ones, syncs on schedule."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Adds `--once`."""
        parser.add_argument("--once", action="store_true", help="do what is due now, then end")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stop = threading.Event()
        try:
            check_durable()
            organization = Organization.objects.configured()
            with connect(organization.invent_org_id) as client:
                if options["once"]:
                    sync_when_due(organization, client=client)
                    tidy()
                    work_off(organization, client=client)
                    return
        except (NotDurable, Problem) as problem:
            raise CommandError(str(problem)) from problem
        self.run_until_stopped(organization)

    def run_until_stopped(self, organization: Organization) -> None:
        """Merges in this thread, syncs in another: a long sync must not hold up a merge."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.ask_to_stop)
        self.stdout.write("The worker is running. Ctrl-C ends it.")
        self.stdout.flush()
        syncing = threading.Thread(target=self.sync_loop, args=[organization], name="sync")
        syncing.start()
        with connect(organization.invent_org_id) as client:
            while not self.stop.is_set():
                try:
                    tidy()
                    work_off(organization, client=client, go_on=lambda: not self.stop.is_set())
                except Exception:
                    # Such as a database that is away for a moment: nothing is lost, go on later.
                    logger.exception("The worker goes on after an error.")
                    connection.close_if_unusable_or_obsolete()
                self.stop.wait(PAUSE_SECONDS)
        syncing.join()

    def sync_loop(self, organization: Organization) -> None:
        """Syncs when it is due, until the worker is to stop."""
        with connect(organization.invent_org_id) as client:
            while not self.stop.is_set():
                try:
                    sync_when_due(organization, client=client, progress=self.stop_between_pages)
                except Stopped:
                    break
                except Exception:
                    logger.exception("The sync goes on after an error.")
                    connection.close_if_unusable_or_obsolete()
                self.stop.wait(PAUSE_SECONDS)
        connection.close()

    def stop_between_pages(self, run: SyncRun) -> None:
        """Ends a sync early when the worker is to stop; the next one starts anew."""
        if self.stop.is_set():
            raise Stopped

    def ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        """A signal only sets the flag: the call in hand is finished first."""
        self.stop.set()
