"""The desk's addresses, an empty signed-in page, the queue's template alone, Django's admin, and
what the worker does each second."""

from unittest.mock import patch

from django.contrib import admin
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import include, path

import benchmarks.admin  # noqa: F401  # registers what the admin shows
from mergeui.merging.clients import Clients
from mergeui.merging.gap import look_when_wanted
from mergeui.merging.mail import send_due
from mergeui.merging.worker import tidy, work_off
from mergeui.web.access import MemberRequest, page
from mergeui.web.views.queue import queue


@page()
def empty(request: MemberRequest) -> HttpResponse:
    """The frame that every page of a signed-in member has, around nothing."""
    return render(request, "base.html")


@page()
def bare(request: MemberRequest) -> HttpResponse:
    """The queue's template with what its view handed over the first time, and nothing else."""
    if not _context:
        with patch("mergeui.web.views.queue.render", _keep):
            queue(request)
    return render(request, "queue/page.html", _context)


_context: dict[str, object] = {}


def _keep(request: MemberRequest, template: str, context: dict[str, object]) -> HttpResponse:
    _context.update(context)
    return render(request, template, context)


@page()
def idle(request: MemberRequest) -> HttpResponse:
    """A round of the worker, and of its mail, when nothing is due."""
    tidy()
    with Clients() as clients:
        for organization, client in clients.served():
            assert not look_when_wanted(organization, client=client)
            assert not work_off(organization, client=client)
            assert not send_due(organization)
    return HttpResponse()


urlpatterns = [
    path("bench/idle/", idle),
    path("bench/empty/", empty),
    path("bench/bare/", bare),
    path("bench/admin/", admin.site.urls),
    path("", include("mergeui.urls")),
]
