"""A merge request in words: how it stands now, and what its page says beside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mergeui.accounts.models import Membership, Role
from mergeui.merging.alive import alive
from mergeui.merging.erasure import was_erased
from mergeui.merging.glass import may_break
from mergeui.merging.models import (
    ACTIVE,
    UNSETTLED,
    WAITING,
    Attempt,
    MergeRequest,
    RequestState,
    Source,
)
from mergeui.merging.place import Place, place_of
from mergeui.merging.unasked import is_id, names_of, unasked_of
from mergeui.retold import retold
from mergeui.review.compare import Comparison
from mergeui.review.models import GroupState
from mergeui.review.risk import numbers
from mergeui.review.text import shortened, visible
from mergeui.web.comparing import Column, borrowed
from mergeui.web.refresh import START_WORKER
from mergeui.web.request_rows import expiry
from mergeui.web.request_words import HALTED, MORE_THAN_ASKED, NEXT_STEP, state_of
from mergeui.web.when import ahead, exact, number

MOST_UNASKED = 100
A_LONG_LINE = 20  # merges that go before: some seconds


# After these the group is to decide again.
BACK = {
    RequestState.NOT_APPLIED,
    RequestState.REJECTED,
    RequestState.WITHDRAWN,
    RequestState.CANCELLED,
    RequestState.EXPIRED,
    RequestState.REFUSED,
    RequestState.STALE,
}


def approved(request: MergeRequest) -> tuple[str, str]:
    """Who approved or rejected it and when, and their note; empty while nobody has.

    Why it was rejected stands with its state already.
    """
    approval = getattr(request, "approval", None)
    if approval is None:
        return "", ""
    words = _("{verdict} by {who} on {moment}").format(
        verdict=approval.get_verdict_display(), who=approval.approver, moment=exact(approval.at)
    )
    return words, "" if request.state == RequestState.REJECTED else approval.note


def printed(request: MergeRequest, member: Membership, now: datetime) -> str:
    """What a printed sheet says at its end: of what, by whom, when, and how it is proved."""
    return _(
        "Request {number} of {team}, printed by {who} on {moment}. The entries of the history are"
        " chained by their hashes: manage.py verify_audit shows that they hold."
    ).format(number=request.pk, team=member.organization.name, who=member.user, moment=exact(now))


@dataclass(frozen=True, slots=True)
class Live:
    """What the page of a request says of its state now, and which buttons it has.

    `seconds` are left of the cool-off. `poll` says how often to ask again, in seconds; 0 when it
    has ended. `moves`: the words change although the state does not. `looks_again`: the
    desk itself still finds out what became of it.
    """

    state: str
    label: str
    mark: str
    words: str
    seconds: int
    cool_off: int
    late: str
    poll: int
    moves: bool
    may_approve: bool
    may_break_glass: bool
    own: bool
    may_cancel: bool
    may_resolve: bool
    looks_again: bool
    expires: str
    expires_at: str


def live(request: MergeRequest, member: Membership, now: datetime) -> Live:
    """The live state of a request, with `unasked.how_far`, for one member."""
    state = RequestState(request.state)
    mark, label = state_of(request)
    own = request.proposed_by_id == member.user_id
    approver = member.can(Role.APPROVER)
    waits = request.execute_after or now
    halted = is_halted(member)
    place = None if halted else place_of(request, now)
    counts_down = waits > now and not halted
    seconds = max(0, -int((now - waits).total_seconds() // 1)) if counts_down else 0
    return Live(
        state=state.value,
        label=label,
        mark=mark,
        words=str(HALTED)
        if halted and state is RequestState.APPROVED
        else _words(request, seconds, place, now),
        seconds=seconds,
        cool_off=max(request.organization.policy.cool_off_seconds, seconds, 1),
        late=_late(request, place, now),
        poll=_poll(state, place, halted=halted),
        moves=state in {RequestState.APPROVED, RequestState.EXECUTING, RequestState.UNKNOWN},
        may_approve=state is RequestState.PROPOSED
        and approver
        and (not own or request.organization.policy.single_operator),
        may_break_glass=may_break(request, member),
        own=own,
        may_cancel=state in {RequestState.PROPOSED, RequestState.APPROVED}
        and ((own and member.can(Role.OPERATOR)) or approver),
        may_resolve=state in UNSETTLED and approver,
        looks_again=state is RequestState.UNKNOWN,
        expires=expiry(request, now) if state is RequestState.PROPOSED else "",
        expires_at=exact(request.expires_at),
    )


def is_halted(member: Membership) -> bool:
    """Whether no merge of the member's organisation is executed now: no query, it is there."""
    standing = getattr(member.organization, "standing", None)
    return bool(standing and standing.halted_as)


def _words(request: MergeRequest, seconds: int, place: Place | None, now: datetime) -> str:
    state = RequestState(request.state)
    if state is RequestState.UNKNOWN:
        return f"{NEXT_STEP[state]} {_next_look(request, now)}"
    if state is RequestState.PARTIAL and not getattr(request, "left", True):
        return str(MORE_THAN_ASKED)
    if state is RequestState.MERGED and all(was_erased(raw) for raw in request.snapshot):
        return _("The contacts are one now. What they were before was erased.")
    if state is not RequestState.APPROVED:
        return _not_back(request, state) or str(NEXT_STEP.get(state, ""))
    if request.waiting_because and seconds:
        again = ngettext(
            "The desk tries again in {count} second.",
            "The desk tries again in {count} seconds.",
            seconds,
        )
        return f"{retold(request.waiting_because)} {again.format(count=seconds)}"
    if seconds:
        words = ngettext(
            "It is sent in {count} second. Until then it can be cancelled.",
            "It is sent in {count} seconds. Until then it can be cancelled.",
            seconds,
        )
        return words.format(count=seconds)
    if place and place.paused_until:
        words = _("Invent has asked the desk to wait. Merges go on at {moment}.")
        return words.format(moment=exact(place.paused_until, to_second=True))
    if place and place.before:
        words = ngettext(
            "{count} merge goes before it. Its turn comes {ahead}.",
            "{count} merges go before it. Its turn comes {ahead}.",
            place.before,
        )
        return words.format(count=number(place.before), ahead=ahead(now + place.takes, now))
    return _("The cool-off is over: the worker takes it next.")


def _next_look(request: MergeRequest, now: datetime) -> str:
    due = request.read_back_at
    if due is None or due <= now:
        return _("It looks any moment now; there is nothing to do until then.")
    words = _("It looks next at {moment}; there is nothing to do until then.")
    return words.format(moment=exact(due, to_second=True))


def _not_back(request: MergeRequest, state: RequestState) -> str:
    """What follows when nothing was done and the group isn't to decide: it was split, its contacts
    are gone from Invent, or somebody has decided since."""
    group = GroupState(request.group.state)
    if state not in BACK or group is GroupState.OPEN:
        return ""
    sent = state in {RequestState.NOT_APPLIED, RequestState.REFUSED, RequestState.STALE}
    done = _("Nothing was merged.") if sent else _("Nothing was sent.")
    then = {
        GroupState.REQUESTED: _("Another merge of this group goes on."),
        GroupState.MERGED: _("What is left of the group comes up again after the next refresh."),
        GroupState.VANISHED: _(
            "Invent no longer suggests this group, so there is nothing to decide."
        ),
    }
    return f"{done} {then.get(group, '')}".strip()


def parts_of(requests: Sequence[MergeRequest], own: int = 0) -> list[tuple[str, str, str, str]]:
    """The merges that a group was split into, by number: (address, words, style, state).

    `requests` are those of one group; they belong together when they were asked for at one moment.
    None for a group that was not split; `own` is left out.
    """
    together = [one for one in requests if one.proposed_at == requests[0].proposed_at]
    if len(together) < 2:
        return []
    words = _("Request {number}: merge into {name}")
    return [
        (
            reverse("request", args=[one.pk]),
            words.format(number=one.pk, name=one.primary_name),
            *state_of(one),
        )
        for one in sorted(together, key=lambda one: one.pk)
        if one.pk != own
    ]


def _late(request: MergeRequest, place: Place | None, now: datetime) -> str:
    """A hint when nothing happens although something should."""
    looks = request.state == RequestState.UNKNOWN
    due = request.read_back_at if looks else request.execute_after
    if not (looks or place) or due is None or (now - due).total_seconds() <= 15:
        return ""
    return "" if (place.worker if place else alive(now)) else str(START_WORKER)


def _poll(state: RequestState, place: Place | None, *, halted: bool) -> int:
    if (place and place.before > A_LONG_LINE) or (halted and state is RequestState.APPROVED):
        return 15
    if state in {RequestState.APPROVED, RequestState.EXECUTING}:
        return 1
    return 3 if state in ACTIVE else 0


FATES = {
    Source.State.WAITING: "line",
    Source.State.SENT: "info",
    Source.State.MERGED: "good",
    Source.State.NOT_MERGED: "line",
    Source.State.LOST: "bad",
}


def unasked(request: MergeRequest, attempts: Sequence[Attempt]) -> list[tuple[str, str, str]]:
    """What Invent merged although nobody asked for it: name, contact id, address.

    The address is empty for what can't be an id.
    """
    ids = unasked_of(attempts)
    names = names_of(request.organization, ids)
    return [
        (
            visible(names.get(one, "")),
            visible(shortened(one)),
            reverse("contact", args=[one]) if is_id(one) else "",
        )
        for one in ids[:MOST_UNASKED]
    ]


def columns(
    request: MergeRequest, sources: Sequence[Source], comparison: Comparison
) -> list[Column]:
    """The heads of the columns of the snapshot: the contact that is kept, and each one's fate."""
    names = comparison.names
    marks, lent = numbers(names), [borrowed(contact) for contact in comparison.contacts]
    kept = Column(
        contact_id=request.primary_contact_id,
        name=names[0],
        number=marks[0],
        borrowed=lent[0],
        url=reverse("contact", args=[request.primary_contact_id]),
        words=_("Kept"),
        style="info",
    )
    return [
        kept,
        *(
            Column(
                contact_id=source.contact_id,
                name=source.name,
                url=reverse("contact", args=[source.contact_id]),
                words=_("Will disappear")
                if source.state == Source.State.WAITING and request.state in WAITING
                else source.get_state_display(),
                style=FATES.get(Source.State(source.state), "line"),
                number=mark,
                borrowed=words,
            )
            for source, mark, words in zip(sources, marks[1:], lent[1:], strict=True)
        ),
    ]
