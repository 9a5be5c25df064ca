"""An opt-out that a merge lost, in words: loud until it is set again."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mergeui.accounts.models import Membership, Role
from mergeui.invent import Contact
from mergeui.merging.models import LostOptOut, MergeRequest
from mergeui.retold import retold
from mergeui.review.text import display_name, visible
from mergeui.web.request_rows import find
from mergeui.web.when import ago, day

POLL_SECONDS = 2
MOST_COUNTED = 100


@dataclass(frozen=True, slots=True)
class OptOut:
    """What the page of a request says of it. `button` is empty when there is nothing to press."""

    style: str
    icon: str
    title: str
    sentences: tuple[str, ...]
    button: str = ""
    poll: int = 0


def of(request: MergeRequest, member: Membership, now: datetime) -> OptOut | None:
    """What a merge lost, and how far it is set again; None when it lost nothing."""
    lost: LostOptOut | None = getattr(request, "lost_opt_out", None)
    if lost is None:
        return None
    kept = request.primary_name
    if lost.state == LostOptOut.State.SET:
        who, when = str(lost.wanted_by), ago(lost.set_at or now, now)
        words = _("{kept} lost it in this merge. {who} had it set again, {ago}.")
        told = words.format(kept=kept, who=who, ago=when)
        return OptOut("success", "check", _("The opt-out is set again"), (told,))
    had = tuple(sentence for flag in lost.names for sentence in _both_ways(request, flag))
    if lost.state == LostOptOut.State.WANTED:
        words = _("{who} asked for it, {ago}. The worker sets it in Invent now.")
        asked = words.format(who=lost.wanted_by, ago=ago(lost.wanted_at or now, now))
        return OptOut(
            "warning",
            "clock",
            _("The opt-out is being set again"),
            (asked, *((retold(lost.reason),) if lost.reason else ())),
            poll=POLL_SECONDS,
        )
    failed = (_("The last try failed: {why}").format(why=retold(lost.reason)),)
    return OptOut(
        "error",
        "stop",
        _("This merge lost an opt-out"),
        (*had, *(failed if lost.reason else ())),
        button=_button(lost) if member.can(Role.OPERATOR) else "",
    )


def _button(lost: LostOptOut) -> str:
    if lost.names == ["unsubscribed"]:
        return _("Unsubscribe again")
    return _("Block again") if lost.names == ["blocked"] else _("Unsubscribe and block again")


def _both_ways(request: MergeRequest, flag: str) -> tuple[str, str]:
    """What went in and what came out: who had opted out, and that the result has not."""
    contacts = [Contact.parse(raw) for raw in request.snapshot]
    out = next(contact for contact in contacts if getattr(contact, flag))
    name, kept = display_name(out), visible(request.primary_name)
    since = out.unsubscribed_at if flag == "unsubscribed" else out.blocked_at
    if flag == "unsubscribed":
        went_in = (
            _("{name} unsubscribed on {day}.").format(name=name, day=day(since))
            if since
            else _("{name} had unsubscribed.").format(name=name)
        )
        return went_in, _("As far as Invent says, {kept} receives messages now.").format(kept=kept)
    went_in = (
        _("{name} was blocked on {day}.").format(name=name, day=day(since))
        if since
        else _("{name} was blocked.").format(name=name)
    )
    return went_in, _("As far as Invent says, {kept} is not blocked now.").format(kept=kept)


def lost_words(member: Membership) -> str:
    """How many merges have lost an opt-out that is not set again; empty for none. One query."""
    count = find(member, "consent")[:MOST_COUNTED].count()
    if not count:
        return ""
    return ngettext(
        "{count} merge lost an opt-out: somebody who had opted out may receive messages.",
        "{count} merges lost an opt-out: people who had opted out may receive messages.",
        count,
    ).format(count=count if count < MOST_COUNTED else f"{MOST_COUNTED}+")
