"""What an exchange says: the answer, or the InventError with its sentence for an operator.

The statuses are those of invent-api.md, Conventions. Decided on the status alone: the body of an
error is unknown.
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

OK = 200


def read_answer(got: Exchange) -> RawAnswer:
    """The whole 200 answer to a read; raises Rejected or Unavailable."""
    if got.answer and (refused := _refusal(got.answer)):
        raise refused from got.error
    if got.answer and got.answer.status == OK and not got.error:
        return got.answer
    raise Unavailable(
        f"Invent could not be read: {_reason(got)}.", answer=got.answer
    ) from got.error


def write_answer(got: Exchange) -> RawAnswer:
    """The whole 200 answer to a write; raises NotSent, Rejected or OutcomeUnknown."""
    if got.never_connected:
        raise NotSent(
            "Invent could not be reached: no connection was made, so nothing was sent."
        ) from got.error
    if got.answer and (refused := _refusal(got.answer)):
        raise refused from got.error
    if got.answer and got.answer.status == OK and not got.error:
        return got.answer
    raise unknown(_reason(got), got.answer) from got.error


def unknown(reason: str, answer: RawAnswer | None) -> OutcomeUnknown:
    """The error for a write that may have happened; `reason` completes the sentence."""
    return OutcomeUnknown(f"It is not known whether Invent did this: {reason}.", answer=answer)


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
            return BadRequest(
                "Invent did not take this request (400) and did nothing.", answer=answer
            )
        case 401 | 403 as status:
            return Unauthorized(
                f"Invent refused the API key ({status}) and did nothing: an administrator should"
                " check INVENT_API_KEY and what it may do.",
                answer=answer,
            )
        case 404:
            return NotFound(
                "Invent knows no such contact or organisation (404) and did nothing: it may have"
                " been merged or removed, or be out of the key's reach.",
                answer=answer,
            )
        case 429:
            return RateLimited(
                "Invent is getting too many requests (429) and did nothing: try again in a minute.",
                retry_after=retry_after_seconds(answer),
                answer=answer,
            )
    return None


def _reason(got: Exchange) -> str:
    if isinstance(got.error, TooLong):
        return "its answer was too long or too slow"
    if isinstance(got.error, httpx.TimeoutException):
        return "it did not answer in time"
    if got.never_connected:
        return "no connection could be made"
    if isinstance(got.error, httpx.DecodingError):
        return "its answer could not be unpacked"
    if got.error or not got.answer:
        return "the connection broke off"
    if 300 <= got.answer.status < 400:
        return f"it pointed to another address ({got.answer.status}), which is not followed"
    return f"it answered with status {got.answer.status}"
