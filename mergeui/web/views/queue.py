"""The queue: the groups that wait for a decision, searched, filtered and paged."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django_htmx.http import push_url

from mergeui.accounts.models import Role
from mergeui.review.grades import Grade
from mergeui.review.models import Group
from mergeui.web import lately, problems, refresh
from mergeui.web import queue as shown
from mergeui.web.access import MemberRequest, page
from mergeui.web.forms import QueueForm
from mergeui.web.htmx import wants_fragment
from mergeui.web.looking import Wanted, find, look
from mergeui.web.onward import COOKIE, PLACE_COOKIE
from mergeui.web.paging import BACKWARDS, LAST, Page, paginate
from mergeui.web.reader import begins_at
from mergeui.web.saved import query_of
from mergeui.web.ticking import ticking
from mergeui.web.views import saved

# Browsers keep no cookie of more than 4 KB, and would go on sending the one before.
LONGEST_PLACE = 2_000
USUAL = {("state", "open"), ("sort", "oldest")}


def home(request: HttpRequest) -> HttpResponse:
    """The desk begins at the queue, with what the person likes to see first."""
    if request.method not in {"GET", "HEAD"}:
        return problems.wrong_method(request, ["GET", "HEAD"])
    return HttpResponseRedirect(begins_at(request))


@page()
def queue(request: MemberRequest) -> HttpResponse:
    """The list, or the part of it that a filter changes."""
    organization = request.member.organization
    fragment = wants_fragment(request)
    segments = [] if fragment else shown.segments_of(organization)
    form = QueueForm(request.GET, segments=segments)
    wanted = form.wanted()
    found = look(organization, wanted)
    total = found.count()
    groups = found.groups.only(*shown.SHOWN)
    cursor = request.GET.get("at", "")
    listed = paginate(groups, order=shown.ORDERS[wanted.sort], cursor=cursor)
    if cursor and not listed.rows:
        # All of that page is decided: what is left stands before it, or behind a page before.
        nearest = "" if cursor.startswith(BACKWARDS) else LAST
        listed = paginate(groups, order=shown.ORDERS[wanted.sort], cursor=nearest)
    query = clean_query(request.GET)
    runs = refresh.latest(organization)
    empty = None
    if not listed.rows:
        empty = shown.emptiness(
            wanted,
            bool(runs),
            finished=_finished(request, wanted),
            elsewhere=_elsewhere(request, wanted, query),
        )
    context = {
        **_list_context(request, listed, wanted, query, total),
        "selects": [form[name] for name in ("channel", "segment", "grade", "risk", "size", "sort")],
        "notes": _notes(form, listed),
        "total": _total(total),
        "empty": empty,
        "sync": refresh.line(runs, timezone.now()),
        **({} if fragment else saved.of_queue(request, query_of(wanted))),
    }
    response = render(request, "queue/page.html" + ("#results" if fragment else ""), context)
    if fragment:
        push_url(response, context["here"])
    _remember(response, query, cursor)
    return response


def _remember(response: HttpResponse, query: str, cursor: str) -> None:
    """What was looked at, and where in it: the pages of the groups go on from there."""
    place = urlencode({"at": cursor}) if cursor else ""
    if len(place) > LONGEST_PLACE:
        place = ""
    for cookie, words in ((COOKIE, query), (PLACE_COOKIE, place)):
        response.set_cookie(
            cookie,
            words,
            path=reverse("queue"),
            httponly=True,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )


def _finished(request: MemberRequest, wanted: Wanted) -> bool:
    """Whether what they decided last was in this list until then, which is empty now."""
    last = request.COOKIES.get(lately.COOKIE, "")
    if not (wanted.narrowed and wanted.state == "open" and last.isdecimal() and last.isascii()):
        return False
    everywhere = find(request.member.organization, replace(wanted, state="all"))
    return everywhere.filter(pk=int(last[:18])).exists()


def _elsewhere(request: MemberRequest, wanted: Wanted, query: str) -> tuple[str, str]:
    """How many groups match in any state, and their address; empty when none does.

    For a list that is empty: it asks the index once more.
    """
    if not wanted.narrowed or wanted.state == "all":
        return "", ""
    count = look(request.member.organization, replace(wanted, state="all")).count()
    return ("", "") if count == "0" else (count, _with_state(query, "all"))


def _with_state(query: str, state: str) -> str:
    """The same search and filters in another state."""
    fields = QueryDict(query, mutable=True)
    fields["state"] = state
    return f"?{fields.urlencode()}"


def _total(count: str) -> str:
    words = ngettext("{count} group", "{count} groups", 1 if count == "1" else 2)
    return words.format(count=count)


def _list_context(
    request: MemberRequest, listed: Page[Group], wanted: Wanted, query: str, total: str
) -> dict[str, Any]:
    can_decide = request.member.can(Role.OPERATOR)
    # Names that conflict are looked at one by one: a box would promise what the summary refuses.
    boxes = wanted.state == "open" and can_decide and wanted.grade != Grade.CONFLICT
    rows = shown.rows(
        listed.rows,
        user_id=request.user.pk,
        ticking=boxes,
        can_decide=can_decide,
    )
    return {
        "can_decide": can_decide,
        "ticking": boxes and ticking(rows, alone=listed.alone, total=total, query=query),
        "rows": rows,
        "page": listed,
        "links": pager_links(listed, query),
        "wanted": wanted,
        "tabs": _tabs(wanted, query),
        "here": address_of_page(request, query),
    }


def _notes(form: QueueForm, listed: Page[Group]) -> list[str]:
    """What of the address was not used: nothing is left out in silence."""
    notes = form.notes()
    if listed.spoiled:
        notes.append(_("The place in the list could not be read, so this is the first page."))
    return notes


def _tabs(wanted: Wanted, query: str) -> list[tuple[str, str, bool]]:
    """The states as links that keep the other filters: (address, words, whether chosen)."""
    return [
        (_with_state(query, state), str(words), wanted.state == state)
        for state, words in shown.STATES.items()
    ]


def clean_query(given: QueryDict) -> str:
    """The query string without what says nothing, and without the place in the list."""
    plain = [item for item in given.items() if item[1] and item not in USUAL and item[0] != "at"]
    return urlencode(plain)


def pager_links(listed: Page[Any], query: str, path: str = "") -> list[tuple[str, str]]:
    """The pager: (address, words) for each neighbour, an empty address where there is none.

    `path` is for a page that may come as the answer to a form.
    """
    places = (
        (_("First"), listed.first),
        (_("Previous"), listed.previous),
        (pgettext("page", "Next"), listed.next),
        (_("Last"), listed.last),
    )
    return [
        ("" if cursor is None else path + _address(query, cursor), words)
        for words, cursor in places
    ]


def address_of_page(request: MemberRequest, query: str) -> str:
    """The page's own address: to bookmark, and to load again."""
    return request.path + _address(query, request.GET.get("at", "")).rstrip("?")


def _address(query: str, cursor: str) -> str:
    place = urlencode({"at": cursor}) if cursor else ""
    return "?" + "&".join(part for part in (query, place) if part)
