"""Bulk decisions: choosing groups in the queue, the summary, and how far it is."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_htmx.http import retarget, trigger_client_event

from mergeui.accounts.models import Role
from mergeui.errors import Invalid, Problem
from mergeui.merging.bulk import wishes
from mergeui.merging.bulk.prepare import prepare
from mergeui.merging.models import BulkDecision, BulkKind, BulkState
from mergeui.merging.unasked import how_far
from mergeui.review.models import Group
from mergeui.typed_key import typed_key
from mergeui.web import lately, problems, queue, typed
from mergeui.web.access import MemberRequest, action, page, page_of
from mergeui.web.bulk import fates, standing
from mergeui.web.bulk import rows as shown
from mergeui.web.forms import NoteForm, QueueForm, SnoozeForm
from mergeui.web.htmx import done, wants_fragment
from mergeui.web.looking import look
from mergeui.web.middleware import record_refusal
from mergeui.web.paging import Order, paginate
from mergeui.web.views.compare import snooze_days
from mergeui.web.views.queue import pager_links

MOST_TICKED = 1_000
NEWEST_FIRST = Order("pk", descending=True)


@page()
def bulks(request: MemberRequest) -> HttpResponse:
    """The bulk decisions of the team, the newest first."""
    confirmed = BulkDecision.objects.of(request.member.organization).confirmed()
    listed = paginate(
        confirmed.select_related("asked_by"), order=NEWEST_FIRST, cursor=request.GET.get("at", "")
    )
    now, going = timezone.now(), fates.going_on(listed.rows)
    context = {
        "rows": [shown.row(bulk, now, going=bulk.pk in going) for bulk in listed.rows],
        "page": listed,
        "links": pager_links(listed, ""),
    }
    fragment = "#results" if wants_fragment(request) else ""
    return render(request, "bulk/list.html" + fragment, context)


@action(Role.OPERATOR, back="queue")
def new(request: MemberRequest) -> HttpResponse:
    """Freezes what is ticked, or all that match, in a summary; nothing is decided yet."""
    kind = request.POST.get("kind", "")
    if kind not in BulkKind.values:
        raise Invalid(_("Say what to do with the groups: use one of the buttons of the list."))
    query = request.POST.get("query", "")[:2_000]
    wanted = QueueForm(QueryDict(query)).wanted()
    everything = bool(request.POST.get("all"))
    ticked = _ticked(request.POST)
    if everything:
        groups: QuerySet[Group] = look(request.member.organization, wanted).groups
    else:
        groups = Group.objects.of(request.member.organization).filter(pk__in=ticked)
    bulk = prepare(
        groups.order_by(*queue.ORDERS[wanted.sort].by()),
        kind=BulkKind(kind),
        by_user=request.actor,
        query=query,
    )
    if not everything and (gone := len(ticked) - bulk.total):
        words = ngettext(
            "{count} ticked group is no longer there.",
            "{count} ticked groups are no longer there.",
            gone,
        )
        messages.warning(request, words.format(count=gone))
    return done(request, reverse("bulk", args=[bulk.pk]), "")


def _ticked(fields: QueryDict) -> set[int]:
    """The numbers of the groups that are ticked, alone or with their whole page."""
    given = [*fields.getlist("groups"), *fields.get("page", "").split(",")]
    numbers = {key for one in given if (key := typed_key(one)) is not None}
    if len(numbers) > MOST_TICKED:
        raise Invalid(_("That is too many at once. Use “all that match” instead."))
    return numbers


@page()
def bulk(request: MemberRequest, pk: int) -> HttpResponse:
    """One bulk decision: its summary, how far it is, what became of each group.

    Polled, it answers with the part that lives; the list when htmx wants that.
    """
    wanted = _get(request, pk)
    if wants_fragment(request) and request.htmx.target == "live":
        return _live(request, wanted)
    return _page(request, wanted)


def _live(request: MemberRequest, wanted: BulkDecision) -> HttpResponse:
    counts = fates.tally(wanted)
    context = _standing(request, wanted, counts)
    live = context["live"]
    if live.poll and request.GET.get("was") == context["buttons"]:
        # A button that is swapped while somebody presses it does nothing: only the line moves.
        return retarget(render(request, "bulk/line.html", context), "#live-line")
    response = render(request, "bulk/page.html#live", context)
    return response if live.poll else trigger_client_event(response, "bulk-ended")


def _standing(
    request: MemberRequest, wanted: BulkDecision, counts: Mapping[str, int]
) -> dict[str, Any]:
    """How it stands, and which of its groups are looked at."""
    fate = request.GET.get("fate", "")
    # Once it is over, a part of the page that asks again doesn't stay with what everything left.
    over = wants_fragment(request) and not standing.moves(wanted, counts)
    if fate not in fates.FATES or (over and not counts[fate]):
        fate = fates.shown_first(wanted, counts)
    live = standing.live(wanted, request.member, timezone.now(), counts, fate)
    return {
        "bulk": wanted,
        "fate": fate,
        "here": f"{page_of(request)}?fate={fate}",
        "live": live,
        "buttons": f"{wanted.state}-{int(bool(live.may_take_back))}",
    }


def _page(
    request: MemberRequest,
    wanted: BulkDecision,
    *,
    problem: Problem | None = None,
) -> HttpResponse:
    counts = fates.tally(wanted)
    stands = _standing(request, wanted, counts)
    fate, draft = stands["fate"], wanted.state == BulkState.DRAFT
    items = fates.with_fate(wanted.items.all(), fate).select_related("group", "request")
    items = items.only(*SHOWN).annotate(**how_far("request"))
    listed = paginate(items, order=Order("pk"), cursor=request.GET.get("at", ""))
    part = "#results" if wants_fragment(request) else ""
    restored = request.POST if problem else typed.restore(request, request.path)
    context: dict[str, Any] = {
        **stands,
        "title": standing.title(wanted),
        "draft": draft,
        "promise": standing.promise(wanted, request.member.organization.policy) if draft else [],
        "sure": shown.sure(fates.grades(wanted)) if draft and not part else [],
        "label": fates.label_of(fate, wanted),
        "reasons": shown.reasons(wanted) if fate == "aside" or (draft and wanted.set_aside) else [],
        "rows": shown.rows(listed.rows, timezone.now()),
        "page": listed,
        "links": pager_links(listed, f"fate={fate}", page_of(request)),
        "back": f"{reverse('queue')}?{wanted.query}".rstrip("?"),
        "snooze": snooze_days() if wanted.kind == BulkKind.SNOOZE else [],
        "problem": problem.sentence if problem else "",
        "note": restored.get("note", "") if restored else "",
        "until": restored.get("until", "") if restored else "",
    }
    status = problem.status if problem else 200
    return render(request, "bulk/page.html" + part, context, status=status)


SHOWN = (
    "state", "why", "detail", "at", "bulk", "group__names", "group__member_count", "group__grade",
    "request__state",
)  # fmt: skip


def _get(request: MemberRequest, pk: int) -> BulkDecision:
    """The organisation's own bulk decision; a summary is for whoever made it. Else 404."""
    own = BulkDecision.objects.of(request.member.organization)
    seen = own.filter(~Q(state=BulkState.DRAFT) | Q(asked_by=request.user))
    return get_object_or_404(seen.select_related("asked_by", "ended_by"), pk=pk)


@action(Role.OPERATOR, back="bulk")
def confirm(request: MemberRequest, pk: int) -> HttpResponse:
    """Begins."""
    wanted = _get(request, pk)
    try:
        form = (
            SnoozeForm(request.POST) if wanted.kind == BulkKind.SNOOZE else NoteForm(request.POST)
        )
        for errors in form.errors.values():
            raise Invalid(str(errors[0]))
        until = form.moment() if isinstance(form, SnoozeForm) else None
        note = form.cleaned_data["note"]
        wishes.confirm(wanted, by_user=request.actor, note=note, until=until)
    except Problem as problem:
        return _refused(request, wanted, problem)
    lately.forget(request)  # the bar would offer to undo what was decided before
    return lately.keep(request, done(request, reverse("bulk", args=[pk]), ""))


@action(Role.OPERATOR, back="bulk")
def stop(request: MemberRequest, pk: int) -> HttpResponse:
    """Ends it half-way."""
    return _wish(request, pk, wishes.stop, _("Stopped. What is done stays."))


@action(Role.OPERATOR, back="bulk")
def take_back(request: MemberRequest, pk: int) -> HttpResponse:
    """Takes back what can be."""
    words = _("The worker takes back what can be taken back.")
    return _wish(request, pk, wishes.take_back, words)


def _wish(request: MemberRequest, pk: int, wish: Callable[..., None], words: str) -> HttpResponse:
    wanted = _get(request, pk)
    try:
        wish(wanted, by_user=request.actor)
    except Problem as problem:
        return _refused(request, wanted, problem)
    return done(request, reverse("bulk", args=[pk]), words)


def _refused(request: MemberRequest, wanted: BulkDecision, problem: Problem) -> HttpResponse:
    """The page as it is now, with the reason on top and what was typed in its place."""
    record_refusal(request, problem)
    if wants_fragment(request):
        return problems.refuse(request, problem)
    return _page(request, _get(request, wanted.pk), problem=problem)
