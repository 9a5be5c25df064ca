"""Why no merge is executed now, what to do about it, and going on."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from mergeui.accounts.models import Role
from mergeui.merging.journal import JournalFailed, Line, gap
from mergeui.merging.standing import Halt, go_on, halted
from mergeui.web.access import MemberRequest, action, page
from mergeui.web.htmx import done

SHOWN = 200


@page()
def page_of_halt(request: MemberRequest) -> HttpResponse:
    """What stops all merges, and what a person can do."""
    standing = halted(request.member.organization)
    lines: list[Line] = []
    trouble = ""
    if standing and standing.halted_as == Halt.GAP:
        try:
            lines = [n for n in gap() if n.organization == request.member.organization.pk]
        except JournalFailed as error:
            trouble = str(error)
    context = {
        "standing": standing,
        "lines": lines[-SHOWN:],
        "more": max(0, len(lines) - SHOWN),
        "trouble": trouble,
        "may_end": request.member.can(Role.APPROVER),
    }
    return render(request, "halt/page.html", context)


@action(Role.APPROVER, back="halt")
def end(request: MemberRequest) -> HttpResponse:
    """A person lets the merges go on; after a gap once Invent has been looked at."""
    go_on(request.member.organization, by_user=request.actor)
    if halted(request.member.organization):
        words = "The worker looks at Invent now. Merges go on when it has seen every contact."
    else:
        words = "Merges go on."
    return done(request, reverse("halt"), words)
