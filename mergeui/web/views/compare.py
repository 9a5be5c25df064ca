"""The compare page: what is known of each contact, side by side, and the choice to be made."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django_htmx.http import push_url

from mergeui.accounts.models import Role
from mergeui.errors import Invalid, Problem, Stale
from mergeui.invent import Contact
from mergeui.merging.models import MergeRequest
from mergeui.merging.proposals import propose
from mergeui.merging.splitting import MOST_PARTS
from mergeui.merging.unasked import how_far
from mergeui.review import claims
from mergeui.review.asking import one_of, with_members
from mergeui.review.claims import Claimed
from mergeui.review.compare import compare
from mergeui.review.decisions import already
from mergeui.review.models import Group, GroupState
from mergeui.review.risk import ToldApart, cautions
from mergeui.review.seen import contacts_of, fingerprint_of
from mergeui.review.text import visible
from mergeui.web import comparing, lately, onward, problems, typed
from mergeui.web.access import MemberRequest, action, page
from mergeui.web.chain import chain, told
from mergeui.web.comparing import Picked
from mergeui.web.deciding import Preview, banner, columns, preview_of, with_new
from mergeui.web.forms import UNTIL_CHANGE
from mergeui.web.htmx import done, wants_fragment
from mergeui.web.middleware import record_refusal
from mergeui.web.notes import thread_of
from mergeui.web.requests import parts_of
from mergeui.web.splitting import FEWEST_TO_SPLIT
from mergeui.web.told_apart import said_banner, said_in
from mergeui.web.when import number

NOTE_LONGEST = 2_000
MOST_REASONS = 20


def group_of(request: MemberRequest, pk: int, *, members: bool = False) -> Group:
    """The group, or 404 when it is not there or another organisation's.

    `members`: with all that is known of its contacts, for a page that shows them.
    """
    organization = request.member.organization
    group = one_of(organization, pk)
    if group is None:
        raise Http404
    if members:
        with_members(group)
    # With its policy, which came with the member.
    group.organization = organization
    return group


@page()
def group(request: MemberRequest, pk: int) -> HttpResponse:
    """Compares; opening it says to the others that somebody is at it."""
    return opened(request, pk)


def opened(request: MemberRequest, pk: int) -> HttpResponse:
    """The page of a group that is opened now."""
    shown = group_of(request, pk, members=True)
    if shown.state == GroupState.OPEN and request.member.can(Role.OPERATOR):
        claims.enter(shown, by=request.user)
    kept = typed.restore(request, reverse("group", kwargs={"pk": pk}))
    return show(request, shown, typed_fields=kept)


def go_to(request: MemberRequest, pk: int | None) -> HttpResponse:
    """The page of a group, or the list without one: 303, or for htmx the page in this answer."""
    to = onward.address(request, pk)
    if pk is None or not wants_fragment(request):
        return done(request, to, "")
    return push_url(opened(request, pk), to)


def go_on(request: MemberRequest, decided: Group) -> HttpResponse:
    """After a decision: the next group, with a bar that says what was decided and takes it back."""
    lately.remember(request, decided)
    return lately.keep(request, go_to(request, onward.following(request, decided)))


def show(
    request: MemberRequest,
    group: Group,
    *,
    typed_fields: QueryDict | None = None,
    problem: Problem | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page, with what was typed and what was wrong with it."""
    said = said_in(group)
    whole = "all" in request.GET
    comparison = compare(contacts_of(group), said, by_hand=group.by_hand, whole=whole)
    picked = Picked.suggested(comparison)
    words = typed_fields.get("words", "") if typed_fields else ""
    if typed_fields and not words:
        picked = Picked.typed(typed_fields).ticking(typed_fields.get("tick", ""), comparison)
    operator = request.member.can(Role.OPERATOR)
    deciding = operator and group.state == GroupState.OPEN
    now = timezone.now()
    lines = comparing.lines(comparison, now)
    requests = _latest_requests(group)
    latest = requests[0] if requests else None
    heads = columns(group, comparison, picked, latest)
    preview = _preview(group, comparison.contacts, picked, said)
    context: dict[str, Any] = {
        "group": group,
        "comparison": comparison,
        **comparing.table(heads, lines),
        "left_out": comparing.left_out(comparison),
        "chain": chain(group.graded_links, comparison.names),
        "reasons": told(comparison.reasons, group.graded_links)[:MOST_REASONS],
        "picked": picked,
        "preview": preview,
        "cautions": with_new(comparison.cautions, preview),
        "banner": banner(group, request.user.pk, now, latest)
        or said_banner(group, comparison.contacts, said, now),
        "can_decide": operator,
        "deciding": deciding,
        # The expected result: for who can't choose, of what nothing speaks against.
        "side": deciding or (group.state == GroupState.OPEN and bool(preview.prediction)),
        "fingerprint": fingerprint_of(comparison.contacts),
        "problem": problem,
        "errors": errors or {},
        "parts_asked": parts_of(requests) if requests else [],
        "can_split": len(comparison.contacts) >= FEWEST_TO_SPLIT,
        "snooze": snooze_days(),
        "thread": thread_of(request.member, group, typed=words),
        "back": onward.back(request),
        "held": group.claimed_until if group.claimed_by_id == request.user.pk else None,
    }
    return render(
        request, "compare/page.html", context, status=problem.status if problem else status
    )


def _latest_requests(group: Group) -> list[MergeRequest]:
    """The request that a group is in, or that it came back from; of a split all, the last first."""
    if group.decided_as != GroupState.REQUESTED:
        return []
    requests = group.requests.select_related("proposed_by").annotate(**how_far())
    return list(requests.order_by("-pk")[:MOST_PARTS])


def snooze_days() -> list[tuple[str, str]]:
    """Days that people often choose: (ISO date, words)."""
    today = timezone.localdate()
    choices = ((1, gettext("Tomorrow")), (7, gettext("In a week")), (30, gettext("In a month")))
    days = [((today + timedelta(days=days)).isoformat(), words) for days, words in choices]
    return [*days, (UNTIL_CHANGE, gettext("When something changes"))]


@action(Role.VIEWER, back="group")
def preview(request: MemberRequest, pk: int) -> HttpResponse:
    """What the choice would do: a fragment as it changes, or the whole page without scripts."""
    shown = group_of(request, pk, members=True)
    if not wants_fragment(request):
        return show(request, shown, typed_fields=request.POST)
    contacts, said = contacts_of(shown), said_in(shown)
    context: dict[str, Any] = {"many": comparing.many(contacts), "group": shown}
    if shown.state != GroupState.OPEN:
        past = _past(request, shown)
        context |= {**past, "preview": Preview(past["past"], trouble=past["past"])}
        return render(request, "compare/page.html#preview", context)
    preview = _preview(shown, contacts, Picked.typed(request.POST), said)
    context |= {
        "preview": preview,
        "cautions": with_new(cautions(contacts, said=said, by_hand=shown.by_hand), preview),
        "deciding": request.member.can(Role.OPERATOR),
        "swap": True,
    }
    return render(request, "compare/page.html#preview", context)


def _past(request: MemberRequest, group: Group) -> dict[str, Any]:
    """For a page that is open still, of a group that is decided: what happened, by whom."""
    requests = _latest_requests(group)
    latest = requests[0] if requests else None
    return {
        "group": group,
        "past": already(group, by_user=request.actor),
        "banner": banner(group, request.user.pk, timezone.now(), latest),
        "can_decide": request.member.can(Role.OPERATOR),
    }


def _preview(
    group: Group, contacts: Sequence[Contact], picked: Picked, said: Sequence[ToldApart]
) -> Preview:
    policy = group.organization.policy
    return preview_of(contacts, picked, said, policy=policy, by_hand=group.by_hand)


@action(Role.OPERATOR, back="group")
def request_merge(request: MemberRequest, pk: int) -> HttpResponse:
    """Asks for the merge of what is ticked and goes on; refused, what was typed is shown again."""
    group = group_of(request, pk, members=True)
    picked = Picked.typed(request.POST)
    try:
        _refuse_unread(group, picked)
        propose(
            group,
            primary_id=picked.primary,
            source_ids=picked.sources,
            acknowledged=picked.acknowledged,
            by_user=request.actor,
            fingerprint=request.POST.get("fingerprint", ""),
            note=picked.note,
        )
    except Problem as problem:
        return refused(request, pk, problem)
    return go_on(request, group)


def _refuse_unread(group: Group, picked: Picked) -> None:
    """A tick for other risks than those of this choice says nothing about this choice."""
    if len(picked.note) > NOTE_LONGEST:
        words = gettext("The note is too long: {most} characters are possible.")
        raise Invalid(words.format(most=number(NOTE_LONGEST)))
    if picked.risks is None or not picked.acknowledged:
        return
    if _preview(group, contacts_of(group), picked, said_in(group)).risks != picked.risks:
        raise Invalid(
            gettext(
                "The choice changed after the risks were shown. Read what is risky about it now,"
                " then tick the box again."
            )
        )


def refused(
    request: MemberRequest, pk: int, problem: Problem, errors: dict[str, str] | None = None
) -> HttpResponse:
    """The page once more with what was typed, and the sentence that says what was wrong."""
    record_refusal(request, problem)
    if wants_fragment(request):
        return _refused_there(request, pk, problem)
    fields = request.POST.copy()
    if isinstance(problem, Stale):
        fields.pop("acknowledge", None)
    return show(
        request,
        group_of(request, pk, members=True),
        typed_fields=fields,
        problem=problem,
        errors=errors,
    )


def _refused_there(request: MemberRequest, pk: int, problem: Problem) -> HttpResponse:
    """The sentence alone, for the page that is there with all that was typed."""
    if not isinstance(problem, Claimed):
        response = problems.refuse(request, problem)
        group = group_of(request, pk, members=True)
        # From the page of this group, not from the bar that takes back the decision of another.
        if group.state != GroupState.OPEN and "fingerprint" in request.POST:
            response.write(render_to_string("compare/past.html", _past(request, group), request))
        return response
    return problems.answer(
        request,
        problem.status,
        problem.sentence,
        title=gettext("Nothing was decided"),
        take_over=reverse("group_claim", kwargs={"pk": pk}),
    )


@page()
def raw(request: MemberRequest, pk: int, contact_id: str) -> HttpResponse:
    """A contact exactly as Invent gave it."""
    shown = group_of(request, pk, members=True)
    member = next((m for m in shown.members.all() if m.contact_id == contact_id), None)
    if member is None:
        raise problems.NotHere(gettext("This contact is not in this group."))
    text = json.dumps(member.raw, indent=2, ensure_ascii=False)
    context = {
        "group": shown,
        "name": member.name,
        "contact_id": visible(contact_id),
        "json": "\n".join(visible(line) for line in text.splitlines()),
    }
    return render(request, "raw/page.html", context)
