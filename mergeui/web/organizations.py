"""The organisations of somebody who belongs to several: which one they work in, and where a thing
of another one of theirs is."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from mergeui.accounts.models import Membership, Organization, PolicyChange, User
from mergeui.audit.models import Entry
from mergeui.merging.models import BulkDecision, GlassBreak, MergeRequest
from mergeui.review.models import Group, Member, SyncRun
from mergeui.review.saved import SavedView
from mergeui.web import basket, problems

# What an address names, by the first word of its own name; a decision's word stands for its thing.
THINGS: dict[str, type[Model]] = {
    "group": Group,
    "request": MergeRequest,
    **dict.fromkeys(("approve", "reject", "cancel", "resolve", "restore", "opt"), MergeRequest),
    "recovery": MergeRequest,
    "break": MergeRequest,
    "glass": GlassBreak,
    "policy": PolicyChange,
    "bulk": BulkDecision,
    "view": SavedView,
    "sync": SyncRun,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One organisation that a person may work in; `unread` is what waits for them there."""

    pk: int
    name: str
    chosen: bool
    unread: int


def members_of(request: HttpRequest) -> list[Membership]:
    """The memberships of whoever asks, by the names of their organisations."""
    members: list[Membership] = getattr(request.user, "members", [])
    return sorted(members, key=lambda member: (member.organization.name.casefold(), member.pk))


def choices(request: HttpRequest) -> list[Choice]:
    """What the switch offers; empty for somebody with one organisation or none. Asks nothing."""
    members = members_of(request)
    if len(members) < 2:
        return []
    chosen = getattr(request.user, "member", None)
    return [
        Choice(one.organization_id, one.organization.name, one is chosen, getattr(one, "unread", 0))
        for one in members
    ]


def switch(request: HttpRequest, number: str) -> Organization:
    """Has somebody work in another organisation of theirs from now on. Raises NotHere.

    What they had put together by hand stays behind: those contacts belong to the other one.
    """
    found = [m.organization for m in members_of(request) if str(m.organization_id) == number]
    if not found:
        raise problems.NotHere
    User.objects.filter(username=request.user.get_username()).update(works_in=found[0])
    basket.empty(request)
    return found[0]


def where_to(request: HttpRequest, given: str) -> str:
    """`given` if it is an address of this desk; empty otherwise."""
    mine = url_has_allowed_host_and_scheme(given, allowed_hosts=None)
    return given if mine and given.startswith("/") else ""


def home_of_thing(request: HttpRequest) -> Organization | None:
    """The other organisation of theirs that has what this address names; None when none has.

    Whoever asks is a member there, so they are told nothing that they may not know.
    """
    mine = getattr(request.user, "member", None)
    others = {m.organization_id: m.organization for m in members_of(request) if m is not mine}
    found = _named(request) if others else None
    if found is None:
        return None
    place = "group__organization" if found.model is Member else "organization"
    number = found.filter(**{f"{place}__in": others}).values_list(place, flat=True).first()
    return others.get(number) if number else None


def _named(request: HttpRequest) -> QuerySet[Any] | None:
    """What the address names, wherever it is; None for an address that names nothing."""
    match = request.resolver_match
    if match is None:
        return None
    parts: dict[str, Any] = match.kwargs
    if "number" in parts:
        return Entry.objects.filter(number=parts["number"])
    if match.url_name == "contact":
        return Member.objects.filter(contact_id=parts["contact_id"])
    model = THINGS.get((match.url_name or "").partition("_")[0])
    return model._default_manager.filter(pk=parts["pk"]) if model and "pk" in parts else None
