"""`manage.py backup`: the whole database into a file, while the desk runs."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mergeui.merging.backup import BackupFailed, back_up


class Command(BaseCommand):
    """Writes one backup, and deletes those that are no longer kept."""

    help = "Backs the database up into a directory. It holds everybody's data: keep it safe."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to, and how many are kept."""
        parser.add_argument("directory", type=Path)
        parser.add_argument("--keep", type=int, help="delete all but so many of the newest")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["keep"] is not None and options["keep"] < 1:
            raise CommandError("--keep: it takes a number from 1 on.")
        try:
            done = back_up(options["directory"], keep=options["keep"])
        except BackupFailed as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{done} ({done.stat().st_size:,} bytes)")
