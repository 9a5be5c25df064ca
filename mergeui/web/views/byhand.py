"""Searching Invent's contacts, and putting together what it did not suggest."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from mergeui.accounts.models import Role
from mergeui.connect import connect
from mergeui.errors import Invalid, Problem, Stale
from mergeui.invent import Contact, InventClient, InventError
from mergeui.retold import retold
from mergeui.review import byhand
from mergeui.review.byhand import MOST_BY_HAND, find, make_group
from mergeui.web import basket, searching, typed
from mergeui.web.access import MemberRequest, action, page
from mergeui.web.basket import Entry
from mergeui.web.forms import SearchForm
from mergeui.web.htmx import done, wants_fragment
from mergeui.web.middleware import record_refusal
from mergeui.web.views.compare import group_of, refused
from mergeui.web.when import number


class NotRead(Problem):
    """Invent could not be asked."""

    status = 502


@page(Role.OPERATOR)
def search(request: MemberRequest) -> HttpResponse:
    """Invent's contacts that match, a page at a time, beside what was taken already."""
    kept = typed.restore(request, request.path)
    return _show(request, request.GET, reason=kept.get("note", "") if kept else "")


def _show(
    request: MemberRequest, fields: QueryDict, *, reason: str = "", problem: Problem | None = None
) -> HttpResponse:
    form = SearchForm(fields)
    wanted = form.wanted()
    context: dict[str, Any] = {"form": form, "wanted": wanted, "problem": problem, "reason": reason}
    context |= _basket_context(request)
    status = problem.status if problem else 200
    if wanted.q and not problem:
        try:
            context |= _found(request, wanted, [entry.id for entry in context["entries"]])
        except (InventError, Problem) as error:
            context["trouble"] = retold(error.sentence)
            status = 502
    if wants_fragment(request):
        return render(request, "search/page.html#found", context)
    return render(request, "search/page.html", context, status=status)


def _found(request: MemberRequest, wanted: searching.Wanted, taken: list[str]) -> dict[str, Any]:
    with _invent(request) as client:
        asked, found = searching.ask(client, wanted)
    rows = searching.rows(request.member.organization, found.items, taken)
    more = found.size >= found.take and (
        found.count is None or found.number * found.take < found.count
    )
    return {
        "rows": rows,
        "asked": asked,
        "total": number(found.count) if found.count is not None else "",
        "previous": f"?{asked.query(wanted.page - 1)}" if wanted.page > 1 else "",
        "next": f"?{asked.query(wanted.page + 1)}" if more else "",
    }


def _invent(request: MemberRequest) -> InventClient:
    return connect(request.member.organization, for_page=True)


def _basket_context(request: MemberRequest) -> dict[str, Any]:
    taken = basket.entries(request)
    return {"entries": taken, "enough": len(taken) >= 2, "most": MOST_BY_HAND}


@action(Role.OPERATOR, back="search")
def take(request: MemberRequest) -> HttpResponse:
    """Puts contacts into the basket and takes others out: a fragment, or back to the search."""
    try:
        put = [Entry.signed(token) for token in request.POST.getlist("pick")[: MOST_BY_HAND + 1]]
        out = [*request.POST.getlist("shown"), *request.POST.getlist("remove")]
        basket.change(request, put=put, out=out)
    except Problem as problem:
        record_refusal(request, problem)
        if not wants_fragment(request):
            return _show(request, request.POST, problem=problem)
        context = {**_basket_context(request), "problem": problem}
        return render(request, "search/page.html#basket", context)
    if wants_fragment(request):
        context = {**_basket_context(request), "reason": request.POST.get("note", "")}
        return render(request, "search/page.html#basket", context)
    back = SearchForm(request.POST).wanted()
    response = HttpResponseRedirect(f"{reverse('search')}?{back.query(back.page)}")
    response.status_code = 303
    return response


@action(Role.OPERATOR, back="search")
def group(request: MemberRequest) -> HttpResponse:
    """Makes a group of what is in the basket, as it is in Invent now, and goes there."""
    reason = request.POST.get("note", "")
    try:
        made = make_group(
            request.member.organization,
            _read(request),
            by_user=request.actor,
            reason=reason,
        )
    except Problem as problem:
        record_refusal(request, problem)
        return _show(request, request.POST, reason=reason, problem=problem)
    basket.empty(request)
    words = _("Compare them, and decide as for any other group.")
    return done(request, reverse("group", args=[made.pk]), words)


@action(Role.OPERATOR, back="group")
def discard(request: MemberRequest, pk: int) -> HttpResponse:
    """Takes a group that was put together by hand out of the queue."""
    discarded = group_of(request, pk)
    try:
        byhand.discard(discarded, by_user=request.actor)
    except Problem as problem:
        return refused(request, pk, problem)
    return done(request, reverse("queue"), _("Discarded. Nothing was changed in Invent."))


def _read(request: MemberRequest) -> list[Contact]:
    """The contacts of the form, read again. Raises Invalid, Stale or NotRead."""
    have = {entry.id: entry for entry in basket.entries(request)}
    wanted = list(dict.fromkeys(request.POST.getlist("contacts")))
    if len(wanted) < 2:
        raise Invalid(_("Take at least two contacts: search, and tick them."))
    if any(contact_id not in have for contact_id in wanted):
        raise Invalid(_("Your list has changed in another window. Look at it once more."))
    found: list[Contact] = []
    try:
        with _invent(request) as client:
            for contact_id in wanted:
                entry = have[contact_id]
                contact = find(client, entry.id, user_ids=entry.user_ids, name=entry.called)
                if contact is None:
                    raise Stale(
                        _("{name} is no longer found in Invent. Take it out of the list.").format(
                            name=entry.name
                        )
                    )
                found.append(contact)
    except InventError as error:
        raise NotRead(retold(error.sentence)) from error
    return found
