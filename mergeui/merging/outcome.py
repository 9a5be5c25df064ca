"""What the answer to a merge call says about the contacts: rule 4 of design.md, in one place.

no connection made                              not sent   may be sent again
400, 401, 404                                   refused    nothing was done: looked at all the same
429                                             refused    nothing was done: looked at, sent again
200 with every source                           merged
200 with fewer sources than were sent           partial    each source as the answer has it
200 with more contacts than were sent           partial    the others are known as merged away too
200 with none of those that were sent           unknown    it contradicts itself: read back
anything else that can come, or never comes     unknown    never sent again, read back
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from mergeui.invent import (
    Contact,
    InvalidMerge,
    InventClient,
    InventError,
    MergeAnswer,
    MergeCall,
    NotSent,
    RawAnswer,
    Rejected,
)
from mergeui.merging.lease import LeaseLost
from mergeui.merging.models import Attempt
from mergeui.said import Said

HELD_UP = Said("The worker was held up, so nothing was sent.")
BROKEN_OFF = Said("The call was broken off ({error}); it may have arrived.")
NONE_MERGED = Said("Invent answered that all went well, and that it merged none of the contacts.")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known after a call. `state` is one of `Attempt.State`, `code` a word for a machine.

    `answer` is the exact answer as JSON, None when none came. `merged` is the surviving contact.
    `unasked` are contacts that Invent says it merged although the call did not name them.
    `doubt` says why a refusal is not believed; empty when it is.
    """

    state: str
    reason: str = ""
    code: str = ""
    answer: dict[str, Any] | None = None
    merged_ids: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()
    merged: Contact | None = None
    error: InventError | None = None
    doubt: str = ""

    @classmethod
    def not_sent(cls, reason: str) -> Self:
        """Nothing has left this machine."""
        return cls(Attempt.State.NOT_SENT, reason=reason, code="not_sent")


def send(client: InventClient, call: MergeCall, *, last_check: Callable[[], None]) -> Outcome:
    """Sends a prepared call, once, and says what is known. Raises nothing.

    `last_check` is asked immediately before the first byte; it raises LeaseLost to stop.
    """
    try:
        answer = client.send_merge(call, last_check=last_check)
    except LeaseLost:
        return Outcome.not_sent(HELD_UP())
    except (NotSent, Rejected) as error:
        state = Attempt.State.NOT_SENT if isinstance(error, NotSent) else Attempt.State.REFUSED
        return _of_error(state, error)
    except InvalidMerge as error:
        return Outcome.not_sent(str(error))
    except InventError as error:
        return _of_error(Attempt.State.UNKNOWN, error)
    except Exception as error:  # noqa: BLE001 - whatever happened, the call may have arrived
        reason = BROKEN_OFF(error=type(error).__name__)
        return Outcome(Attempt.State.UNKNOWN, reason=reason, code=type(error).__name__)
    return _of_answer(answer, call)


def _of_error(state: Attempt.State, error: InventError) -> Outcome:
    return Outcome(
        state,
        reason=error.sentence,
        code=type(error).__name__,
        answer=as_json(error.answer) if error.answer else None,
        error=error,
    )


def _of_answer(answer: MergeAnswer, call: MergeCall) -> Outcome:
    named = dict.fromkeys(answer.result.merged_contact_ids)
    merged_ids = tuple(i for i in call.source_ids if i in named)
    # Only inferred: that the primary is not among them. So it may be.
    unasked = tuple(i for i in named if i not in {*call.source_ids, call.primary_id})
    if not merged_ids:
        # A success that did nothing contradicts itself, so it proves nothing either.
        return Outcome(
            Attempt.State.UNKNOWN,
            reason=NONE_MERGED(),
            code="none_merged",
            answer=as_json(answer),
            unasked=unasked,
        )
    exactly = len(merged_ids) == len(call.source_ids) and not unasked
    return Outcome(
        Attempt.State.MERGED if exactly else Attempt.State.PARTIAL,
        answer=as_json(answer),
        merged_ids=merged_ids,
        unasked=unasked,
        merged=answer.result.merged,
    )


def as_json(answer: RawAnswer) -> dict[str, Any]:
    """An answer as it is kept for years: exact, without secrets."""
    return {
        "status": answer.status,
        "headers": dict(answer.headers),
        "body": answer.body,
        "truncated": answer.truncated,
        "seconds": round(answer.elapsed_seconds, 3),
    }
