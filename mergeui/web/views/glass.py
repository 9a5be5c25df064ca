"""Breaking the glass for a request, and the list of what was approved so."""

from dataclasses import dataclass

from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from mergeui.accounts.models import Role
from mergeui.errors import Invalid, NotAllowed, Problem
from mergeui.merging import glass
from mergeui.merging.models import GlassBreak
from mergeui.web import typed
from mergeui.web.access import MemberRequest, Proof, action, page, page_of
from mergeui.web.forms import NOTE_LONGEST
from mergeui.web.htmx import done
from mergeui.web.middleware import record_refusal
from mergeui.web.paging import Order, paginate
from mergeui.web.team import frame
from mergeui.web.views.queue import pager_links
from mergeui.web.views.requests import own_request, refused
from mergeui.web.when import exact


@action(Role.OPERATOR, back="request", proof=Proof.SECOND_FACTOR)
def break_glass(request: MemberRequest, pk: int) -> HttpResponse:
    """Approves alone what takes a second person; refused, what was typed is shown again."""
    wanted = own_request(request, pk)
    try:
        reason = _typed(request, "reason")
        glass.break_glass(wanted, by_user=request.actor, reason=reason)
    except Problem as problem:
        return refused(request, wanted, problem)
    words = _("Approved by you alone. Everybody of the team is told, and an admin looks at it.")
    return done(request, reverse("request", args=[pk]), words)


@dataclass(frozen=True, slots=True)
class Row:
    """One breaking of the glass; `closed` says by whom and when, empty while it is open."""

    pk: int
    url: str
    primary: str
    who: str
    moment: str
    reason: str
    closed: str


@page()
def glasses(request: MemberRequest) -> HttpResponse:
    """All of them, those that nobody has closed first."""
    return _show(request)


@action(Role.ADMIN, back="glass")
def close(request: MemberRequest, pk: int) -> HttpResponse:
    """An admin has looked at it."""
    own = GlassBreak.objects.filter(organization=request.member.organization)
    found = get_object_or_404(own.select_related("request__organization"), pk=pk)
    try:
        note = _typed(request, "note")
        glass.close(found, by_user=request.actor, note=note, now=timezone.now())
    except (Invalid, NotAllowed) as problem:
        record_refusal(request, problem)
        return _show(request, problem=problem, at=pk)
    return done(request, reverse("glass"), _("Closed. The history has your note."))


def _typed(request: MemberRequest, name: str) -> str:
    """What was typed. Raises Invalid when it is too long."""
    text = request.POST.get(name, "")
    if len(text) > NOTE_LONGEST:
        raise Invalid(_("At most {most} characters, please.").format(most=NOTE_LONGEST))
    return text


def _show(request: MemberRequest, *, problem: Problem | None = None, at: int = 0) -> HttpResponse:
    kept = request.POST if problem else typed.restore(request, request.path) or QueryDict()
    own = GlassBreak.objects.filter(organization=request.member.organization).select_related(
        "by", "closed_by", "request__approval"
    )
    # "open" comes after "closed" in the alphabet, so the open ones are first.
    order = Order("state", descending=True)
    listed = paginate(own, order=order, cursor=request.GET.get("at", ""))
    context = {
        **frame(request, "glass"),
        "rows": [_row(found) for found in listed.rows],
        "links": pager_links(listed, "", page_of(request)),
        "page": listed,
        "problem": problem.sentence if problem else "",
        "at": str(at or kept.get("at", "")),
        "typed_note": kept.get("note", ""),
    }
    status = problem.status if problem else 200
    return render(request, "team/glass.html", context, status=status)


def _row(found: GlassBreak) -> Row:
    closed = ""
    if found.closed_at:
        words = _("Closed by {who}, {moment}")
        closed = words.format(who=found.closed_by, moment=exact(found.closed_at))
    return Row(
        pk=found.pk,
        url=reverse("request", args=[found.request_id]),
        primary=found.request.primary_name,
        who=str(found.by),
        moment=exact(found.at),
        reason=found.request.approval.note,
        closed=closed,
    )
