"""`manage.py restore`: a backup put back in place of all that is in the database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mergeui.audit.anchor import BadAnchor
from mergeui.audit.verify import verify
from mergeui.merging.backup import BackupFailed, check, put_back
from mergeui.merging.journal import JournalFailed


class Command(BaseCommand):
    """Looks at the backup; with --confirm it replaces the database."""

    help = "Replaces the database by a backup. Stop web and workers first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The backup, and the word that does it."""
        parser.add_argument("backup", type=Path)
        parser.add_argument("--confirm", action="store_true", help="replace the database")

    def handle(self, *args: Any, **options: Any) -> None:
        backup = options["backup"]
        try:
            if not backup.is_file():
                raise BackupFailed(f"There is no file {backup}.")
            check(backup)
            if not options["confirm"]:
                raise CommandError(
                    f"{backup} is whole. Nothing was changed. Add --confirm to replace all that is"
                    " in the database by it."
                )
            stopped = put_back(backup)
        except (BackupFailed, JournalFailed, BadAnchor) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"The database is as it was in {backup}.")
        broken = verify().broken
        if broken:
            raise CommandError(f"Its history is broken: {broken}")
        for organization in stopped:
            self.stdout.write(
                f"{organization}: merges were made after this backup. None is executed before an"
                " approver has opened /halt/ and let the worker look at Invent."
            )
