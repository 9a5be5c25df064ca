"""`manage.py sync`: mirrors Invent's duplicate groups once (interface.md, Commands)."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from mergeui.accounts.models import Organization
from mergeui.audit.actor import Actor
from mergeui.connect import connect
from mergeui.errors import Problem
from mergeui.review.models import SyncRun
from mergeui.review.sync import request_sync, sync
from mergeui.sqlite3.base import give_way


class Command(BaseCommand):
    """Exits with 0, or with 1 and one line when Invent can't be read."""

    help = "Mirrors Invent's duplicate groups once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Adds `--organization`."""
        parser.add_argument(
            "--organization", default="", help="its number, name or id in Invent (see `org list`)"
        )

    def handle(self, *args: Any, organization: str = "", **options: Any) -> None:
        give_way()
        try:
            self.mirror(Organization.objects.called(organization))
        except Problem as problem:
            raise CommandError(problem.sentence) from problem

    def mirror(self, organization: Organization) -> None:
        """One sync, with its progress. Raises Problem."""
        by_user = Actor.system(organization)
        with (
            connect(organization) as client,
            tqdm(desc="Groups", unit=" groups", leave=False, disable=None) as bar,
        ):

            def progress(run: SyncRun) -> None:
                bar.total = run.groups_listed
                bar.update(run.groups_read - bar.n)

            run = request_sync(organization, by_user=by_user)
            sync(run, client=client, by_user=by_user, progress=progress)
        self.stdout.write(
            f"{run.groups_read} groups read: {run.new} new, {run.changed} changed,"
            f" {run.unchanged} as before, {run.vanished} no longer suggested."
        )
