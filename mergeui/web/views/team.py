"""Who belongs to a team, and the links that invite into it."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from mergeui.accounts.models import Invitation, Membership, Role
from mergeui.errors import Invalid, NotAllowed, Problem
from mergeui.teams import members
from mergeui.web import typed
from mergeui.web.access import MemberRequest, Proof, action, page
from mergeui.web.htmx import done
from mergeui.web.middleware import record_refusal
from mergeui.web.team import frame
from mergeui.web.when import exact, short_day


@dataclass(frozen=True, slots=True)
class Row:
    """A member as a line of the list, with what may be done to them."""

    pk: int
    name: str
    username: str
    role: str
    role_words: str
    glass: bool
    off: str
    you: bool


@page()
def team(request: MemberRequest) -> HttpResponse:
    """Everybody sees who belongs to the team; admins change it."""
    return _show(request, kept=typed.restore(request, request.path))


@action(Role.ADMIN, back="team", proof=Proof.LATELY)
def invite(request: MemberRequest) -> HttpResponse:
    """Makes a link and shows it once."""
    organization = request.member.organization
    label, role = request.POST.get("label", ""), request.POST.get("role", "")
    try:
        token = members.invite(organization, role=role, label=label, by_user=request.actor)
    except Invalid as problem:
        record_refusal(request, problem)
        return _show(request, problem=problem)
    link = request.build_absolute_uri(reverse("join", kwargs={"token": token}))
    return _show(request, link=link, link_for=" ".join(label.split()))


@action(Role.ADMIN, back="team")
def withdraw(request: MemberRequest, pk: int) -> HttpResponse:
    """The link can't be used any more."""
    own = Invitation.objects.filter(organization=request.member.organization)
    invitation = get_object_or_404(own, pk=pk)
    members.withdraw(invitation, by_user=request.actor)
    return done(request, reverse("team"), _("The link can't be used any more."))


@action(Role.ADMIN, back="team", proof=Proof.LATELY)
def change(request: MemberRequest, pk: int) -> HttpResponse:
    """Another role, or the permission to break the glass."""
    member = _get(request, pk)
    glass = request.POST.get("glass") == "on"
    before = member.role, member.may_break_glass
    try:
        members.change(
            member,
            role=request.POST.get("role", ""),
            may_break_glass=glass,
            by_user=request.actor,
        )
    except (Invalid, NotAllowed) as problem:
        record_refusal(request, problem)
        return _show(request, problem=problem)
    return done(request, reverse("team"), _changed(member, *before))


@action(Role.ADMIN, back="team", proof=Proof.LATELY)
def disable(request: MemberRequest, pk: int) -> HttpResponse:
    """Takes all rights away at once."""
    member = _get(request, pk)
    try:
        members.disable(member, by_user=request.actor)
    except (Invalid, NotAllowed) as problem:
        record_refusal(request, problem)
        return _show(request, problem=problem)
    words = _("{who} is out at once and may do nothing here any more.")
    return done(request, reverse("team"), words.format(who=member.user))


@action(Role.ADMIN, back="team", proof=Proof.LATELY)
def enable(request: MemberRequest, pk: int) -> HttpResponse:
    """Gives back what was taken away."""
    member = _get(request, pk)
    members.enable(member, by_user=request.actor)
    return done(request, reverse("team"), _("{who} is back.").format(who=member.user))


def _changed(member: Membership, role: str, glass: bool) -> str:
    """What a member is and may do now, where it was `role` and `glass` before."""
    words = []
    if member.role != role or member.may_break_glass == glass:
        words.append(_("{who} is {role} now."))
    if member.may_break_glass and not glass:
        words.append(_("{who} may break the glass now."))
    if glass and not member.may_break_glass:
        words.append(_("{who} may not break the glass any more."))
    role_words = member.get_role_display().lower()
    return " ".join(words).format(who=member.user, role=role_words)


def _get(request: MemberRequest, pk: int) -> Membership:
    own = Membership.objects.filter(organization=request.member.organization)
    return get_object_or_404(own.select_related("user"), pk=pk)


def _show(
    request: MemberRequest,
    *,
    problem: Problem | None = None,
    kept: QueryDict | None = None,
    **more: Any,
) -> HttpResponse:
    """The page; with a problem, or from what was `kept`, with what was typed in one of its forms.

    `of` says in whose: without it, it is the invitation's.
    """
    wanted = request.POST if problem else kept or QueryDict()
    organization = request.member.organization
    admin = request.member.can(Role.ADMIN)
    own = Membership.objects.filter(organization=organization).select_related("user")
    open_ones = Invitation.objects.usable().filter(organization=organization)
    context = {
        **frame(request, "team"),
        "rows": [
            _row(one, request, wanted) for one in own.order_by("disabled_at", "user__username")
        ],
        "roles": Role.choices,
        "invitations": [
            (one.pk, one.label, one.get_role_display(), short_day(one.expires_at))
            for one in (open_ones.order_by("-pk") if admin else ())
        ],
        "problem": problem.sentence if problem else "",
        "typed": {} if "of" in wanted else wanted,
        **more,
    }
    status = problem.status if problem else 200
    return render(request, "team/members.html", context, status=status)


def _row(member: Membership, request: MemberRequest, wanted: QueryDict) -> Row:
    off = member.disabled_at
    typed_here = wanted.get("of") == str(member.pk)
    return Row(
        pk=member.pk,
        name=str(member.user),
        username=member.user.username,
        role=wanted.get("role", "") if typed_here else member.role,
        role_words=member.get_role_display(),
        glass="glass" in wanted if typed_here and not off else member.may_break_glass,
        off=_("Switched off since {moment}").format(moment=exact(off)) if off else "",
        you=member.user_id == request.user.pk,
    )
