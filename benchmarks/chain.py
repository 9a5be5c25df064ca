"""A long history for the benchmarks: a valid chain, from a seed, as quickly as the tables take it.

The same seed and count give the same entries, keys and hashes. What is written is what the desk
writes for its merges: five entries each, with snapshots, calls and answers beside them, and what
they are found by. It goes around the models and, for the while, the triggers: 40 times quicker.
"""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from django.db import connection, transaction

from benchmarks.filling import in_turn, only_keys, pool
from mergeui.accounts.models import Membership, Organization, Role, User
from mergeui.audit import canonical, triggers
from mergeui.audit.actions import ENDED_FOR_PEOPLE, Action
from mergeui.audit.models import Entry, Payload, Reference
from mergeui.audit.references import behind, references_in
from mergeui.invent import Contact
from mergeui.review.bulk import insert
from mergeui.review.text import display_name
from mergeui.sandbox.directory import Json
from mergeui.sandbox.seed import world

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
PEOPLE = 500  # different pairs of contacts; their ids are new in each merge
PORTION = 20_000  # entries to a transaction
KEPT, GONE = "%kept%", ("%gone-1%", "%gone-2%", "%gone-3%")
REQUEST, GROUP = "9999999999001", "9999999999002"  # numbers, so that JSON takes them for such
MARKS = re.compile("|".join(map(re.escape, (KEPT, *GONE, REQUEST, GROUP))).join("()"))
GROUPS = 20_000
ENTRIES_OF_A_MERGE = 5
Parts = tuple[str, ...]  # a text, cut at its marks


@dataclass(frozen=True, slots=True)
class Template:
    """One entry of a merge, with marks where its ids go."""

    action: str
    by_person: bool
    facts: Parts
    data: Parts
    # What it is found by: kinds and values that are the same each time, and those with marks.
    same: tuple[tuple[str, str], ...]
    references: tuple[tuple[str, Parts], ...]


@dataclass(slots=True)
class Rows:
    """A portion of the history, table by table."""

    entries: list[tuple[Any, ...]] = field(default_factory=list)
    payloads: list[tuple[Any, ...]] = field(default_factory=list)
    references: list[tuple[Any, ...]] = field(default_factory=list)


class Chain:
    """A history in the making, new or what there is; `write(count)` makes it longer."""

    def __init__(
        self,
        *,
        seed: int = 1,
        references: bool = True,
        start: datetime = START,
        operators: int = 1,
    ) -> None:
        self.organization = Organization.objects.configured()
        self._organization_id = self.organization.pk
        self.users = [_operator(self.organization, number) for number in range(operators)]
        self.user = self.users[0]
        self.stories = [tuple(_story(contacts)) for contacts in _groups(seed)]
        last = Entry.objects.order_by("number").last()
        self.number: int = last.number if last else 0
        self.hash: str = last.hash if last else canonical.GENESIS
        self.at: datetime = last.at if last else start
        # What was left half-way stays so.
        self.merges = -(-self.number // ENTRIES_OF_A_MERGE)
        self.dice = random.Random(f"{seed} {self.number}" if last else seed)
        self._references = references
        self._upcoming = self._entries()

    def write(self, count: int, tell: Callable[[str], None] = lambda what: None) -> None:
        """Adds `count` entries."""
        portions = self._portions(count)
        with triggers.lifted(connection):
            if count <= PORTION or connection.in_atomic_block:
                for rows in portions:
                    store(rows)
                return
            with only_keys(Entry, Payload, Reference):
                # Another process stores what this one makes, and has the database for itself.
                connection.close()
                with pool(1, storing=True) as executor:
                    for done in in_turn(executor.submit(store, rows) for rows in portions):
                        tell(f"{done:,} entries")

    def _portions(self, count: int) -> "Iterator[Rows]":
        for start in range(0, count, PORTION):
            rows = Rows()
            for template in islice(self._upcoming, min(PORTION, count - start)):
                self._add(rows, *template)
            # In the order of the index that they go into, as far as a portion reaches.
            rows.references.sort()
            yield rows

    def _entries(self) -> Iterator[tuple[Template, dict[str, str]]]:
        """Merges without end, entry by entry, with what stands for the marks of each."""
        while True:
            self.merges += 1
            self.user = self.users[self.merges % len(self.users)]
            marks = {one: f"contact_{self.dice.getrandbits(88):022x}" for one in (KEPT, *GONE)}
            marks |= {REQUEST: str(self.merges), GROUP: str(self.merges % GROUPS + 1)}
            for template in self.dice.choice(self.stories):
                yield template, marks

    def _add(self, rows: Rows, template: Template, marks: dict[str, str]) -> None:
        def filled(parts: Parts) -> str:
            return "".join([marks.get(part, part) for part in parts])

        self.number += 1
        self.at += timedelta(microseconds=self.dice.randrange(1, 20_000_000))
        key, data = f"{self.dice.getrandbits(256):064x}", filled(template.data)
        mac = canonical.payload_mac(key, data)
        rows.payloads.append((self.number, key, data))
        person = self.user
        who = (person.pk, person.username, "operator", "192.0.2.7", f"r-{self.number}")
        system = (None, "The system", "system", "", "")
        cells = (
            template.action,
            self._organization_id,
            *(who if template.by_person else system),
            f"request:{marks[REQUEST]}",
            filled(template.facts),
            mac,
            self.hash,
        )
        moment = canonical.moment(self.at)
        lines = [canonical.FORMAT, str(self.number), moment]
        lines += ["" if cell is None else str(cell) for cell in cells]
        self.hash = canonical.entry_hash("\n".join(lines))
        stored = f"{moment}+00" if connection.vendor == "postgresql" else moment
        rows.entries.append((self.number, stored.replace(".000000", ""), *cells, self.hash))
        if self._references:
            number, organization = self.number, self._organization_id
            rows.references += [(organization, *one, number) for one in template.same]
            rows.references += [
                (organization, kind, filled(value), number) for kind, value in template.references
            ]
            if template.action in ENDED_FOR_PEOPLE:
                asked = behind(person.pk, template.action)
                rows.references.append((organization, *asked, number))


def store(rows: Rows) -> int:
    """Inserts a portion; the number of its last entry."""
    with transaction.atomic():
        insert(Entry, ENTRY, rows.entries)
        insert(Payload, PAYLOAD, rows.payloads)
        insert(Reference, REFERENCE, rows.references)
    return int(rows.entries[-1][0])


def _operator(organization: Organization, number: int) -> User:
    name = f"bench-operator-{number}" if number else "bench-operator"
    user, _ = User.objects.get_or_create(username=name)
    Membership.objects.get_or_create(
        user=user, organization=organization, defaults={"role": Role.OPERATOR}
    )
    return user


ENTRY = tuple(str(field.column) for field in Entry._meta.concrete_fields)
PAYLOAD = ("entry_id", "key", "data_text")
REFERENCE = ("organization_id", "kind", "value", "entry_id")


def _story(contacts: Sequence[Json]) -> Iterator[Template]:
    """The five entries of a merge that goes well, with all that the desk keeps of it."""
    kept, *sources = contacts
    gone = [one["id"] for one in sources]
    names = {one["id"]: display_name(Contact.parse(one)) for one in contacts}
    about = {"group": int(GROUP), "primary": KEPT, "sources": gone, "before": "executing"}
    call = {
        "method": "POST",
        "url": f"https://api.useinvent.com/orgs/c/contacts/{KEPT}/merge",
        "body": canonical.json_text({"source_contact_ids": gone}),
    }
    channels = [channel for one in contacts for channel in one.get("channels", ())]
    merged = {**kept, "channels": channels}
    answer = {
        "status": 200,
        "headers": {"content-type": "application/json", "content-length": "2900"},
        "body": canonical.json_text({"merged": merged, "merged_contact_ids": gone}),
        "truncated": False,
        "seconds": 0.412,
    }
    for action, by_person, facts, personal in (
        (Action.MERGE_REQUESTED, True, {"after": "proposed"}, {"contacts": contacts}),
        (Action.MERGE_PASSED, False, {"after": "approved", "cool_off_seconds": 10}, {}),
        (Action.ATTEMPT_STARTED, False, {"attempt": 1}, {"call": call, "contacts": contacts}),
        (Action.ATTEMPT_ANSWERED, False, {"merged": gone, "status": 200}, {"answer": answer}),
        (Action.MERGE_COMPLETED, False, {"after": "merged"}, {"contacts": [merged]}),
    ):
        yield _template(action, by_person, about | facts, {"names": names, **personal})


def _groups(seed: int) -> Iterator[list[Json]]:
    """Groups of two to four contacts as the stand-in has them, with marks for their ids."""
    directory = world(PEOPLE, seed).main
    for contact_id in directory:
        position = directory.position_of_group(contact_id)
        members = () if position is None else directory.group(position)
        if members and members[0] == contact_id:
            marked = zip(members, (KEPT, *GONE), strict=False)
            yield [{**directory.contact(one), "id": mark} for one, mark in marked]


def _template(
    action: Action, by_person: bool, facts: dict[str, Any], data: dict[str, Any]
) -> Template:
    found = {*references_in(facts, data), ("request", REQUEST)}
    named = [(str(kind), value) for kind, value in sorted(found)]
    return Template(
        action.value,
        by_person,
        _parts(canonical.json_text(facts)),
        _parts(canonical.json_text(data)),
        tuple(one for one in named if not MARKS.search(one[1])),
        tuple((kind, _parts(value)) for kind, value in named if MARKS.search(value)),
    )


def _parts(text: str) -> Parts:
    return tuple(MARKS.split(text))
