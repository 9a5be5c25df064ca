"""The filters of GET …/contacts (invent-api.md).

How exactly the vendor matches is unknown. Here `search` finds a part of the name, the others the
whole value of a channel, all without regard to case.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from mergeui.sandbox.directory import Directory, Json
from mergeui.sandbox.http import Refused

_STATUSES: dict[str, Callable[[Json], bool]] = {
    "ALL": lambda contact: True,
    "SUBSCRIBED": lambda contact: not contact.get("unsubscribed") and not contact.get("blocked"),
    "UNSUBSCRIBED": lambda contact: bool(contact.get("unsubscribed")),
    "BLOCKED": lambda contact: bool(contact.get("blocked")),
    "AI_REPLIES_DISABLED": lambda contact: False,
}


def matching(directory: Directory, query: dict[str, str]) -> Collection[str]:
    """The ids of the contacts that match all filters; raises Refused with 400."""
    tests = _tests(query)
    found: Collection[str] = directory
    if user_id := query.get("user_id"):
        found = directory.with_user_id(user_id)
    if not tests:
        return found
    contacts = ((one, directory.contact(one)) for one in found)
    return [one for one, contact in contacts if all(test(contact) for test in tests)]


def _tests(query: dict[str, str]) -> list[Callable[[Json], bool]]:
    tests: list[Callable[[Json], bool]] = []
    status = query.get("status", "ALL")
    if status not in _STATUSES:
        raise Refused(400, f"status must be one of {', '.join(_STATUSES)}.")
    if status != "ALL":
        tests.append(_STATUSES[status])
    if search := query.get("search", "").casefold():
        tests.append(lambda contact: search in _folded(contact.get("name")))
    if name := query.get("name", "").casefold():
        tests.append(
            lambda contact: name in (_folded(contact.get("name")), *_each(contact, "name"))
        )
    if username := query.get("username", "").casefold():
        tests.append(lambda contact: username in _each(contact, "username"))
    if email := query.get("email", "").casefold():
        tests.append(lambda contact: email in _each(contact, "email"))
    if segment_id := query.get("segment_id"):
        tests.append(
            lambda contact: any(s.get("id") == segment_id for s in contact.get("segments") or ())
        )
    if _flag(query, "exclude_admins"):
        tests.append(lambda contact: not contact.get("is_admin"))
    wanted = _flag(query, "unsubscribed")
    if wanted is not None:
        tests.append(lambda contact: bool(contact.get("unsubscribed")) is wanted)
    return tests


def _each(contact: Json, key: str) -> list[str]:
    return [_folded(channel.get(key)) for channel in contact.get("channels") or ()]


def _folded(value: Any) -> str:
    return str(value or "").casefold()


def _flag(query: dict[str, str], name: str) -> bool | None:
    value = query.get(name)
    if value not in (None, "true", "false"):
        raise Refused(400, f"{name} must be true or false.")
    return None if value is None else value == "true"
