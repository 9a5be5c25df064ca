"""The levers of the stand-in under /_sandbox/, for tests and demonstrations on this machine.

GET  /_sandbox/counters        what was asked so far
GET  /_sandbox/faults          the switches; POST sets those given
POST /_sandbox/contacts        adds a contact, or changes the fields given of the one with `id`
DELETE /_sandbox/contacts/{id} takes a contact out
POST /_sandbox/reset           the world as seeded, all switches off, all counters 0
"""

from __future__ import annotations

import dataclasses
import ipaddress
from typing import TYPE_CHECKING

from mergeui.sandbox.contacts import new_contact
from mergeui.sandbox.http import Refused, Reply, Request
from mergeui.sandbox.state import Change

if TYPE_CHECKING:
    from mergeui.sandbox.app import Sandbox


def reply(app: Sandbox, request: Request) -> Reply:
    """The answer to a request under /_sandbox/, from this machine only."""
    if not _is_local(request.client):
        raise Refused(404, "Not found.")
    match request.method, request.segments[1:]:
        case "GET", ["counters"]:
            return Reply.json(app.counters.as_json())
        case "GET", ["faults"]:
            return Reply.json(dataclasses.asdict(app.faults))
        case "POST", ["faults"]:
            return _set_faults(app, request)
        case "POST", ["contacts"]:
            return _put_contact(app, request)
        case "DELETE", ["contacts", contact_id]:
            app.world.remove(contact_id)
            return Reply.json({})
        case "POST", ["reset"]:
            app.reset()
            return Reply.json({})
    raise Refused(404, "Not found.")


def _set_faults(app: Sandbox, request: Request) -> Reply:
    try:
        app.faults.set(**request.json())
    except (TypeError, ValueError) as error:
        raise Refused(400, str(error)) from error
    return Reply.json(dataclasses.asdict(app.faults))


def _put_contact(app: Sandbox, request: Request) -> Reply:
    given = request.json()
    if not isinstance(given, dict):
        raise Refused(400, "An object was expected.")
    now = app.world.now()
    contact_id = given.get("id")
    if isinstance(contact_id, str) and contact_id in app.world.main:
        contact = app.world.main.contact(contact_id)
    else:
        contact = new_contact(None, now)
    contact |= {"updated_at": now} | given
    app.world.apply(Change(app.world.top.id, put=(contact,)))
    return Reply.json(contact)


def _is_local(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
