"""What has changed since a request was made: what was shown then against the mirror now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from mergeui.invent import Contact
from mergeui.merging.apart import told_since
from mergeui.merging.models import WAITING, MergeRequest
from mergeui.review.models import Member, SyncRun
from mergeui.review.risk import told_apart
from mergeui.review.seen import changes
from mergeui.review.text import display_name
from mergeui.web.when import ago

NAMED = 6


@dataclass(frozen=True, slots=True)
class Since:
    """The answer in a sentence, the changes one by one, and who of the group is not asked for."""

    words: str
    icon: str
    changes: tuple[str, ...]
    left_out: str


def since(request: MergeRequest, now: datetime) -> Since | None:
    """What an approver has to know beyond what the operator saw; None once it is decided.

    Three queries. The worker reads the contacts again before it merges, whatever is said here.
    """
    if request.state not in WAITING:
        return None
    seen = [Contact.parse(raw) for raw in request.snapshot]
    members = list(Member.objects.filter(group_id=request.group_id).order_by("position"))
    done = SyncRun.objects.filter(organization_id=request.organization_id, state=SyncRun.State.DONE)
    run = done.order_by("-pk").first()
    told = told_apart(seen, told_since(request), seen)
    found = ((told.sentence,) if told else ()) + differences(seen, members)
    words, icon = _answer(request, run, now, len(found))
    return Since(words, icon, found, _left_out(seen, members))


def differences(seen: Sequence[Contact], members: Sequence[Member]) -> tuple[str, ...]:
    """A sentence for each difference between what was shown and the group as last read. Pure."""
    present = {member.contact_id: Contact.parse(member.raw) for member in members}
    gone = tuple(
        _("{name} is no longer in this group.").format(name=display_name(contact))
        for contact in seen
        if contact.id not in present
    )
    still = [contact for contact in seen if contact.id in present]
    return gone + changes(still, present)


def _answer(
    request: MergeRequest, run: SyncRun | None, now: datetime, count: int
) -> tuple[str, str]:
    """The sentence and its icon."""
    who = str(request.proposed_by)
    if count:
        return _("Changed since {who} asked").format(who=who), "warning"
    if run is None or run.finished_at is None or run.wanted_at < request.proposed_at:
        words = _(
            "Nothing has been read from Invent since {who} asked. The desk reads the contacts again"
            " before it merges them."
        )
        return words.format(who=who), "clock"
    words = _("Nothing has changed since {who} asked, as read from Invent {ago}.")
    return words.format(who=who, ago=ago(run.finished_at, now)), "check"


def _left_out(seen: Sequence[Contact], members: Sequence[Member]) -> str:
    asked = {contact.id for contact in seen}
    names = [display_name(Contact.parse(m.raw)) for m in members if m.contact_id not in asked]
    if not names:
        return ""
    listed = ", ".join(names[:NAMED])
    if len(names) > NAMED:
        listed = _("{names} and {left} more").format(names=listed, left=len(names) - NAMED)
    return _("In the group, but not part of this merge: {names}.").format(names=listed)
