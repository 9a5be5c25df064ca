"""What every page's frame shows."""

from typing import Any

from django.http import HttpRequest

from mergeui.accounts.models import Membership
from mergeui.web.requests import waiting_for

SECTIONS = {
    "queue": "queue",
    "group": "queue",
    "group_raw": "queue",
    "requests": "requests",
    "request": "requests",
    "history": "history",
    "history_entry": "history",
    "contact": "history",
}


def desk(request: HttpRequest) -> dict[str, Any]:
    """The member, the part of the desk that the page belongs to, and what waits for the member.

    `waiting` is a function: only a template that shows the frame asks the database for it.
    """
    user = getattr(request, "user", None)
    member: Membership | None = getattr(user, "member", None)
    match = request.resolver_match
    name = match.url_name if match else None
    return {
        "member": member,
        "section": SECTIONS.get(name or "", ""),
        "waiting": lambda: waiting_for(member) if member else 0,
    }
