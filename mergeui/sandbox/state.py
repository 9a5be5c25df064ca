"""The world behind the stand-in: orgs, their contacts, and what was asked of it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from mergeui.sandbox.directory import Directory, Json

_UNSUBSCRIBING = ("unsubscribed_at", "unsubscribe_reason", "unsubscribe_feedback")


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an org's contacts: all that a journal needs to repeat it."""

    org_id: str
    put: tuple[Json, ...] = ()
    remove: tuple[str, ...] = ()


@dataclass(slots=True)
class Org:
    """An org; `parent_id` is None for the parent org, whose key reaches the others."""

    id: str
    name: str
    parent_id: str | None
    directory: Directory


@dataclass(slots=True)
class Counters:
    """What was asked. `hazard_calls` are merges that named no sources, so took all detected.

    `merges` has each merge call's primary and body, in the order they came.
    """

    requests: Counter[str] = field(default_factory=Counter)
    merge_calls: int = 0
    merges_applied: int = 0
    hazard_calls: int = 0
    rate_limited: int = 0
    merges: list[tuple[str, str]] = field(default_factory=list)

    def as_json(self) -> Json:
        """The counters for GET /_sandbox/counters."""
        return {name: getattr(self, name) for name in self.__slots__}

    def clear(self) -> None:
        """All to nothing."""
        fresh = Counters()
        for name in self.__slots__:
            setattr(self, name, getattr(fresh, name))


class World:
    """All orgs. `lock` is held by whoever looks twice or changes anything.

    `named` finds the special groups of the seed by name. `clock` gives the dates of changes,
    `monotonic` (seconds) says when late merges are due.
    """

    def __init__(
        self, orgs: Iterable[Org], *, named: dict[str, tuple[str, ...]] | None = None
    ) -> None:
        self.orgs = {org.id: org for org in orgs}
        self.named = named or {}
        self._seeded = _copied(self.orgs)
        self.lock = threading.RLock()
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.monotonic: Callable[[], float] = time.monotonic
        self.on_change: Callable[[Change], None] = lambda change: None

    @property
    def top(self) -> Org:
        """The parent org."""
        return next(org for org in self.orgs.values() if org.parent_id is None)

    @property
    def main(self) -> Directory:
        """The contacts of the parent org."""
        return self.top.directory

    def now(self) -> str:
        """The time of a change, as Invent writes it."""
        moment = self.clock().astimezone(UTC).isoformat(timespec="milliseconds")
        return moment.removesuffix("+00:00") + "Z"

    def copy(self) -> World:
        """The same world, to be changed apart."""
        return World(_copied(self.orgs).values(), named=self.named)

    def reset(self) -> None:
        """Back to how it was made."""
        with self.lock:
            self.orgs = _copied(self._seeded)

    def apply(self, change: Change) -> None:
        """Make a change and tell the journal: the one door for all changes."""
        with self.lock:
            directory = self.orgs[change.org_id].directory
            directory.load(change.put)
            directory.remove(change.remove)
            self.on_change(change)

    def change(self, contact_id: str, **fields: Any) -> Json:
        """Change a contact of the parent org, as someone else would; raises KeyError."""
        with self.lock:
            contact = self.main.contact(contact_id) | {"updated_at": self.now()} | fields
            self.apply(Change(self.top.id, put=(contact,)))
            return contact

    def remove(self, *contact_ids: str) -> None:
        """Take contacts of the parent org out, as someone else would."""
        self.apply(Change(self.top.id, remove=contact_ids))

    def merge(
        self, org_id: str, primary_id: str, source_ids: Iterable[str], *, any_flag_wins: bool
    ) -> Json:
        """Merge and return the surviving contact; raises KeyError when one is missing."""
        with self.lock:
            directory = self.orgs[org_id].directory
            primary = directory.contact(primary_id)
            sources = [directory.contact(one) for one in source_ids]
            merged = united(primary, sources, any_flag_wins=any_flag_wins)
            merged["updated_at"] = self.now()
            gone = tuple(source["id"] for source in sources)
            self.apply(Change(org_id, put=(merged,), remove=gone))
            return merged


def _copied(orgs: dict[str, Org]) -> dict[str, Org]:
    return {key: replace(org, directory=org.directory.copy()) for key, org in orgs.items()}


def united(primary: Json, sources: list[Json], *, any_flag_wins: bool) -> Json:
    """What a merge makes of them (invent-api.md, What to assume: merged fields).

    The primary keeps its own fields and gets all channels and segments. Flags are the
    primary's, or with `any_flag_wins` set when any contact has them, with what belongs to them.
    """
    merged = dict(primary)
    everyone = [primary, *sources]
    for key in ("channels", "segments"):
        by_id = {item["id"]: item for one in everyone for item in reversed(one.get(key) or ())}
        merged[key] = sorted(by_id.values(), key=lambda item: str(item.get("created_at") or ""))
    if any_flag_wins:
        for flag, details in (("blocked", ("blocked_at",)), ("unsubscribed", _UNSUBSCRIBING)):
            having = next((one for one in everyone if one.get(flag)), None)
            if having and not primary.get(flag):
                merged[flag] = True
                merged |= {detail: having.get(detail) for detail in details}
    return merged
