"""Splitting a group: several merges of it at once, and some left out, on one page."""

from dataclasses import replace
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from mergeui.accounts.models import Role
from mergeui.errors import Invalid, Problem, Stale
from mergeui.merging.splitting import split as ask_for
from mergeui.review.compare import Comparison, compare
from mergeui.review.models import Group, GroupState
from mergeui.review.pairs import MOST_MEMBERS
from mergeui.review.risk import Risk
from mergeui.review.seen import contacts_of, fingerprint_of
from mergeui.web import comparing, splitting, typed
from mergeui.web.access import MemberRequest, action, page
from mergeui.web.comparing import Column, Picked
from mergeui.web.deciding import columns
from mergeui.web.htmx import wants_fragment
from mergeui.web.middleware import record_refusal
from mergeui.web.splitting import Split
from mergeui.web.told_apart import said_in
from mergeui.web.views.compare import NOTE_LONGEST, go_on, group_of, refused


@page(Role.OPERATOR)
def split(request: MemberRequest, pk: int) -> HttpResponse:
    """The page: a row a contact, and beside it what each merge would do."""
    return _show(request, group_of(request, pk, members=True), typed.restore(request, request.path))


@action(Role.OPERATOR, back="group_split")
def preview(request: MemberRequest, pk: int) -> HttpResponse:
    """What the choice would do: a fragment as it changes, or the whole page without scripts."""
    return _show(request, group_of(request, pk, members=True), request.POST)


@action(Role.OPERATOR, back="group_split")
def send(request: MemberRequest, pk: int) -> HttpResponse:
    """Asks for all merges at once; refused, the page comes again with what was chosen."""
    group = group_of(request, pk, members=True)
    contacts = contacts_of(group)
    chosen = Split.typed(request.POST, contacts)
    shown = splitting.parts_shown(contacts, chosen, said_in(group), group=group)
    try:
        if len(chosen.note) > NOTE_LONGEST:
            words = _("The note is too long: {most} characters are possible.")
            raise Invalid(words.format(most=NOTE_LONGEST))
        ask_for(
            group,
            splitting.wanted(chosen, shown),
            by_user=request.actor,
            fingerprint=request.POST.get("fingerprint", ""),
            note=chosen.note,
            rest_differ=chosen.rest_differ,
        )
    except Problem as problem:
        fresh = group_of(request, pk, members=True)
        if fresh.state != GroupState.OPEN:
            return refused(request, pk, problem)
        record_refusal(request, problem)
        return _show(request, fresh, request.POST, problem=problem)
    return go_on(request, group)


def _show(
    request: MemberRequest,
    group: Group,
    fields: QueryDict | None,
    *,
    problem: Problem | None = None,
) -> HttpResponse:
    if group.state != GroupState.OPEN:
        return HttpResponseRedirect(reverse("group", args=[group.pk]))
    said = said_in(group)
    whole = "all" in request.GET
    comparison = compare(contacts_of(group), said, by_hand=group.by_hand, whole=whole)
    contacts = comparison.contacts
    chosen = Split.typed(fields, contacts) if fields else Split.suggested(contacts)
    if isinstance(problem, Stale):
        chosen = replace(chosen, read={})
    shown = splitting.parts_shown(contacts, chosen, said, group=group)
    context: dict[str, Any] = {
        "group": group,
        "parts": shown,
        "sentence": splitting.sentence(shown, len(contacts)),
        "button": splitting.button(shown),
        "all_in_one": splitting.all_in_one(shown, len(contacts)),
    }
    if wants_fragment(request) and not problem:
        return render(request, "split/page.html#parts", {**context, "swap": True})
    lines = comparing.lines(comparison, timezone.now())
    heads = _heads(group, comparison, chosen)
    context |= {
        **comparing.table(heads, lines, long=True),
        "left_out": comparing.left_out(comparison),
        "comparison": comparison,
        "shared": [c.sentence for c in comparison.cautions if c.risk is Risk.SHARED],
        "splitting": True,
        "choices": _choices(len(contacts)),
        "fingerprint": fingerprint_of(contacts),
        "note": chosen.note,
        "rest_differ": chosen.rest_differ,
        "may_tell_apart": len(contacts) <= MOST_MEMBERS,
        "problem": problem,
        "back": reverse("group", args=[group.pk]),
    }
    status = problem.status if problem else 200
    return render(request, "split/page.html", context, status=status)


def _heads(group: Group, comparison: Comparison, chosen: Split) -> list[Column]:
    return [
        replace(column, part=str(chosen.parts[column.contact_id]), seat=seat)
        for seat, column in enumerate(columns(group, comparison, Picked()))
    ]


def _choices(count: int) -> list[tuple[str, str]]:
    """The merges that a contact can be put into, and none: (value, words)."""
    numbers = range(1, splitting.most_parts(count) + 1)
    merges = [(str(number), _("Merge {number}").format(number=number)) for number in numbers]
    return [*merges, ("0", _("Leave out"))]
