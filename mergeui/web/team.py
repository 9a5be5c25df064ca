"""The pages of a team: what they have in common."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from mergeui.accounts.models import Role
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
