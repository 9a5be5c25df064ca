"""The pages of a team: what they have in common."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from mergeui.accounts.models import Organization, Role
from mergeui.errors import Stale
from mergeui.web.access import MemberRequest


def frame(request: MemberRequest, name: str) -> dict[str, Any]:
    """What every page of a team shows: its parts, and which one this is."""
    admin = request.member.can(Role.ADMIN)
    parts = {"team": _("Members")}
    parts |= {"policy": _("Policy"), "glass": _("Broken glass")}
    if admin:
        parts |= {"team_connection": _("Key of Invent")}
    return {
        "parts": [(reverse(part), words, part == name) for part, words in parts.items()],
        "organization": request.member.organization,
        "admin": admin,
    }


def opened_here(request: MemberRequest) -> Organization:
    """The organisation in which a form of these pages was opened, if they still work in it.

    Its address names no organisation, and somebody may have changed theirs in another window.
    Raises Stale.
    """
    organization = request.member.organization
    if request.POST.get("organization", "") not in {"", str(organization.pk)}:
        words = _(
            "This form was opened in another organisation than the one you are in now, {name}."
            " Nothing was changed: open the page once more."
        )
        raise Stale(words.format(name=organization.name))
    return organization
