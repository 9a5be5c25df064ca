"""What the answer to a merge call says about the contacts: rule 4 of design.md, in one place.

no connection made                              not sent   may be sent again
400, 401, 403, 404, 429                         refused    nothing was done
200 with every source                           merged
200 with fewer sources than were sent           partial
anything else that can come, or never comes     unknown    never sent again, read back
"""

from collections.abc import Sequence
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
from mergeui.merging.models import Attempt


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known after a call. `state` is one of `Attempt.State`, `code` a word for a machine.

    `answer` is the exact answer as JSON, None when none came. `merged` is the surviving contact.
    """

    state: str
    reason: str = ""
    code: str = ""
    answer: dict[str, Any] | None = None
    merged_ids: tuple[str, ...] = ()
    merged: Contact | None = None
    error: InventError | None = None

    @classmethod
    def not_sent(cls, reason: str) -> Self:
        """Nothing has left this machine."""
        return cls(Attempt.State.NOT_SENT, reason=reason, code="not_sent")


def send(client: InventClient, call: MergeCall) -> Outcome:
    """Sends a prepared call, once, and says what is known. Raises nothing."""
    try:
        answer = client.send_merge(call)
    except (NotSent, Rejected) as error:
        state = Attempt.State.NOT_SENT if isinstance(error, NotSent) else Attempt.State.REFUSED
        return _of_error(state, error)
    except InvalidMerge as error:
        return Outcome.not_sent(str(error))
    except InventError as error:
        return _of_error(Attempt.State.UNKNOWN, error)
    except Exception as error:  # noqa: BLE001 - whatever happened, the call may have arrived
        reason = f"The call was broken off ({type(error).__name__}); it may have arrived."
        return Outcome(Attempt.State.UNKNOWN, reason=reason, code=type(error).__name__)
    return _of_answer(answer, call.source_ids)


def _of_error(state: Attempt.State, error: InventError) -> Outcome:
    return Outcome(
        state,
        reason=error.sentence,
        code=type(error).__name__,
        answer=as_json(error.answer) if error.answer else None,
        error=error,
    )


def _of_answer(answer: MergeAnswer, sent: Sequence[str]) -> Outcome:
    merged_ids = tuple(i for i in answer.result.merged_contact_ids if i in sent)
    whole = set(merged_ids) == set(sent)
    return Outcome(
        Attempt.State.MERGED if whole else Attempt.State.PARTIAL,
        answer=as_json(answer),
        merged_ids=merged_ids,
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
