"""Setting an opt-out again that a merge lost."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from mergeui.accounts.models import Role
from mergeui.errors import Problem
from mergeui.merging import restoring
from mergeui.merging.models import LostOptOut, MergeRequest
from mergeui.web import optout as shown
from mergeui.web import problems
from mergeui.web.access import MemberRequest, action, page
from mergeui.web.htmx import done, wants_fragment
from mergeui.web.views.requests import refused


def _get(request: MemberRequest, pk: int) -> LostOptOut:
    """What the organisation's own request lost, or 404 (design.md, rule 11)."""
    own = LostOptOut.objects.of(request.member.organization)
    # A key to another table takes no number that is larger than the database's; a number of its
    # own table may be any.
    asked = MergeRequest.objects.filter(pk=pk)
    own = own.filter(request__in=asked).select_related("request__organization", "wanted_by")
    return get_object_or_404(own)


@page()
def opt_out(request: MemberRequest, pk: int) -> HttpResponse:
    """How far it is: the part of the request's page, which asks for it while it is being set."""
    if not wants_fragment(request):
        raise problems.NotHere(_("This is a part of the page of its request."))
    wanted = _get(request, pk).request
    context = {"wanted": wanted, "opt_out": shown.of(wanted, request.member, timezone.now())}
    return render(request, "requests/opt_out.html", context)


@action(Role.OPERATOR, back="request")
def restore(request: MemberRequest, pk: int) -> HttpResponse:
    """A person wants it set again; the worker does it."""
    lost = _get(request, pk)
    try:
        restoring.ask(lost, by_user=request.actor)
    except Problem as problem:
        return refused(request, lost.request, problem)
    return done(request, reverse("request", args=[pk]), _("The opt-out is set again in a moment."))
