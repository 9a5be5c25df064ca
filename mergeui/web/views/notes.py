"""Writing a note, and having read what is for one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import gettext as _

from mergeui.accounts.models import Role
from mergeui.errors import Problem
from mergeui.merging import notes
from mergeui.merging.models import MergeRequest
from mergeui.review.models import Group
from mergeui.typed_key import typed_key
from mergeui.web import notes as shown
from mergeui.web import problems
from mergeui.web.access import MemberRequest, action, page
from mergeui.web.htmx import done, wants_fragment
from mergeui.web.middleware import record_refusal
from mergeui.web.notes import thread_of, unknown_names, unread_count
from mergeui.web.request_rows import for_approver


@action(Role.OPERATOR, back="group")
def group_note(request: MemberRequest, pk: int) -> HttpResponse:
    """A note on a group."""
    group = get_object_or_404(Group.objects.of(request.member.organization), pk=pk)
    return _write(request, group, None, reverse("group", args=[pk]))


@action(Role.OPERATOR, back="request")
def request_note(request: MemberRequest, pk: int) -> HttpResponse:
    """A note on a request."""
    own = MergeRequest.objects.of(request.member.organization).select_related("group")
    wanted = get_object_or_404(own, pk=pk)
    return _write(request, wanted.group, wanted, reverse("request", args=[pk]))


def _write(
    request: MemberRequest, group: Group, wanted: MergeRequest | None, back: str
) -> HttpResponse:
    try:
        written = notes.write(
            group, text=request.POST.get("words", ""), by_user=request.actor, request=wanted
        )
    except Problem as problem:
        record_refusal(request, problem)
        return problems.refuse(request, problem, back=back)
    warning = unknown_names(written.unknown)
    if wants_fragment(request):
        thread = thread_of(request.member, group, request_pk=wanted.pk if wanted else None)
        context = {"thread": thread, "said": _("The note is kept."), "warning": warning}
        return render(request, "notes/thread.html", context)
    if warning:
        messages.warning(request, warning)
    return done(request, f"{back}#notes", _("The note is kept."))


@page(Role.OPERATOR)
def hint(request: MemberRequest) -> HttpResponse:
    """Whom a note can mention, for the person who begins to write one."""
    return HttpResponse(escape(shown.hint(request.member)))


@action(Role.VIEWER, back="requests")
def read(request: MemberRequest) -> HttpResponse:
    """Somebody has read what is for them: the notices named, or all of theirs."""
    given = request.POST.getlist("notice")
    everything = "all" in given
    numbers = [key for one in given if (key := typed_key(one)) is not None]
    count = notes.read(request.member, None if everything else numbers)
    if wants_fragment(request):
        # Counted with the session, before they were read; the frame alone is told of it otherwise.
        left = for_approver(request.member) + unread_count(request.member) - count
        return render(request, "partials/badge.html", {"swap": True, "waiting": left})
    return done(request, _back(request), "")


def _back(request: HttpRequest) -> str:
    """To the page of the desk that the form was on: only a path, so that nobody is led away."""
    path = request.POST.get("page", "")
    plain = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if plain and path.isprintable() else reverse("requests")
