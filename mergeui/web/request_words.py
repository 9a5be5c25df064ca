"""The lists of merge requests and the states of one, in words and styles."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mergeui.invent.verdict import UNKNOWN
from mergeui.merging.models import UNSETTLED, MergeRequest, RequestState
from mergeui.merging.outcome import BROKEN_OFF
from mergeui.retold import retold

VIEWS = {
    "waiting": gettext_lazy("Waiting for me"),
    "mine": gettext_lazy("Asked by me"),
    "going": gettext_lazy("Going on"),
    "person": gettext_lazy("Needs a person"),
    "consent": gettext_lazy("Opt-out lost"),
    "all": gettext_lazy("All"),
}
EMPTY = {
    "waiting": gettext_lazy("No merge waits for your approval."),
    "mine": gettext_lazy("You have not asked for a merge yet. Open a group in the queue to begin."),
    "going": gettext_lazy("No merge is going on."),
    "person": gettext_lazy("No merge needs a person: everything that was sent is accounted for."),
    "consent": gettext_lazy("No merge has lost an opt-out that is not set again."),
    "all": gettext_lazy("Nobody has asked for a merge yet."),
}

# The style of the mark for each state: good, bad, info, risk or line.
MARKS = {
    RequestState.PROPOSED: "info",
    RequestState.APPROVED: "info",
    RequestState.EXECUTING: "info",
    RequestState.MERGED: "good",
    RequestState.PARTIAL: "risk",
    RequestState.UNKNOWN: "risk",
    RequestState.CONFLICT: "bad",
    RequestState.STALE: "risk",
    RequestState.REFUSED: "bad",
}

# Merged in part, but nothing of what was asked for is left.
MORE_THAN_ASKED = gettext_lazy(
    "Everything that was asked for was merged, and more than that: see below."
)
# Instead of when it is sent, while no merge of the organisation is.
HALTED = gettext_lazy(
    "All merges are halted. It waits until they go on, and can be cancelled until then."
)
# After a cancel that came when a call had been sent.
FINDS_OUT = gettext_lazy(
    "It is not sent again. The desk finds out first whether Invent did it, because a call was"
    " answered with 429."
)
NEXT_STEP = {
    RequestState.PROPOSED: gettext_lazy(
        "A second person has to approve it. Nothing is sent until then."
    ),
    RequestState.EXECUTING: gettext_lazy(
        "The worker is reading the contacts again and sending the merge now."
    ),
    RequestState.MERGED: gettext_lazy(
        "The contacts are one now. The history keeps what they were before."
    ),
    RequestState.PARTIAL: gettext_lazy(
        "What is left comes up in the queue again after the next refresh."
    ),
    RequestState.NOT_APPLIED: gettext_lazy("Nothing was merged. The group is back in the queue."),
    RequestState.REJECTED: gettext_lazy("Nothing was sent. The group is back in the queue."),
    RequestState.WITHDRAWN: gettext_lazy("Nothing was sent. The group is back in the queue."),
    RequestState.CANCELLED: gettext_lazy("Nothing was sent. The group is back in the queue."),
    RequestState.EXPIRED: gettext_lazy("Nothing was sent. The group is back in the queue."),
    RequestState.REFUSED: gettext_lazy("Nothing was merged. The group is back in the queue."),
    RequestState.STALE: gettext_lazy(
        "The group is back in the queue and shows what Invent has now: look at it again."
    ),
    RequestState.UNKNOWN: gettext_lazy(
        "Nobody knows yet whether it was merged, so it is not sent again. The desk reads the"
        " contacts back from Invent until the facts are plain."
    ),
    RequestState.CONFLICT: gettext_lazy(
        "The desk can't find out by itself. An approver looks in Invent and says below what"
        " became of the contacts."
    ),
}


def state_of(request: MergeRequest, found: object = None) -> tuple[str, str]:
    """The style of the mark of a request, and its words.

    What `unasked.how_far` finds out is looked for on the request, or on `found`: what did all that
    was asked of it and more was not merged in part.
    """
    found, state = found or request, RequestState(request.state)
    whole = getattr(found, "beyond", False) and not getattr(found, "left", True)
    if state is RequestState.PARTIAL and whole:
        return "bad", _("Merged more than asked")
    return MARKS.get(state, "line"), str(state.label)


def outcome_of(request: MergeRequest, most: int | None = None) -> list[str]:
    """The sentences about how a request ended, or what is known so far; `most` of them.

    Why its outcome was not known is stored as it was said then. Once the request is settled, by a
    look or by a person, it is told as something that is over.
    """
    settled = request.state not in UNSETTLED
    return [
        (_past_doubt(sentence) if settled else "") or retold(sentence)
        for sentence in request.outcome[:most]
    ]


def kept_of(request: MergeRequest) -> str:
    """What a request that was just taken back has merged all the same; empty for nothing."""
    if request.state == RequestState.UNKNOWN:
        return str(FINDS_OUT)
    return outcome_of(request)[-1] if request.state == RequestState.PARTIAL else ""


def _past_doubt(sentence: str) -> str:
    """A doubt of then in the words of now; empty when the sentence is none."""
    if values := UNKNOWN.values_in(sentence):
        words = _("At first it was not known whether Invent did this: {reason}.")
        return words.format(reason=retold(values["reason"]))
    if values := BROKEN_OFF.values_in(sentence):
        words = _(
            "The call was broken off ({error}); at first it was not known whether it arrived."
        )
        return words.format(**values)
    return ""
