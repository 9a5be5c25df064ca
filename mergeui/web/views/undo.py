"""Taking back what one decided last, and the bar that offers it."""

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django_htmx.http import reselect, reswap, retarget

from mergeui.accounts.models import Role
from mergeui.merging import undo as undoing
from mergeui.merging.models import BulkDecision
from mergeui.typed_key import typed_key
from mergeui.web import lately as bars
from mergeui.web.access import MemberRequest, action, page
from mergeui.web.bulk import fates, standing
from mergeui.web.htmx import done, wants_fragment
from mergeui.web.request_words import kept_of
from mergeui.web.views.compare import go_to


@action(Role.OPERATOR, back="queue")
def undo(request: MemberRequest) -> HttpResponse:
    """Takes back the decision about `group`, or the last one, and leads to its group.

    To a bulk decision it leads alone: that is taken back where one sees what it was.
    """
    organization, given = request.member.organization, typed_key(request.POST.get("group", ""))
    if given is not None:
        decision = undoing.decision_about(given, organization, request.user)
    else:
        last = undoing.last_decision(organization, request.user)
        if last is None:
            return _nothing(request)
        if isinstance(last, BulkDecision):
            return _of_many(request, last)
        decision = last
    group = undoing.undo(decision, by_user=request.actor)
    for asked in decision.requests if decision else ():
        if kept := kept_of(asked):
            bars.forget(request)
            to = reverse("request", args=[asked.pk])
            return bars.keep(request, done(request, to, kept))
    names = ", ".join(group.names[:2])
    words = _("Taken back: {}. It is to decide again.")
    said = format_html(words, format_html("<bdi>{}</bdi>", names))
    bars.forget(request)
    if decision and decision.request and decision.request.proposed_by_id != request.user.pk:
        # What somebody else asked for: back to their request.
        to = reverse("request", args=[decision.request.pk])
        return bars.keep(request, done(request, to, said))
    messages.success(request, said)
    return bars.keep(request, go_to(request, group.pk))


def _of_many(request: MemberRequest, bulk: BulkDecision) -> HttpResponse:
    if standing.take_back_words(bulk, fates.tally(bulk)):
        words = _("This is what you decided last: take it back here.")
    else:
        words = _("This is what you decided last, and nothing of it can be taken back any more.")
    messages.info(request, words)
    bars.forget(request)
    return bars.keep(request, done(request, reverse("bulk", args=[bulk.pk]), ""))


def _nothing(request: MemberRequest) -> HttpResponse:
    """A key was pressed once too often: that is said where they are, and is no refusal."""
    words = _("Nothing to undo: no decision of yours stands that could be taken back.")
    if not wants_fragment(request):
        messages.info(request, words)
        return go_to(request, None)
    said = render(request, "partials/message.html", {"message": Message(messages.INFO, words)})
    return retarget(reselect(reswap(said, "innerHTML"), "unset"), ".messages")


@page()
def lately(request: MemberRequest) -> HttpResponse:
    """The bar alone, as it is now."""
    if not wants_fragment(request):
        return redirect("queue")
    return render(request, "partials/lately.html")
