"""When the database can't write: a full disk, a history that refuses an entry.

design.md, rule 2: no entry, no call. Before a call the request is given back, and nothing was
sent; after it the attempt stays *sending*, so that its lease runs out, it becomes unknown, and what
became of it is read back. Never is anything sent again for it.
"""

from contextlib import suppress
from typing import NoReturn

from django.db import DatabaseError

from mergeui.audit.canonical import one_line
from mergeui.errors import Stale
from mergeui.merging.claimed import Claimed
from mergeui.merging.lease import LeaseLost
from mergeui.merging.models import MergeRequest
from mergeui.merging.outcome import Outcome
from mergeui.said import Said

CALL = Said("The database could not write the call down ({error}), so nothing was sent.")
ANSWER = Said(
    "Request {number}: the database could not write down what came of the call, which was sent"
    " ({error}). It is not sent again: what became of it is read back. {answer}"
)


class NotWritten(Exception):
    """What is to be written down could not be; the text says what that means for the merge."""


def call_unwritten(claimed: Claimed, error: DatabaseError) -> NoReturn:
    """Gives the request back, as far as the database still can. Raises NotWritten."""
    words = CALL(error=first_line(error))
    with suppress(DatabaseError, LeaseLost, Stale):  # its lease runs out instead
        claimed.postpone(words)
    raise NotWritten(f"Request {claimed.request.pk}: {words}") from error


def answer_unwritten(request: MergeRequest, outcome: Outcome, error: DatabaseError) -> NoReturn:
    """Says what came, because the log is the only place that has it. Raises NotWritten."""
    status = (outcome.answer or {}).get("status")
    came = f"Invent answered {status}." if status else outcome.reason
    words = ANSWER(number=request.pk, error=first_line(error), answer=came)
    raise NotWritten(words) from error


def first_line(error: DatabaseError) -> str:
    """What the database says, on one line."""
    lines = str(error).strip().splitlines()
    return one_line(lines[0] if lines else type(error).__name__, 200)
