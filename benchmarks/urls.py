"""The desk's addresses and an empty signed-in page."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import include, path

from mergeui.web.access import MemberRequest, page


@page()
def empty(request: MemberRequest) -> HttpResponse:
    """The frame that every page of a signed-in member has, around nothing."""
    return render(request, "base.html")


urlpatterns = [path("bench/empty/", empty), path("", include("mergeui.urls"))]
