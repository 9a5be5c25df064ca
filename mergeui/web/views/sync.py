"""Asking for a refresh, and looking how far it is."""

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django_htmx.http import trigger_client_event

from mergeui.accounts.models import Role
from mergeui.review.models import SyncRun
from mergeui.review.sync import request_sync
from mergeui.web import refresh
from mergeui.web.access import MemberRequest, action, page
from mergeui.web.htmx import wants_fragment


@action(Role.OPERATOR, back="queue")
def sync(request: MemberRequest) -> HttpResponse:
    """Asks the worker to read Invent's groups again."""
    run = request_sync(request.member.organization, by_user=request.actor)
    if wants_fragment(request):
        return _line(request, run)
    response = HttpResponseRedirect(reverse("queue"))
    response.status_code = 303
    return response


@page()
def sync_line(request: MemberRequest, pk: int) -> HttpResponse:
    """The live line of a refresh; it stops asking when the refresh is over."""
    runs = SyncRun.objects.filter(organization=request.member.organization)
    run = get_object_or_404(runs.select_related("wanted_by"), pk=pk)
    if not wants_fragment(request):
        return HttpResponseRedirect(reverse("queue"))
    response = _line(request, run)
    return response if run.active else trigger_client_event(response, "queue-changed")


def _line(request: MemberRequest, run: SyncRun) -> HttpResponse:
    line = refresh.line([run], timezone.now())
    return render(request, "partials/sync.html", {"sync": line, "fresh": not line.active})
