"""The documented endpoints of contacts, groups and segments, the merge apart (invent-api.md)."""

from __future__ import annotations

import secrets
import string
from itertools import islice
from typing import TYPE_CHECKING, Any

from mergeui.sandbox.directory import Json
from mergeui.sandbox.http import Refused, Reply, Request
from mergeui.sandbox.matching import matching
from mergeui.sandbox.paging import page_bounds, page_reply, with_odd_values
from mergeui.sandbox.state import Change, Org

if TYPE_CHECKING:
    from mergeui.sandbox.app import Sandbox

LONGEST_NAME = 512
_BASE62 = string.digits + string.ascii_letters
_CHANNEL_KEYS = ("user_id", "name", "email", "phone", "contact_id")


def list_duplicates(app: Sandbox, org: Org, request: Request, ids: list[str]) -> Reply:
    """GET …/contacts/duplicates."""
    page, take = page_bounds(app.faults, request)
    positions = app.listing.positions(app, org)
    shown = positions[(page - 1) * take : page * take]
    groups = [app.listing.group_json(org, position) for position in shown]
    reply = page_reply(app.faults, groups, len(positions), page, take)
    app.listing.after_reading(app, org, page)
    return reply


def list_contacts(app: Sandbox, org: Org, request: Request, ids: list[str]) -> Reply:
    """GET …/contacts with all its documented filters."""
    page, take = page_bounds(app.faults, request)
    app.listing.churn(app, org)
    found = matching(org.directory, request.query)
    start = (page - 1) * take
    shown = [org.directory.contact_json(one) for one in islice(found, start, start + take)]
    return page_reply(app.faults, shown, len(found), page, take)


def read(app: Sandbox, org: Org, request: Request, ids: list[str]) -> Reply:
    """GET …/contacts/{contact_id}: not documented, so there only by a switch."""
    if not app.faults.contact_endpoint:
        raise Refused(404, "Not found.")
    return Reply.json_bytes(with_odd_values(app.faults, _json(org, ids[0])))


def list_segments(app: Sandbox, org: Org, request: Request, ids: list[str]) -> Reply:
    """GET …/contacts/{contact_id}/segments."""
    return Reply.json(_contact(org, ids[0]).get("segments") or [])


def list_notes(app: Sandbox, org: Org, request: Request, ids: list[str]) -> Reply:
    """GET …/contacts/{contact_id}/notes; there are none in this world."""
    _contact(org, ids[0])
    return Reply.json([])


def list_activities(app: Sandbox, org: Org, request: Request, ids: list[str]) -> Reply:
    """GET …/contacts/{contact_id}/activities, newest first."""
    contact = _contact(org, ids[0])
    made = {"id": f"activity_{ids[0][-22:]}", "type": "created"}
    return Reply.json([made | {"created_at": contact.get("created_at")}])


def list_all_segments(app: Sandbox, org: Org, request: Request, ids: list[str]) -> Reply:
    """GET …/segments."""
    page, take = page_bounds(app.faults, request)
    wanted = request.query.get("search", "").casefold()
    found = [s for s in org.directory.segments.values() if wanted in str(s["name"]).casefold()]
    return page_reply(app.faults, found[(page - 1) * take : page * take], len(found), page, take)


def list_sub_orgs(app: Sandbox, org: Org, request: Request, ids: list[str]) -> Reply:
    """GET …/orgs."""
    page, take = page_bounds(app.faults, request)
    found: list[Json] = [
        {"id": sub.id, "name": sub.name, "logo_url": None}
        for sub in app.world.orgs.values()
        if sub.parent_id == org.id
    ]
    return page_reply(app.faults, found[(page - 1) * take : page * take], len(found), page, take)


def update(app: Sandbox, org: Org, request: Request, ids: list[str]) -> Reply:
    """PATCH …/contacts/{contact_id}: name, blocked, unsubscribed."""
    body = _object(request.json())
    contact = _contact(org, ids[0])
    now = app.world.now()
    if "name" in body:
        name = body["name"]
        if name is not None and (not isinstance(name, str) or len(name) > LONGEST_NAME):
            raise Refused(400, f"name must be a string of at most {LONGEST_NAME}, or null.")
        contact["name"] = name
    for flag in ("blocked", "unsubscribed"):
        if flag in body:
            if not isinstance(body[flag], bool):
                raise Refused(400, f"{flag} must be a boolean.")
            contact |= {flag: body[flag], f"{flag}_at": now if body[flag] else None}
    contact["updated_at"] = now
    app.world.apply(Change(org.id, put=(contact,)))
    return Reply.json(contact)


def create(app: Sandbox, org: Org, request: Request, ids: list[str]) -> Reply:
    """POST …/contacts: a new contact with one channel, or the channel for a known contact."""
    body = _object(request.json())
    given = _object(body.get("channel"))
    texts = [given.get(key) for key in _CHANNEL_KEYS]
    if not given.get("user_id") or not all(isinstance(one, str | None) for one in texts):
        raise Refused(400, "channel must have a user_id, and strings only.")
    now = app.world.now()
    known = given.get("contact_id")
    contact = _contact(org, known) if known else new_contact(given.get("name"), now)
    contact["channels"] = [*contact["channels"], _new_channel(given, now)]
    segments = [_segment(org, one) for one in body.get("segment_ids") or ()]
    contact |= {"segments": _with_segments(contact, segments), "updated_at": now}
    app.world.apply(Change(org.id, put=(contact,)))
    return Reply.json(contact)


def add_segment(app: Sandbox, org: Org, request: Request, ids: list[str]) -> Reply:
    """POST …/contacts/{contact_id}/segments/{segment_id}."""
    contact = _contact(org, ids[0])
    segments = _with_segments(contact, [_segment(org, ids[1])])
    contact |= {"segments": segments, "updated_at": app.world.now()}
    app.world.apply(Change(org.id, put=(contact,)))
    return Reply.json(contact)


def _json(org: Org, contact_id: str) -> bytes:
    if contact_id not in org.directory:
        raise Refused(404, "Contact not found.")
    return org.directory.contact_json(contact_id)


def _contact(org: Org, contact_id: str) -> Json:
    _json(org, contact_id)
    return org.directory.contact(contact_id)


def _segment(org: Org, segment_id: Any) -> Json:
    if not isinstance(segment_id, str) or segment_id not in org.directory.segments:
        raise Refused(404, "Segment not found.")
    return org.directory.segments[segment_id]


def _with_segments(contact: Json, segments: list[Json]) -> list[Json]:
    by_id = {segment["id"]: segment for segment in [*(contact.get("segments") or ()), *segments]}
    return list(by_id.values())


def _object(value: Any) -> Json:
    if not isinstance(value, dict):
        raise Refused(400, "An object was expected.")
    return value


def _new_id(kind: str) -> str:
    return f"{kind}_" + "".join(secrets.choice(_BASE62) for _ in range(22))


def new_contact(name: str | None, now: str) -> Json:
    """A contact made at `now`, without channels."""
    return {
        "id": _new_id("contact"),
        "name": name,
        "blocked": False,
        "unsubscribed": False,
        "is_admin": False,
        "channels": [],
        "segments": [],
        "created_at": now,
        "updated_at": now,
    }


def _new_channel(given: Json, now: str) -> Json:
    empty = dict.fromkeys(("avatar", "username", "country", "agent", "ip", "language", "link"))
    named = {key: given.get(key) for key in ("user_id", "name", "email", "phone")}
    times = {"created_at": now, "updated_at": now}
    return {
        "id": _new_id("channel"), "type": "custom", **named, **empty, "platform_data": {}, **times
    }  # fmt: skip
