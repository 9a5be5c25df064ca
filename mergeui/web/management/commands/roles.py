"""manage.py roles: who may do what, as docs/roles.md has it."""

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand

from mergeui.web.matrix import EVERYBODY, addresses, table

HEAD = """\
# Who may do what

Made by `make roles` from `mergeui/web/matrix.py`; a test walks every address as everybody and \
compares.

A *stranger* is an admin of another organisation.

| mark | means |
|---|---|
| yes | theirs: the page is shown; the form is taken, or refused for what is in it. To a stranger \
it shows, and changes, their own organisation alone |
| sign in | sent to the sign-in, and from there to the page; what was typed is kept |
| 403 | not their role; a sentence says which it takes |
| 404 | nothing there: the same as for what does not exist |

GET is looking, POST is doing. An address that has no line for one of them answers it with 405, \
whoever asks, and so does every address for any other method.
"""
WORDS = {"in": "sign in"}


class Command(BaseCommand):
    help = "Prints who may do what at which address, as a table in Markdown."

    def handle(self, **options: Any) -> None:
        """Prints it."""
        self.stdout.write(f"{HEAD}\n")
        for line in _lines():
            self.stdout.write(line)


def _lines() -> Iterator[str]:
    yield "| | address | " + " | ".join(EVERYBODY) + " |"
    yield "|---" * (2 + len(EVERYBODY)) + "|"
    marks = table()
    for address in addresses():
        for method, said in marks[address.name].items():
            words = [WORDS.get(mark, mark) for mark in said.values()]
            if set(words) != {"-"}:
                yield f"| {method} | `{address.shown}` | " + " | ".join(words) + " |"
