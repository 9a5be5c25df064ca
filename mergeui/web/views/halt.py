"""Why no merge is executed now, what to do about it, and going on."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mergeui.accounts.models import Role
from mergeui.merging.journal import JournalFailed, Line, gap
from mergeui.merging.models import MergeRequest, RequestState
from mergeui.merging.standing import Halt, go_on, halted
from mergeui.retold import retold
from mergeui.web.access import MemberRequest, action, page
from mergeui.web.htmx import done
from mergeui.web.when import exact, short_day

SHOWN = 200
MOST_COUNTED = 100


@page()
def page_of_halt(request: MemberRequest) -> HttpResponse:
    """What stops all merges, and what a person can do."""
    standing = halted(request.member.organization)
    lines: list[Line] = []
    trouble = ""
    if standing and standing.halted_as == Halt.GAP:
        try:
            lines = gap(request.member.organization.pk)
        except JournalFailed as error:
            trouble = retold(str(error))
    context = {
        "standing": standing,
        "lines": [_row(line) for line in lines[-SHOWN:]],
        "more": max(0, len(lines) - SHOWN),
        "trouble": trouble,
        "held_up": _held_up(request) if standing else "",
        "key_source": request.member.organization.key_source,
        "parent": request.member.organization.parent,
        "may_enter": request.member.can(Role.ADMIN),
        "may_end": request.member.can(Role.APPROVER),
    }
    return render(request, "halt/page.html", context)


def _held_up(request: MemberRequest) -> str:
    """How many merges are sent as soon as they go on; empty without any."""
    approved = MergeRequest.objects.of(request.member.organization).filter(
        state=RequestState.APPROVED
    )
    count = approved[: MOST_COUNTED + 1].count()
    if count > MOST_COUNTED:
        words = _("More than {count} approved merges wait, and are sent once merges go on.")
        return words.format(count=MOST_COUNTED)
    words = ngettext(
        "{count} approved merge waits, and is sent once merges go on.",
        "{count} approved merges wait, and are sent once merges go on.",
        count,
    )
    return words.format(count=count) if count else ""


@dataclass(frozen=True, slots=True)
class Row:
    """A forgotten call as a row."""

    sources: str
    primary: str
    request: str
    day: str
    moment: str


def _row(line: Line) -> Row:
    at = datetime.fromisoformat(line.at)
    moment = at if at.tzinfo else at.replace(tzinfo=UTC)
    return Row(
        sources=", ".join(line.sources),
        primary=line.primary,
        request=_("Request {number}").format(number=line.request),
        day=short_day(moment),
        moment=exact(moment),
    )


@action(Role.APPROVER, back="halt")
def end(request: MemberRequest) -> HttpResponse:
    """A person lets the merges go on; after a gap once Invent has been looked at."""
    go_on(request.member.organization, by_user=request.actor)
    if halted(request.member.organization):
        words = _("The worker looks at Invent now. Merges go on when it has seen every contact.")
    else:
        words = _("Merges go on.")
    return done(request, reverse("halt"), words)
