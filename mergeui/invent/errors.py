"""What can go wrong with Invent, and what each case says about the contacts.

    InventError
    ├── NotSent             no connection was made: nothing reached Invent (design.md, rule 4)
    ├── Rejected            a documented refusal: Invent did nothing
    │   ├── BadRequest      400
    │   ├── Unauthorized    401, and 403 to a read
    │   ├── NotFound        404
    │   └── RateLimited     429, with `retry_after` in seconds when Invent said so
    ├── OutcomeUnknown      a write that may or may not have happened: never send it again
    ├── Unavailable         a read failed, or its answer made no sense, after all its tries
    │   └── OverBudget      the request budget of this host is used up for now
    └── Malformed           a value does not have the shape of invent-api.md, Shapes

    InvalidMerge (ValueError)   a merge call that must never leave this machine; nothing was sent

Only NotSent and Rejected say that a write did not happen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mergeui.said import Said

EXCERPT_LENGTH = 200

UNEXPECTED = Said("Invent sent something unexpected: {path} should be {wanted}, {seen}.")
MISSING = Said("it is missing or null")
A_LIST = Said("got a list of {number}")
AN_OBJECT = Said("got an object of {number}")
A_VALUE = Said("got {excerpt}")
# What a value should be, as it completes the sentence of Malformed.
OBJECT = Said("an object")
SHALLOW = Said("nested less deeply")
LIST = Said("a list")
ID = Said("an id (text, not empty)")
TEXT = Said("text")
BOOLEAN = Said("true or false")
JSON = Said("JSON")


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An HTTP answer as it came, for the history: storable text, no secrets.

    `headers` holds only harmless ones, with lower-case names. `body` is decoded leniently and
    bounded; `truncated` says that more had come. `elapsed_seconds` runs from the first byte sent.
    """

    status: int
    headers: Mapping[str, str]
    body: str
    truncated: bool
    elapsed_seconds: float


class InventError(Exception):
    """The base of all that Invent or the way to it can do wrong.

    `sentence` is for an operator. `status` is Invent's HTTP status, None when there was none.
    `excerpt` is at most 200 printable characters of the answer. `answer` is the whole answer
    when one came, for the history.
    """

    def __init__(
        self,
        sentence: str,
        *,
        status: int | None = None,
        excerpt: str = "",
        answer: RawAnswer | None = None,
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = answer.status if answer and status is None else status
        self.excerpt = printable_excerpt(excerpt or (answer.body if answer else ""))
        self.answer = answer


class NotSent(InventError):
    """No connection was made, so nothing was sent: the call may be made again."""


class Rejected(InventError):
    """Invent refused with a documented status and did nothing (invent-api.md, Conventions)."""


class BadRequest(Rejected):
    """400: a parameter or an id that Invent does not take."""


class Unauthorized(Rejected):
    """401, or 403 to a read: the key is missing, wrong, or may not do this."""


class NotFound(Rejected):
    """404: there is no such contact, or it is out of the key's reach."""


class RateLimited(Rejected):
    """429: too many requests. `retry_after` is in seconds, None when Invent did not say."""

    def __init__(
        self,
        sentence: str,
        *,
        retry_after: float | None = None,
        status: int | None = None,
        excerpt: str = "",
        answer: RawAnswer | None = None,
    ) -> None:
        super().__init__(sentence, status=status, excerpt=excerpt, answer=answer)
        self.retry_after = retry_after


class OutcomeUnknown(InventError):
    """A write was sent and its outcome is not known: read back, never send again."""


class Unavailable(InventError):
    """A read failed after all its tries, or the answer made no sense. Nothing was changed."""


class OverBudget(Unavailable):
    """The request budget is used up, or can't be told, so nothing was sent for now."""


class Malformed(InventError):
    """A value is not of the documented shape. `path` names the place, e.g. `channels[2].id`."""

    def __init__(self, path: str, wanted: str, got: object) -> None:
        self.path = path
        super().__init__(UNEXPECTED(path=path, wanted=wanted, seen=_say(got)))


class InvalidMerge(ValueError):
    """A merge that must not be sent: the message says why. Nothing has left this machine."""


def printable_excerpt(text: str) -> str:
    """The start of `text` on one line, at most 200 characters, unprintable ones replaced."""
    start = " ".join(text[: EXCERPT_LENGTH * 4].split())
    return "".join(c if c.isprintable() else "\ufffd" for c in start[:EXCERPT_LENGTH])


def _say(got: object) -> str:
    # Never more than a glimpse: what was got is a stranger's data.
    if got is None:
        return MISSING()
    if isinstance(got, list | dict):
        return (A_LIST if isinstance(got, list) else AN_OBJECT)(number=len(got))
    return A_VALUE(excerpt=printable_excerpt(ascii(got))[:40])
