"""A bulk decision in words: what it would do, and how it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mergeui.accounts.models import Membership, Role
from mergeui.accounts.policy import Policy
from mergeui.merging.models import BulkDecision, BulkKind, BulkState
from mergeui.web.bulk.fates import Part, parts
from mergeui.web.when import number

BULK_MARKS = {
    BulkState.DRAFT: "line",
    BulkState.WORKING: "info",
    BulkState.DONE: "good",
    BulkState.STOPPED: "risk",
    BulkState.TAKING_BACK: "info",
    BulkState.TAKEN_BACK: "line",
}
STATE_WORDS = {
    BulkState.DRAFT: gettext_lazy("Summary"),
    BulkState.WORKING: gettext_lazy("Under way"),
    BulkState.DONE: gettext_lazy("Done"),
    BulkState.STOPPED: gettext_lazy("Stopped"),
    BulkState.TAKING_BACK: gettext_lazy("Being taken back"),
    BulkState.TAKEN_BACK: gettext_lazy("Taken back"),
}


def state_of(bulk: BulkDecision, *, going: bool) -> tuple[str, str]:
    """Its state in a word, and the style of that; `going` says that merges of it go on."""
    state = BulkState(bulk.state)
    if state is BulkState.DONE and going:
        return _("Being merged"), "info"
    return str(STATE_WORDS[state]), BULK_MARKS[state]


def title(bulk: BulkDecision) -> str:
    """What it does, in short: "Merge 197 groups". Those that were set aside don't count."""
    count = bulk.total - bulk.set_aside
    if not count:
        return _("Nothing to do: {count} set aside").format(count=number(bulk.set_aside))
    words = {
        BulkKind.MERGE: ngettext("Merge {count} group", "Merge {count} groups", count),
        BulkKind.DISMISS: ngettext(
            "Mark {count} group as not duplicates", "Mark {count} groups as not duplicates", count
        ),
        BulkKind.SNOOZE: ngettext("Snooze {count} group", "Snooze {count} groups", count),
    }
    return words[BulkKind(bulk.kind)].format(count=number(count))


def promise(bulk: BulkDecision, policy: Policy) -> list[str]:
    """What confirming would do under the team's policy, a sentence each."""
    count = bulk.waiting
    if not count:
        return [_("Every group is set aside, so there is nothing to do here.")]
    if bulk.kind == BulkKind.DISMISS:
        return [
            ngettext(
                "It leaves the queue, and comes back only when its members or channels change.",
                "They leave the queue, and come back only when their members or channels change.",
                count,
            ),
            _("Nothing is sent to Invent, and you can take it back at any time."),
        ]
    if bulk.kind == BulkKind.SNOOZE:
        return [
            ngettext(
                "It leaves the queue until the day that you choose, or until something about it"
                " changes.",
                "They leave the queue until the day that you choose, or until something about them"
                " changes.",
                count,
            ),
            _("Nothing is sent to Invent, and you can take it back at any time."),
        ]
    gone = bulk.contacts - count
    became = ngettext(
        "Each group becomes the contact that Invent recommends, with all of its members:"
        " {gone} contact disappears. A merge can't be undone.",
        "Each group becomes the contact that Invent recommends, with all of its members:"
        " {gone} contacts disappear. A merge can't be undone.",
        gone,
    ).format(gone=number(gone))
    return [became, _then(policy), _("A group that changes meanwhile is set aside, never forced.")]


def _then(policy: Policy) -> str:
    if policy.needs_second_person([]):
        return _("Your team wants a second person for every merge: each one waits for approval.")
    seconds = policy.cool_off_seconds
    if not seconds:
        return _("The worker begins at once; you can stop it half-way.")
    return ngettext(
        "Each one waits {seconds} second before it is sent; you can stop half-way.",
        "Each one waits {seconds} seconds before it is sent; you can stop half-way.",
        seconds,
    ).format(seconds=number(seconds))


@dataclass(frozen=True, slots=True)
class Live:
    """How a bulk decision stands. `poll` is in seconds, 0 when nothing moves by itself."""

    label: str
    mark: str
    words: str
    late: str
    bar: list[Part]
    poll: int
    may_stop: bool
    may_take_back: str


def moves(bulk: BulkDecision, counts: Mapping[str, int]) -> bool:
    """Whether what the page says changes by itself."""
    return bulk.is_unfinished or (counts["going"] > 0 and bulk.state != BulkState.DRAFT)


def live(
    bulk: BulkDecision,
    member: Membership,
    now: datetime,
    counts: Mapping[str, int],
    chosen: str,
) -> Live:
    """The live part of the page for one member, who looks at the groups of a `chosen` fate."""
    state = BulkState(bulk.state)
    say = member.can(Role.APPROVER) or (
        bulk.asked_by_id == member.user_id and member.can(Role.OPERATOR)
    )
    label, mark = state_of(bulk, going=counts["going"] > 0)
    return Live(
        label=label,
        mark=mark,
        words=_words(bulk, counts),
        late=_late(bulk, now),
        bar=parts(bulk, counts, chosen),
        poll=2 if moves(bulk, counts) else 0,
        may_stop=say and state is BulkState.WORKING,
        may_take_back=take_back_words(bulk, counts) if say else "",
    )


def _words(bulk: BulkDecision, counts: Mapping[str, int]) -> str:
    if bulk.because:
        return _(
            "{who} may no longer decide here, so this was stopped. What is done stays; the rest"
            " was not begun."
        ).format(who=bulk.asked_by)
    who = {"who": bulk.ended_by or bulk.asked_by}
    left = number(bulk.waiting)
    words = {
        BulkState.WORKING: ngettext(
            "The worker goes from group to group; {left} is still to come.",
            "The worker goes from group to group; {left} are still to come.",
            bulk.waiting,
        ),
        BulkState.DONE: _("Every group has had its turn."),
        BulkState.STOPPED: _("{who} stopped this half-way. What is done stays; the rest was not"
                             " begun."),
        BulkState.TAKING_BACK: _("{who} is taking this back. No further merge of it is sent."),
        BulkState.TAKEN_BACK: _("{who} took back what could be taken back."),
    }  # fmt: skip
    said = words.get(BulkState(bulk.state), "").format(left=left, **who)
    if counts["going"] and bulk.state in {BulkState.DONE, BulkState.STOPPED}:
        said += " " + _("What is being merged goes on, but can be taken back until it is sent.")
    return said


def _late(bulk: BulkDecision, now: datetime) -> str:
    """A hint when nothing happens although something should."""
    quiet = (now - bulk.asked_at).total_seconds() > 15
    if bulk.state == BulkState.WORKING and quiet and not bulk.done and not bulk.failed:
        return _("The worker doesn't seem to be running: start it with `manage.py worker`.")
    return ""


def take_back_words(bulk: BulkDecision, counts: Mapping[str, int]) -> str:
    """The words of the button that takes back what can be; empty when nothing can."""
    if bulk.state not in {BulkState.WORKING, BulkState.DONE, BulkState.STOPPED}:
        return ""
    open_still = counts["going"] + counts["approval"] + counts["done"]
    if bulk.state == BulkState.WORKING:
        return _("Stop and take back")
    return _("Take back") if open_still else ""
