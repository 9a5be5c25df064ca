"""`manage.py partition_history`: a table a month, on PostgreSQL (docs/history.md)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from mergeui.audit.partitions import part
from mergeui.errors import Problem


class Command(BaseCommand):
    """Parts the history; exit code 0 when it is done, 1 when nothing was changed."""

    help = "Keeps the history in a table a month (PostgreSQL; stop web and worker meanwhile)."

    def handle(self, *args: Any, **options: Any) -> None:
        """Parts it and says what is where."""
        try:
            last = part()
        except Problem as problem:
            raise CommandError(problem.sentence) from problem
        except DatabaseError as error:
            reason = str(error).strip().splitlines()[0]
            raise CommandError(f"Nothing was changed: {reason}") from error
        self.stdout.write(
            f"Entries 1 to {last} are the first part. The worker begins a new one each month."
            " Now grant the app's role its rights anew (docs/history.md), and run verify_audit."
        )
