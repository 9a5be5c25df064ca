"""The desk's addresses, an empty signed-in page, and Django's admin."""

from django.contrib import admin
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import include, path

import benchmarks.admin  # noqa: F401  # registers what the admin shows
from mergeui.web.access import MemberRequest, page


@page()
def empty(request: MemberRequest) -> HttpResponse:
    """The frame that every page of a signed-in member has, around nothing."""
    return render(request, "base.html")


urlpatterns = [
    path("bench/empty/", empty),
    path("bench/admin/", admin.site.urls),
    path("", include("mergeui.urls")),
]
