"""POST …/contacts/{contact_id}/merge, as documented, and all the ways in which it may go wrong."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mergeui.sandbox.faults import Fault
from mergeui.sandbox.http import Refused, Reply, Request
from mergeui.sandbox.state import Org

if TYPE_CHECKING:
    from mergeui.sandbox.app import Sandbox

KEY = "source_contact_ids"
MOST_SOURCES = 50


def merge(app: Sandbox, org: Org, request: Request, ids: list[str]) -> Reply:
    """Merge all or nothing, unless a fault says otherwise."""
    (primary_id,) = ids
    with app.world.lock:
        app.counters.merge_calls += 1
        app.counters.merges.append((primary_id, request.body.decode("utf-8", "replace")))
        fault = app.faults.take_merge()
        status, applied = app.faults.merge_status, app.faults.merge_applied
        retry_after = app.faults.merge_retry_after
    time.sleep(app.faults.merge_latency)
    refused = app.failure(status, retry_after)
    if fault is Fault.STATUS and not applied and not app.faults.apply_late:
        raise refused
    with app.world.lock:
        sources = _sources(app, org, primary_id, request)
        if fault is Fault.PARTIAL:
            sources = sources[: len(sources) // 2]
        if fault is Fault.MORE:
            sources = list(dict.fromkeys([*sources, *_detected(org, primary_id)]))
        done = not fault or applied or fault in (Fault.PARTIAL, Fault.MORE, Fault.WRONG_ID)
        if not done and app.faults.apply_late:
            app.late.add(app, org, primary_id, sources)
        merged = _apply(app, org, primary_id, sources) if done else {"id": primary_id}
    if fault is Fault.STATUS:
        raise refused
    if fault is Fault.WRONG_ID and sources:
        merged |= {"id": sources[0]}
    reply = Reply.json({"merged": merged, "merged_contact_ids": sources})
    return app.spoil(fault, reply, request)


def _sources(app: Sandbox, org: Org, primary_id: str, request: Request) -> list[str]:
    directory = org.directory
    body = request.json() if request.body.strip() else {}
    if not isinstance(body, dict):
        raise Refused(400, "The body must be an object.")
    if KEY in body:
        sources = _checked(body[KEY], primary_id)
    if any(one not in directory for one in [primary_id, *(sources if KEY in body else ())]):
        raise Refused(404, "Contact not found.")
    if KEY in body:
        return sources
    # Documented: "Omit to merge all auto-detected duplicates."
    app.counters.hazard_calls += 1
    return _detected(org, primary_id)


def _detected(org: Org, primary_id: str) -> list[str]:
    """The duplicates of a contact that the vendor has detected."""
    position = org.directory.position_of_group(primary_id)
    members = () if position is None else org.directory.group(position)
    return [one for one in members if one != primary_id]


def _checked(sources: Any, primary_id: str) -> list[str]:
    if not isinstance(sources, list) or not all(isinstance(one, str) for one in sources):
        raise Refused(400, f"{KEY} must be an array of strings.")
    if not 1 <= len(sources) <= MOST_SOURCES:
        raise Refused(400, f"{KEY} must have 1 to {MOST_SOURCES} elements.")
    if len(set(sources)) != len(sources):
        raise Refused(400, f"{KEY} must be unique.")
    if primary_id in sources:
        raise Refused(400, "A contact can't be merged into itself.")
    return sources


def _apply(app: Sandbox, org: Org, primary_id: str, sources: list[str]) -> dict[str, Any]:
    app.listing.keep_ghost(app, org, primary_id)
    any_flag_wins = app.faults.any_flag_wins
    merged = app.world.merge(org.id, primary_id, sources, any_flag_wins=any_flag_wins)
    app.counters.merges_applied += 1
    return merged


@dataclass(frozen=True, slots=True)
class _Late:
    due: float
    org: Org
    primary_id: str
    sources: list[str]


class LateMerges:
    """Merges that Invent had taken in and does after its answer went wrong."""

    def __init__(self) -> None:
        self._waiting: list[_Late] = []

    def add(self, app: Sandbox, org: Org, primary_id: str, sources: list[str]) -> None:
        """Do this merge when `apply_late` seconds have gone by."""
        due = app.world.monotonic() + app.faults.apply_late
        self._waiting.append(_Late(due, org, primary_id, sources))

    def apply_due(self, app: Sandbox) -> None:
        """Do what is due, as far as its contacts are still there."""
        with app.world.lock:
            now = app.world.monotonic()
            due = [late for late in self._waiting if late.due <= now]
            self._waiting = [late for late in self._waiting if late.due > now]
            for late in due:
                if all(one in late.org.directory for one in (late.primary_id, *late.sources)):
                    _apply(app, late.org, late.primary_id, late.sources)
