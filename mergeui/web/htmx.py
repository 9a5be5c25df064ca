"""Whether a request of htmx wants a part of a page, and how a form that was sent is answered."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.safestring import SafeString

from mergeui.web.access import MemberRequest


def wants_fragment(request: MemberRequest) -> bool:
    """Whether the answer goes into a page that is there already."""
    return bool(request.htmx) and not request.htmx.history_restore_request


def done(request: MemberRequest, to: str, words: str | SafeString) -> HttpResponse:
    """303 to the next page, which says `words`; htmx gets the words and goes there by itself."""
    if words:
        messages.success(request, words)
    if wants_fragment(request):
        response = render(request, "partials/done.html", {"words": words})
        response["HX-Redirect"] = to
        return response
    response = HttpResponseRedirect(to)
    response.status_code = 303
    return response
