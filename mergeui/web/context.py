"""What every page's frame shows."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from mergeui.accounts.models import Membership, Role
from mergeui.merging.models import Standing
from mergeui.web import typed
from mergeui.web.access import page_of
from mergeui.web.lately import bar
from mergeui.web.notes import unread_count
from mergeui.web.organizations import choices
from mergeui.web.request_rows import for_approver
from mergeui.web.when import exact

# The first word of an address's name says which part of the desk it belongs to.
SECTIONS = {
    "queue": "queue",
    "group": "queue",
    "requests": "requests",
    "request": "requests",
    "approve": "requests",
    "reject": "requests",
    "cancel": "requests",
    "resolve": "requests",
    "recovery": "requests",
    "bulks": "requests",
    "bulk": "requests",
    "views": "queue",
    "view": "queue",
    "history": "history",
    "contact": "history",
    "erase": "history",
    "settings": "settings",
    "team": "team",
    "glass": "team",
    "policy": "team",
    "break": "requests",
    "account": "account",
}


def desk(request: HttpRequest) -> dict[str, Any]:
    """The member, the part of the desk that the page belongs to, what is for the member and
    what they decided lately.

    `own_page` is the address that it is loaded again by, also where it answers a form. `waiting`
    and `lately` are functions: only a template that shows the frame asks the database.
    """
    user = getattr(request, "user", None)
    member: Membership | None = getattr(user, "member", None)
    standing: Standing | None = None
    if member:
        standing = getattr(member.organization, "standing", None)
    if member and not getattr(request, "htmx", False):
        # A page that has no place for what was typed says that it was not sent, all the same.
        typed.restore(request, request.path)
    match = request.resolver_match
    name = match.url_name if match else None
    return {
        "member": member,
        "organizations": choices(request) if member else [],
        "may_decide": bool(member and member.can(Role.OPERATOR)),
        "section": SECTIONS.get((name or "").partition("_")[0], ""),
        "paused": _paused(standing),
        "halt": standing if standing and standing.halted_as else None,
        "glass_open": standing.glass_open if standing and member and member.can(Role.ADMIN) else 0,
        "single_operator": bool(member and member.organization.policy.single_operator),
        "chain_broken": standing.chain_broken if standing else "",
        "own_page": lambda: page_of(request),
        "waiting": lambda: _waiting(request, member) if member else 0,
        "lately": lambda: bar(request, member) if member else None,
    }


def _paused(standing: Standing | None) -> str:
    """Until when Invent wants to be left alone; empty while it does not."""
    until = standing.paused_until if standing else None
    return exact(until, to_second=True) if until and until > timezone.now() else ""


def _waiting(request: HttpRequest, member: Membership) -> int:
    """Nothing for an answer that goes into a page that is there: its frame stays."""
    if getattr(request, "htmx", False):
        return 0
    return for_approver(member) + unread_count(member)
