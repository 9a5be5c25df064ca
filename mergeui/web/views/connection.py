"""The key of Invent of an organisation, and the sub-orgs that it reaches."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from mergeui.accounts.models import KeySource, Role
from mergeui.connect import connect
from mergeui.errors import Invalid, Problem
from mergeui.sealing import can_seal
from mergeui.teams import found, keys
from mergeui.web import typed
from mergeui.web.access import MemberRequest, Proof, action, page
from mergeui.web.htmx import done
from mergeui.web.middleware import record_refusal
from mergeui.web.team import frame
from mergeui.web.when import exact


@page(Role.ADMIN)
def connection(request: MemberRequest) -> HttpResponse:
    """Where the key comes from; with `subs` in the address, what sub-orgs Invent lists."""
    typed.restore(
        request, request.path
    )  # a key is kept nowhere, but it is said that it was not sent
    return _show(request, look="subs" in request.GET)


@sensitive_post_parameters("key")
@action(Role.ADMIN, back="team_connection", proof=Proof.LATELY)
def enter(request: MemberRequest) -> HttpResponse:
    """Tries a key and stores it; refused, the page says why, and the key is typed anew."""
    organization = request.member.organization
    try:
        given = keys.candidate(organization, request.POST.get("key", ""))
        with connect(given, for_page=True) as client:
            keys.set_key(given, client=client, by_user=request.actor)
    except Invalid as problem:
        record_refusal(request, problem)
        return _show(request, problem=problem)
    words = _("Invent takes this key. The worker uses it from now on.")
    return done(request, reverse("team_connection"), words)


@action(Role.ADMIN, back="team_connection", proof=Proof.LATELY)
def forget(request: MemberRequest) -> HttpResponse:
    """Takes the stored key away."""
    organization = request.member.organization
    keys.forget_key(organization, by_user=request.actor)
    words = _("The key is gone. Nothing is read or merged until there is another one.")
    return done(request, reverse("team_connection"), words)


@action(Role.ADMIN, back="team_connection", proof=Proof.LATELY)
def add_sub_org(request: MemberRequest) -> HttpResponse:
    """Makes a sub-org an organisation of the desk, with whoever adds it as its admin."""
    organization = request.member.organization
    try:
        with connect(organization, for_page=True) as client:
            made = found.add_sub_org(
                organization, request.POST.get("sub_org", ""), client=client, by_user=request.actor
            )
    except Invalid as problem:
        record_refusal(request, problem)
        return _show(request, problem=problem)
    words = _("{name} is an organisation of this desk now, and you are its admin.")
    return done(request, reverse("team_connection"), words.format(name=made.name))


def _show(
    request: MemberRequest, *, look: bool = False, problem: Problem | None = None
) -> HttpResponse:
    organization = request.member.organization
    source = organization.key_source
    context: dict[str, Any] = {
        **frame(request, "team_connection"),
        "shown": keys.shown(organization),
        "since": exact(organization.key_set_at) if organization.key_set_at else "",
        "source": source.value,
        "has_key": source != KeySource.NONE,
        "can_enter": source != KeySource.ENVIRONMENT and can_seal(),
        "can_seal": can_seal(),
        "problem": problem.sentence if problem else "",
    }
    if look and source != KeySource.NONE:
        try:
            with connect(organization, for_page=True) as client:
                listed = found.sub_orgs(organization, client=client, by_user=request.actor)
            context["sub_orgs"] = [(one.id, one.name or one.id) for one in listed]
        except Invalid as refused:
            context["problem"], problem = refused.sentence, refused
    status = problem.status if problem else 200
    return render(request, "team/connection.html", context, status=status)
