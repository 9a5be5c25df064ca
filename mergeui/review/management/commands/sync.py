"""`manage.py sync`: mirrors Invent's duplicate groups once (interface.md, Commands)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from mergeui.accounts.models import Organization
from mergeui.audit.actor import Actor
from mergeui.connect import connect
from mergeui.errors import Problem
from mergeui.review.models import SyncRun
from mergeui.review.sync import request_sync, sync


class Command(BaseCommand):
    """Exits with 0, or with 1 and one line when Invent can't be read."""

    help = "Mirrors Invent's duplicate groups once."

    def handle(self, *args: Any, **options: Any) -> None:
        organization = Organization.objects.configured()
        by_user = Actor.system(organization)
        try:
            with (
                connect(organization.invent_org_id) as client,
                tqdm(desc="Groups", unit=" groups", leave=False, disable=None) as bar,
            ):

                def progress(run: SyncRun) -> None:
                    bar.total = run.groups_listed
                    bar.update(run.groups_read - bar.n)

                run = request_sync(organization, by_user=by_user)
                sync(run, client=client, by_user=by_user, progress=progress)
        except Problem as problem:
            raise CommandError(problem.sentence) from problem
        self.stdout.write(
            f"{run.groups_read} groups read: {run.new} new, {run.changed} changed,"
            f" {run.unchanged} as before, {run.vanished} no longer suggested."
        )
