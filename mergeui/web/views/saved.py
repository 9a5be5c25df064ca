"""Saved views: the chips above the queue, and keeping, renaming, sharing and deleting views."""

from typing import Any
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from mergeui.accounts.models import Role
from mergeui.kept import Given, Kept
from mergeui.review.saved import SavedView
from mergeui.typed_key import typed_key
from mergeui.web import saved, typed
from mergeui.web.access import MemberRequest, action, current_page, page
from mergeui.web.forms import ViewForm
from mergeui.web.htmx import done, wants_fragment

MOST_OWN = 50
MOST_LISTED = 500


@page()
def views(request: MemberRequest) -> HttpResponse:
    """All views that the member may use: to open, rename, share and delete."""
    kept = typed.restore(request, request.path)
    if kept is None:
        return _show(request, ViewForm())
    changing = _changeable(request).filter(pk=typed_key(kept.get("view", "")) or 0).first()
    return _show(request, ViewForm(kept), changing=changing, query=kept.get("query", ""))


@page()
def strip(request: MemberRequest) -> HttpResponse:
    """The chips with their counts, for the page that is in the browser now."""
    if not wants_fragment(request):
        return HttpResponseRedirect(reverse("queue"))
    member = request.member
    current = urlsplit(current_page(request)).query
    seen = _shown(request)
    context = {
        **of_queue(request, saved.query_of(saved.wanted_by(current)), seen),
        "going": saved.going_on(member.organization),
    }
    context["chips"] = saved.chips(
        member, seen, context["view_query"], saved.count_all(member, seen)
    )
    return render(request, "queue/views.html", context)


def of_queue(
    request: MemberRequest, query: str, seen: list[SavedView] | None = None
) -> dict[str, Any]:
    """What the queue shows of views before anything is counted: one query."""
    if seen is None:
        seen = _shown(request)
    chips = saved.chips(request.member, seen, query)
    return {
        "chips": chips,
        "view_query": query,
        "can_save": bool(query) and not any(chip.chosen for chip in chips),
    }


@action(Role.VIEWER, back="views")
def new(request: MemberRequest) -> HttpResponse:
    """Keeps the filter that the queue shows under a name."""
    form = ViewForm(request.POST)
    if form.is_valid() and not _too_many(request, form):
        query = saved.query_of(saved.wanted_by(request.POST.get("query", "")))
        own = SavedView(organization=request.member.organization, owner=request.user, query=query)
        if _keep(own, form):
            return done(request, own.address(), _("Kept as “{name}”.").format(name=own.name))
    return _show(request, form, query=request.POST.get("query", ""), status=400)


@action(Role.VIEWER, back="views")
def change(request: MemberRequest, pk: int) -> HttpResponse:
    """Renames a view, shares it, or keeps it private."""
    own = _own(request, pk)
    form = ViewForm(request.POST)
    if form.is_valid() and _keep(own, form):
        return done(request, reverse("views"), _("Kept as “{name}”.").format(name=own.name))
    return _show(request, form, changing=own, status=400)


@action(Role.VIEWER, back="views")
def delete(request: MemberRequest, pk: int) -> HttpResponse:
    """Deletes a view; no group is touched by it."""
    own = _own(request, pk)
    own.delete()
    return done(request, reverse("views"), _("Deleted “{name}”.").format(name=own.name))


@page()
def view(request: MemberRequest, pk: int) -> HttpResponse:
    """To the queue as a view shows it; a link that goes with the view when it is renamed."""
    return HttpResponseRedirect(get_object_or_404(_seen(request), pk=pk).address())


def _seen(request: MemberRequest) -> Any:
    seen = SavedView.objects.seen_by(request.user, request.member.organization)
    return seen.select_related("owner")


def _shown(request: MemberRequest) -> list[SavedView]:
    """Those that have a chip, with whose they are: one query."""
    return _SHOWN.all(organization=request.member.organization_id, user=request.user.pk)


def _chosen() -> QuerySet[SavedView]:
    seen = SavedView.objects.seen_by(Given("user"), Given("organization"))
    return seen.select_related("owner")[: saved.MOST_SHOWN]


_SHOWN = Kept(_chosen)


def _own(request: MemberRequest, pk: int) -> SavedView:
    """A view that the member may change, or 404."""
    return get_object_or_404(_changeable(request), pk=pk)


def _changeable(request: MemberRequest) -> QuerySet[SavedView]:
    """The member's own views, and for an admin what is shared."""
    mine = Q(owner=request.user)
    if request.member.can(Role.ADMIN):
        mine |= Q(shared=True)
    return SavedView.objects.filter(mine, organization=request.member.organization)


def _too_many(request: MemberRequest, form: ViewForm) -> bool:
    own = SavedView.objects.filter(owner=request.user, organization=request.member.organization)
    if own.count() < MOST_OWN:
        return False
    form.add_error("name", _("You have many views already: delete one that you don't use first."))
    return True


def _keep(own: SavedView, form: ViewForm) -> bool:
    """Stores a view under the name in the form; False, said in the form, when that is taken."""
    own.name, own.shared = form.cleaned_data["name"], form.cleaned_data["shared"]
    try:
        with transaction.atomic():
            own.save()
    except IntegrityError:
        form.add_error("name", _("You have a view of this name already: choose another one."))
        return False
    return True


def _show(
    request: MemberRequest,
    form: ViewForm,
    *,
    changing: SavedView | None = None,
    query: str = "",
    status: int = 200,
) -> HttpResponse:
    seen = list(_seen(request)[:MOST_LISTED])
    admin = request.member.can(Role.ADMIN)
    mine = [one for one in seen if one.owner_id == request.user.pk or (admin and one.shared)]
    context = {
        "mine": [
            (one, saved.words_of(one.query), form if changing and one.pk == changing.pk else None)
            for one in mine
        ],
        "others": [(one, saved.words_of(one.query)) for one in seen if one not in mine],
        "form": ViewForm() if changing else form,
        "query": query,
        "words": saved.words_of(query),
        "saving": form.is_bound and not changing,
    }
    return render(request, "saved/page.html", context, status=status)
