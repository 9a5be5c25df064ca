"""The contacts of one org, with the groups of duplicates kept up to date.

Each contact is kept as the JSON text that is sent, so nobody can change one by accident, a page
is a join of bytes, and 60,000 contacts take some 150 MB. A change regroups only what it touches.
"""

from __future__ import annotations

import json
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from typing import Any

Json = dict[str, Any]
Key = tuple[str, str]


def encode(value: Any) -> bytes:
    """Compact JSON as UTF-8; a lone surrogate goes out escaped, as from JavaScript."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


class Directory:
    """Contacts in the order they came, found by id and by channel.

    Two contacts belong together when they share a channel's (type, user_id), `internal` apart,
    directly or over others (invent-api.md, What to assume: match rule).
    """

    def __init__(self, contacts: Iterable[Json] = (), segments: Iterable[Json] = ()) -> None:
        self.segments: dict[str, Json] = {segment["id"]: segment for segment in segments}
        self._json: dict[str, bytes] = {}
        self._keys: dict[str, tuple[Key, ...]] = {}
        self._created: dict[str, str] = {}
        self._position: dict[str, int] = {}
        self._having: dict[Key, tuple[str, ...]] = {}
        self._types: set[str] = set()
        self._next_position = 0
        # A group goes by the position of its first member; `_order` has these sorted.
        self._groups: dict[int, tuple[str, ...]] = {}
        self._group_of: dict[str, int] = {}
        self._order: list[int] = []
        self.load(contacts)

    def copy(self) -> Directory:
        """The same contacts, to be changed apart. Cheap: what is inside is never changed."""
        other = Directory()
        for name, value in vars(self).items():
            setattr(other, name, value if isinstance(value, int) else value.copy())
        return other

    def __len__(self) -> int:
        return len(self._json)

    def __contains__(self, contact_id: object) -> bool:
        return contact_id in self._json

    def __iter__(self) -> Iterator[str]:
        return iter(self._json)

    def contact(self, contact_id: str) -> Json:
        """A copy of one contact; raises KeyError."""
        contact: Json = json.loads(self._json[contact_id])
        return contact

    def contact_json(self, contact_id: str) -> bytes:
        """One contact as it is sent; raises KeyError."""
        return self._json[contact_id]

    def load(self, contacts: Iterable[Json]) -> None:
        """Add or replace many contacts at once."""
        touched: list[str] = []
        for contact in contacts:
            touched += self._mates(contact["id"])
            self._unlink(contact["id"])
            self._link(contact)
            touched.append(contact["id"])
        self._regroup(touched)

    def put(self, contact: Json) -> None:
        """Add or replace one contact."""
        self.load([contact])

    def remove(self, contact_ids: Iterable[str]) -> None:
        """Take contacts out; unknown ids are ignored."""
        touched: list[str] = []
        for contact_id in contact_ids:
            touched += self._mates(contact_id)
            self._unlink(contact_id)
            self._json.pop(contact_id, None)
            self._position.pop(contact_id, None)
        self._regroup(touched)

    def with_user_id(self, user_id: str) -> list[str]:
        """The ids of the contacts that have a channel with this `user_id`, oldest first."""
        found = {
            contact_id
            for kind in self._types
            for contact_id in self._having.get((kind, user_id), ())
        }
        return sorted(found, key=self._position.__getitem__)

    @property
    def group_positions(self) -> list[int]:
        """The positions of all groups, in their order. Not to be changed."""
        return self._order

    def group(self, position: int) -> tuple[str, ...]:
        """The ids of a group, the recommended primary first; raises KeyError."""
        return self._groups[position]

    def group_json(self, position: int) -> bytes:
        """A group as it is sent; raises KeyError."""
        primary, *duplicates = (self._json[one] for one in self._groups[position])
        return b'{"primary":%b,"duplicates":[%b]}' % (primary, b",".join(duplicates))

    def groups(self) -> list[tuple[str, ...]]:
        """All groups as ids, in their order, the recommended primary first."""
        return [self._groups[position] for position in self._order]

    def position_of_group(self, contact_id: str) -> int | None:
        """The position of the group that a contact is in, if it is in one."""
        return self._group_of.get(contact_id)

    def _mates(self, contact_id: str) -> tuple[str, ...]:
        position = self._group_of.get(contact_id)
        return () if position is None else self._groups[position]

    def _link(self, contact: Json) -> None:
        contact_id = contact["id"]
        self._json[contact_id] = encode(contact)
        self._created[contact_id] = str(contact.get("created_at") or "")
        if contact_id not in self._position:
            self._position[contact_id] = self._next_position
            self._next_position += 1
        keys = {
            (channel["type"], channel["user_id"]): None
            for channel in contact.get("channels") or ()
            if channel.get("type") and channel.get("user_id")
        }
        self._keys[contact_id] = tuple(keys)
        for key in keys:
            self._types.add(key[0])
            self._having[key] = (*self._having.get(key, ()), contact_id)

    def _unlink(self, contact_id: str) -> None:
        self._created.pop(contact_id, None)
        for key in self._keys.pop(contact_id, ()):
            rest = tuple(one for one in self._having[key] if one != contact_id)
            if rest:
                self._having[key] = rest
            else:
                del self._having[key]

    def _regroup(self, contact_ids: Iterable[str]) -> None:
        for contact_id in contact_ids:
            self._dissolve(contact_id)
        done: set[str] = set()
        for contact_id in contact_ids:
            if contact_id in done or contact_id not in self._json:
                continue
            members = self._connected(contact_id)
            done |= members
            if len(members) > 1:
                self._form(members)

    def _connected(self, contact_id: str) -> set[str]:
        found = {contact_id}
        waiting = [contact_id]
        while waiting:
            for key in self._keys[waiting.pop()]:
                if key[0] != "internal":
                    new = [one for one in self._having[key] if one not in found]
                    found.update(new)
                    waiting += new
        return found

    def _form(self, members: set[str]) -> None:
        for member in members:
            self._dissolve(member)
        position = min(self._position[member] for member in members)
        # The oldest is recommended, then the smallest id (invent-api.md, What to assume).
        ranked = sorted(members, key=lambda one: (self._created[one], one))
        self._groups[position] = tuple(ranked)
        self._group_of.update(dict.fromkeys(members, position))
        insort(self._order, position)

    def _dissolve(self, contact_id: str) -> None:
        position = self._group_of.get(contact_id)
        if position is None:
            return
        for member in self._groups.pop(position):
            del self._group_of[member]
        del self._order[bisect_left(self._order, position)]
