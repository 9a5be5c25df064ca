"""The bar that says what one decided last, with its undo: on this page and on the next ones.

A cookie holds which group it was, so that a page asks for it only shortly after a decision; whose
it was and how it stands is read from the database.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from mergeui.accounts.models import Membership
from mergeui.merging.models import ACTIVE, LostOptOut, MergeRequest, RequestState
from mergeui.merging.undo import Decision, decision_about
from mergeui.review.models import Group, GroupState
from mergeui.typed_key import typed_key
from mergeui.web.access import current_page
from mergeui.web.request_words import state_of
from mergeui.web.requests import is_halted
from mergeui.web.when import day

COOKIE = "lately"
SHOWN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Bar:
    """What was decided, of whom, and whether it can be taken back.

    `url` and `link` lead to it; empty on its own page. `undo` is the group to name for that, 0 when
    it is too late. `seconds` are left of the cool-off, of `cool_off`. `again` says in how many
    seconds to look again; 0 when nothing more happens. `style` is that of the note: a bar that is
    green would hide what went wrong.
    """

    words: SafeString
    url: str
    link: str
    undo: int = 0
    seconds: int = 0
    cool_off: int = 0
    again: int = 0
    style: str = "good"


def remember(request: HttpRequest, group: Group) -> None:
    """This answer shows the decision about `group`, and so do the next pages (`keep`)."""
    request.COOKIES[COOKIE] = str(group.pk)


def keep(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The answer with what `remember` noted; without it after `forget`."""
    if not request.COOKIES.get(COOKIE):
        response.delete_cookie(COOKIE, samesite="Lax")
        return response
    response.set_cookie(
        COOKIE,
        request.COOKIES[COOKIE],
        max_age=SHOWN,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response


def forget(request: HttpRequest) -> None:
    """Nothing to show from now on."""
    request.COOKIES[COOKIE] = ""


def bar(request: HttpRequest, member: Membership) -> Bar | None:
    """The bar for the member; None when there was no decision lately."""
    pk = typed_key(request.COOKIES.get(COOKIE, ""))
    if pk is None:
        return None
    decision = decision_about(pk, member.organization, member.user)
    if decision is None:
        return None
    found = _bar(decision, timezone.now(), is_halted(member))
    return replace(found, url="", link="") if found.url == _page(request) else found


def _page(request: HttpRequest) -> str:
    """The path of the page that the bar is on, which asks for the bar alone too."""
    if request.path == reverse("lately"):
        return current_page(request).partition("?")[0]
    return request.path


def _bar(decision: Decision, now: datetime, halted: bool) -> Bar:
    undo = decision.group.pk if decision.can_be_undone else 0
    if decision.request is not None:
        return _of_request(decision.request, undo, now, halted)
    group = decision.group
    until = day(group.snoozed_until) if group.snoozed_until else ""
    words = {
        GroupState.DISMISSED: _("Marked as not a duplicate: {names}."),
        GroupState.SNOOZED: _("Snoozed until {day}: {names}.")
        if until
        else _("Snoozed until something changes: {names}."),
    }.get(GroupState(group.state), _("{state}: {names}."))
    return Bar(
        _say(words, ", ".join(group.names[:2]), day=until, state=group.get_state_display()),
        reverse("group", args=[group.pk]),
        _("Look again"),
        undo,
    )


def _of_request(request: MergeRequest, undo: int, now: datetime, halted: bool) -> Bar:
    state, due = RequestState(request.state), request.execute_after
    waits = due is not None and state is RequestState.APPROVED and not halted
    seconds = max(0, ceil((due - now).total_seconds())) if due and waits else 0
    words = {
        RequestState.PROPOSED: _("Approval asked for: {names}."),
        RequestState.APPROVED: _("Merging in {seconds} s: {names}.")
        if seconds
        else (
            _("Approved, but all merges are halted: {names}.")
            if halted
            else _("About to merge: {names}.")
        ),
        RequestState.EXECUTING: _("Merging now: {names}."),
    }.get(state, _("{state}: {names}."))
    mark, label = state_of(request)
    if lost := _not_set_again(request):
        words, mark = lost, "bad"
    # The number that runs is for the eyes: it would be read out every second.
    number = format_html(
        '<span aria-hidden="true" data-countdown>{}</span><span class="unseen">{}</span>',
        seconds,
        seconds,
    )
    return Bar(
        _say(words, request.primary_name, seconds=number, state=label),
        reverse("request", args=[request.pk]),
        _("Look at the request"),
        undo,
        seconds,
        max(request.organization.policy.cool_off_seconds, seconds),
        15 if halted and state is RequestState.APPROVED else _again(state, seconds),
        mark if mark in {"bad", "risk"} else "good",
    )


def _not_set_again(request: MergeRequest) -> str:
    """That a merge lost an opt-out or a block, as long as it is lost; empty otherwise."""
    lost: LostOptOut | None = getattr(request, "lost_opt_out", None)
    if lost is None or lost.state == LostOptOut.State.SET:
        return ""
    if lost.names == ["blocked"]:
        return _("Merged, and a block was lost: {names}.")
    return _("Merged, and an opt-out was lost: {names}.")


def _say(words: str, names: str, **more: object) -> SafeString:
    return format_html(words, names=format_html("<bdi>{}</bdi>", names), **more)


def _again(state: RequestState, seconds: int) -> int:
    if state in {RequestState.APPROVED, RequestState.EXECUTING}:
        return seconds + 1
    return 30 if state in ACTIVE else 0
