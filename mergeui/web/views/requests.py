"""Merge requests: the lists, one request with its fate, and what people say of it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django_htmx.http import retarget

from mergeui.accounts.models import Role
from mergeui.audit import lookup
from mergeui.connect import connect
from mergeui.errors import Invalid, Problem
from mergeui.invent import Contact, InventClient
from mergeui.merging import approval
from mergeui.merging.erasure import was_erased
from mergeui.merging.models import WAITING, MergeRequest, RequestState, Source
from mergeui.merging.reconcile import resolve as settle
from mergeui.merging.unasked import how_far
from mergeui.review.compare import compare
from mergeui.web import comparing, lately, optout, past, problems, typed
from mergeui.web import request_rows as rows
from mergeui.web import requests as shown
from mergeui.web.access import MemberRequest, action, page
from mergeui.web.calls import calls, looks
from mergeui.web.deciding import result_of
from mergeui.web.forms import NoteForm
from mergeui.web.foryou import unread
from mergeui.web.htmx import done, wants_fragment
from mergeui.web.middleware import record_refusal
from mergeui.web.noes import noes
from mergeui.web.notes import thread_of
from mergeui.web.packing import recovery_of
from mergeui.web.paging import Order, paginate
from mergeui.web.request_words import EMPTY, VIEWS, kept_of, outcome_of
from mergeui.web.since import since
from mergeui.web.views.queue import pager_links
from mergeui.web.wording import cautions_of, expected, in_bar

TIMELINE = 200


@page()
def requests(request: MemberRequest) -> HttpResponse:
    """What is for the person, and the requests of a view: newest first, those to approve oldest.

    Only the list changes when it is paged.
    """
    default = rows.first_view(request.member)
    view = request.GET.get("view", default)
    view = view if view in VIEWS else default
    found = rows.find(request.member, view).annotate(**how_far())
    found = found.select_related("proposed_by", "lost_opt_out")
    # What was asked for first expires first.
    order = Order("pk", descending=view != "waiting")
    listed = paginate(found, order=order, cursor=request.GET.get("at", ""))
    now = timezone.now()
    fragment = "#results" if wants_fragment(request) else ""
    context = {
        "lost_words": "" if fragment else optout.lost_words(request.member),
        "to_settle": "" if fragment or view == "person" else rows.to_settle(request.member),
        "beyond": "" if fragment else rows.beyond_words(request.member, now),
        "for_you": [] if fragment else unread(request.member, now),
        "rows": [rows.row(found, now) for found in listed.rows],
        "tabs": [
            (f"?view={key}", words, key == view)
            for key, words in VIEWS.items()
            if key == view or rows.concerns(request.member, key)
        ],
        "empty": EMPTY[view],
        "page": listed,
        "links": pager_links(listed, f"view={view}"),
        "here": f"{request.path}?view={view}",
    }
    return render(request, "requests/list.html" + fragment, context)


@page()
def merge_request(request: MemberRequest, pk: int) -> HttpResponse:
    """One request: what was seen, what is expected, what became of it.

    Polled, it answers with the part that lives; 204 while that would say the same.
    """
    wanted = own_request(request, pk)
    now = timezone.now()
    live = shown.live(wanted, request.member, now)
    if wants_fragment(request):
        if request.GET.get("was") != live.state:
            context = {**_context(request, wanted, live), "swap": True}
            return render(request, "requests/page.html#changed", context)
        if not live.moves:
            return HttpResponse(status=204)
        context = {
            "wanted": wanted,
            "live": live,
            "outcome": outcome_of(wanted),
        }
        # A button that is swapped while somebody presses it does nothing: only the line moves.
        return retarget(render(request, "requests/line.html", context), "#live-line")
    return _page(request, wanted, live)


def _page(
    request: MemberRequest,
    wanted: MergeRequest,
    live: shown.Live | None = None,
    *,
    problem: Problem | None = None,
) -> HttpResponse:
    live = live or shown.live(wanted, request.member, timezone.now())
    restored = typed.restore(request, request.path) if not problem else request.POST
    context = _context(request, wanted, live)
    if restored and "note" in restored:
        context["ticked"] = restored.getlist("merged")
    context |= {
        "problem": problem.sentence if problem else "",
        "typed_note": restored.get("note", "") if restored else "",
        "typed_reason": restored.get("reason", "") if restored else "",
        "thread": thread_of(
            request.member,
            wanted.group,
            request_pk=wanted.pk,
            typed=restored.get("words", "") if restored else "",
        ),
    }
    status = problem.status if problem else 200
    return render(request, "requests/page.html", context, status=status)


def _context(request: MemberRequest, wanted: MergeRequest, live: shown.Live) -> dict[str, Any]:
    """All that the page shows of a request."""
    entries = list(lookup.entries(request.member.organization, request=wanted.pk)[:TIMELINE])
    seen = [Contact.parse(raw) for raw in wanted.snapshot]
    whole = "all" in request.GET
    comparison = compare(seen, whole=whole)
    sources = list(wanted.sources.all())
    attempts = list(wanted.attempts.all())
    now = timezone.now()
    lines = comparing.lines(comparison, now)
    heads = shown.columns(wanted, sources, comparison)
    following = rows.next_waiting(request.member, wanted.pk, now) if live.may_approve else None
    return {
        "wanted": wanted,
        "live": live,
        "since": since(wanted, now),
        "noes": noes(wanted),
        "recovery": recovery_of(wanted, request.member, entries),
        "skip": reverse("request", args=[following]) if following else "",
        "sources": sources,
        "ticked": [one.contact_id for one in sources if one.state == Source.State.MERGED],
        "parts_asked": _others(wanted),
        "opt_out": optout.of(wanted, request.member, now),
        "comparison": comparison,
        **comparing.table(heads, lines),
        "left_out": comparing.left_out(comparison),
        "calls": calls(attempts, whole=whole),
        "printed": shown.printed(wanted, request.member, now),
        "unasked": shown.unasked(wanted, attempts),
        "looks": looks(wanted.looks.all()),
        "timeline": past.story(reversed(entries)),
        "approved": shown.approved(wanted),
        "erased": all(was_erased(raw) for raw in wanted.snapshot),
        "expected": expected(wanted),
        "in_bar": in_bar(wanted),
        # Before it is sent it is a decision, and that needs what the operator saw too.
        "preview": result_of(seen[0], seen[1:]) if wanted.state in WAITING else None,
        "cautions": cautions_of(wanted),
        "outcome": outcome_of(wanted),
        "merge_into": rows.merge_into(len(sources)),
    }


def _others(wanted: MergeRequest) -> list[tuple[str, str, str, str]]:
    """The other merges of a group that was split; a query only when it was."""
    if not getattr(wanted, "was_split", False):
        return []
    together = wanted.group.requests.filter(proposed_at=wanted.proposed_at)
    return shown.parts_of(list(together.annotate(**how_far())), wanted.pk)


def own_request(request: MemberRequest, pk: int) -> MergeRequest:
    """The organisation's own request, or 404 (design.md, rule 11)."""
    own = MergeRequest.objects.of(request.member.organization)
    same = MergeRequest.objects.filter(group=OuterRef("group"), proposed_at=OuterRef("proposed_at"))
    others = same.exclude(pk=OuterRef("pk"))
    return get_object_or_404(
        own.annotate(was_split=Exists(others), **how_far()).select_related(
            "organization",
            "group__made_by",
            "proposed_by",
            "approved_by",
            "approval",
            "lost_opt_out__wanted_by",
        ),
        pk=pk,
    )


@action(Role.APPROVER, back="request")
def approve(request: MemberRequest, pk: int) -> HttpResponse:
    """A second person approves."""
    return _judge(request, pk, approval.approve, _("Approved"))


@action(Role.APPROVER, back="request")
def reject(request: MemberRequest, pk: int) -> HttpResponse:
    """A second person says no, with a reason."""
    return _judge(request, pk, approval.reject, _("Rejected"))


@action(Role.OPERATOR, back="request")
def cancel(request: MemberRequest, pk: int) -> HttpResponse:
    """Takes a request back before anything is sent."""
    return _decide(request, pk, approval.cancel, lambda one: kept_of(one) or _("Taken back."))


@action(Role.APPROVER, back="request")
def resolve(request: MemberRequest, pk: int) -> HttpResponse:
    """A person says what became of a request that the desk can't judge."""
    with _invent(request) as client:
        decide = partial(settle, merged_ids=request.POST.getlist("merged"), client=client)
        recorded = _("Recorded. The history has your note.")
        return _decide(request, pk, decide, lambda _one: recorded)


def _invent(request: MemberRequest) -> AbstractContextManager[InventClient | None]:
    """A client, or None where the organisation has no key."""
    try:
        return connect(request.member.organization, for_page=True)
    except Invalid:
        return nullcontext()


def _judge(request: MemberRequest, pk: int, decide: Callable[..., None], what: str) -> HttpResponse:
    """Approves or rejects, and goes on to the next request that waits for this person.

    Without a next one the page stays with this one, and shows what becomes of it.
    """
    wanted = own_request(request, pk)
    try:
        decide(wanted, by_user=request.actor, note=_note(request))
    except Problem as problem:
        return refused(request, wanted, problem)
    following = rows.next_waiting(request.member, pk, timezone.now())
    here = reverse("request", args=[pk])
    if following is None:
        return done(
            request, here, _("{what}. No other request waits for your approval.").format(what=what)
        )
    to = reverse("request", args=[following])
    if wanted.state == RequestState.APPROVED:
        lately.remember(request, wanted.group)  # it is said in a bar, with its undo
        return lately.keep(request, done(request, to, ""))
    words = '{}: <bdi>{}</bdi>. <a href="{}">{}</a>'
    said = format_html(words, what, wanted.primary_name, here, _("Look again"))
    return done(request, to, said)


def _decide(
    request: MemberRequest,
    pk: int,
    decide: Callable[..., None],
    words: Callable[[MergeRequest], str],
) -> HttpResponse:
    """One decision about a request, with its note; refused, what was typed is shown again.

    `words` is asked what to say once it is decided.
    """
    wanted = own_request(request, pk)
    try:
        decide(wanted, by_user=request.actor, note=_note(request))
    except Problem as problem:
        return refused(request, wanted, problem)
    return done(request, reverse("request", args=[pk]), words(wanted))


def _note(request: HttpRequest) -> str:
    form = NoteForm(request.POST)
    if not form.is_valid():
        raise Invalid(" ".join(str(e) for e in form.errors["note"]))
    return str(form.cleaned_data["note"])


def refused(request: MemberRequest, wanted: MergeRequest, problem: Problem) -> HttpResponse:
    """The page again, as it is now, with the reason on top and what was typed in its place."""
    record_refusal(request, problem)
    if wants_fragment(request):
        return problems.refuse(request, problem)
    return _page(request, own_request(request, wanted.pk), problem=problem)
