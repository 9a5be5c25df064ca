"""What an exchange says: the answer, or the InventError with its sentence for an operator.

The statuses are those of invent-api.md, Conventions. Decided on the status alone: the body of an
error is unknown. 403 is none of them: whoever says so to a read refuses the key, but a firewall
that looks at answers says so to a write after it was done.
"""

from __future__ import annotations

import httpx

from mergeui.invent.errors import (
    BadRequest,
    NotFound,
    NotSent,
    OutcomeUnknown,
    OverBudget,
    RateLimited,
    RawAnswer,
    Rejected,
    Unauthorized,
    Unavailable,
)
from mergeui.invent.wire import Exchange, TooLong, retry_after_seconds
from mergeui.said import Said

OK = 200
FORBIDDEN = 403

NOT_READ = Said("Invent could not be read: {reason}.")
NOT_REACHED = Said("Invent could not be reached: no connection was made, so nothing was sent.")
UNKNOWN = Said("It is not known whether Invent did this: {reason}.")
BAD_REQUEST = Said("Invent did not take this request (400) and did nothing.")
KEY_REFUSED = Said(
    "Invent refused the API key ({status}) and did nothing: an administrator should check the key"
    " and what it may do."
)
# Stored before keys could be entered on the desk.
_KEY_REFUSED_BEFORE = Said(
    "Invent refused the API key ({status}) and did nothing: an administrator should check"
    " INVENT_API_KEY and what it may do."
)
NOT_FOUND = Said(
    "Invent knows no such contact or organisation (404) and did nothing: it may have been merged or"
    " removed, or be out of the key's reach."
)
TOO_MANY = Said("Invent is getting too many requests (429) and did nothing: try again in a minute.")
# The reasons, as they complete a sentence.
TOO_LONG = Said("its answer was too long or too slow")
TIMED_OUT = Said("it did not answer in time")
NO_CONNECTION = Said("no connection could be made")
NOT_UNPACKED = Said("its answer could not be unpacked")
BROKEN_OFF = Said("the connection broke off")
REDIRECTED = Said("it pointed to another address ({status}), which is not followed")
WITH_STATUS = Said("it answered with status {status}")
NO_SENSE = Said("its answer made no sense")


def read_answer(got: Exchange) -> RawAnswer:
    """The whole 200 answer to a read; raises Rejected or Unavailable."""
    if got.answer and (refused := _refusal(got.answer)):
        raise refused from got.error
    if got.answer and got.answer.status == FORBIDDEN:
        raise _key_refused(got.answer) from got.error
    if got.answer and got.answer.status == OK and not got.error:
        return got.answer
    raise Unavailable(NOT_READ(reason=_reason(got)), answer=got.answer) from got.error


def write_answer(got: Exchange) -> RawAnswer:
    """The whole 200 answer to a write; raises NotSent, Rejected or OutcomeUnknown."""
    if got.never_connected:
        raise NotSent(NOT_REACHED()) from got.error
    if got.answer and (refused := _refusal(got.answer)):
        raise refused from got.error
    if got.answer and got.answer.status == OK and not got.error:
        return got.answer
    raise unknown(_reason(got), got.answer) from got.error


def unknown(reason: str, answer: RawAnswer | None) -> OutcomeUnknown:
    """The error for a write that may have happened; `reason` completes the sentence."""
    return OutcomeUnknown(UNKNOWN(reason=reason), answer=answer)


def worth_another_try(error: BaseException) -> bool:
    """Whether a read that failed with `error` may go well a little later.

    Not when the budget was the trouble: that has been waited for already.
    """
    if isinstance(error, OverBudget):
        return False
    if isinstance(error, Unavailable):
        return error.status is None or error.status in (OK, 408, 425) or error.status >= 500
    return isinstance(error, RateLimited)


def _refusal(answer: RawAnswer) -> Rejected | None:
    match answer.status:
        case 400:
            return BadRequest(BAD_REQUEST(), answer=answer)
        case 401:
            return _key_refused(answer)
        case 404:
            return NotFound(NOT_FOUND(), answer=answer)
        case 429:
            return RateLimited(TOO_MANY(), retry_after=retry_after_seconds(answer), answer=answer)
    return None


def _key_refused(answer: RawAnswer) -> Unauthorized:
    return Unauthorized(KEY_REFUSED(status=answer.status), answer=answer)


def _reason(got: Exchange) -> str:
    if isinstance(got.error, TooLong):
        return TOO_LONG()
    if isinstance(got.error, httpx.TimeoutException):
        return TIMED_OUT()
    if got.never_connected:
        return NO_CONNECTION()
    if isinstance(got.error, httpx.DecodingError):
        return NOT_UNPACKED()
    if got.error or not got.answer:
        return BROKEN_OFF()
    if 300 <= got.answer.status < 400:
        return REDIRECTED(status=got.answer.status)
    return WITH_STATUS(status=got.answer.status)
