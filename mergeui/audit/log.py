"""Writing the history: `record`, the only way in."""

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypedDict, Unpack

from django.db import connection, transaction
from django.utils import timezone

from mergeui.accounts.models import Organization
from mergeui.audit import canonical
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.inserting import Plain, insert
from mergeui.audit.models import Entry, Kind, Payload, Reference
from mergeui.audit.references import Ref, ref, references_in
from mergeui.audit.triggers import CHAIN_LOCK

# What entries are looked up by when it is their subject.
OURS = {"contact", "request", "group", "bulk"}


class OutsideTransaction(RuntimeError):
    """`record` was called outside a transaction: a mistake in the program."""


class Said(TypedDict, total=False):
    """What an entry says beside what was done and by whom.

    `subject` is "kind:id" ("request:12"). `facts` hold no personal data, `personal` all of it
    (actions.py). The entry is found by its subject, by the contacts in its facts and personal data,
    and by `references`.
    """

    subject: str
    facts: Mapping[str, Any] | None
    personal: Mapping[str, Any] | None
    references: Iterable[Ref]


def record(action: Action, *, by_user: Actor, **said: Unpack[Said]) -> Entry:
    """Appends one entry to the history and returns it.

    Call it last in the transaction that moves the state (design.md, rule 1): state and history
    commit together or not at all. From here to the commit every other writer of history waits, and
    a row locked after this call by somebody who waits for the history is a deadlock.

    Raises OutsideTransaction; any failure of the database goes on to the caller, whose
    transaction then rolls back: no history, no state.
    """
    return append(prepare(action, by_user=by_user, **said))


@dataclass(frozen=True, slots=True)
class Prepared:
    """An entry that has all but its place in the chain: number, time, hashes."""

    entry: Entry
    payload: Payload | None
    references: list[Ref]


def prepare(
    action: Action,
    *,
    by_user: Actor,
    subject: str = "",
    facts: Mapping[str, Any] | None = None,
    personal: Mapping[str, Any] | None = None,
    references: Iterable[Ref] = (),
) -> Prepared:
    """The part of `record` that takes time, and no lock: for before the transaction."""
    organization = by_user.organization
    facts = _with_mode(facts or {}, organization)
    payload = _payload(personal)
    entry = Entry(
        action=Action(action).value,
        organization=organization,
        actor=by_user.user,
        actor_name=canonical.one_line(by_user.name, 320),
        actor_role=canonical.one_line(by_user.role, 40),
        address=canonical.one_line(by_user.address, 100),
        request_id=canonical.one_line(by_user.request_id, 100),
        subject=canonical.one_line(subject, 300),
        facts_text=canonical.json_text(facts),
        payload_mac=canonical.payload_mac(payload.key, payload.data_text) if payload else "",
    )
    wanted = {*references, *references_in(facts, personal or {}), *_subject(subject)}
    return Prepared(entry, payload, sorted(wanted))


_later: ContextVar[list[Prepared] | None] = ContextVar("later", default=None)


@contextmanager
def entries_last() -> Iterator[None]:
    """A transaction whose entries are written at its end, in the order in which they came.

    For one that records more than once: what it does in between keeps nobody waiting for the
    history. What `record` gives has no number before that. Inside another such transaction it is a
    part of that one.
    """
    around, mine = _later.get(), list[Prepared]()
    with transaction.atomic():
        token = _later.set(mine)
        try:
            yield
        finally:
            _later.reset(token)
        if around is not None:
            around += mine
        elif mine:
            append_all(mine)


def append(prepared: Prepared) -> Entry:
    """Gives an entry its place and writes it: what `record` says of its caller goes for this one.

    Once for each that was prepared; at the end inside of `entries_last`.
    """
    later = _later.get()
    if later is None:
        return append_all([prepared])[0]
    later.append(prepared)
    return prepared.entry


def append_all(prepared: Sequence[Prepared], *, subject: str = "") -> list[Entry]:
    """`append` for several in their order, in as many statements as for one.

    `subject` is what they are about, if that had no number before the transaction.
    """
    number, previous_hash, at = _next(hold())
    payloads: list[Payload] = []
    references: list[tuple[Any, ...]] = []
    for one in prepared:
        entry = one.entry
        entry.number, entry.previous_hash, entry.at = number, previous_hash, at
        entry.subject = subject or entry.subject
        entry.hash = canonical.entry_hash(entry.lines())
        number, previous_hash = number + 1, entry.hash
        if one.payload:
            one.payload.entry = entry
            payloads.append(one.payload)
        if entry.organization_id:  # without an organisation nobody could look it up
            references += [
                (entry.organization_id, kind, value, entry.number)
                for kind, value in [*one.references, *_subject(subject)]
            ]
    entries = [one.entry for one in prepared]
    insert(entries, payloads, Plain(Reference, _REFERENCE, references))
    return entries


def record_alone(action: Action, *, by_user: Actor, **said: Unpack[Said]) -> Entry:
    """`record` in a transaction of its own, for what moves no state: sign-ins, refusals."""
    with transaction.atomic():
        return record(action, by_user=by_user, **said)


def _with_mode(facts: Mapping[str, Any], organization: Organization | None) -> Mapping[str, Any]:
    """The facts, and that they were made in single-operator mode: it stands on every entry."""
    if organization is None or not organization.policy.single_operator:
        return facts
    return {**facts, "single_operator": True}


_REFERENCE = ("organization_id", "kind", "value", "entry_id")

Last = tuple[int, str, datetime]
_LAST = "SELECT number, hash, at FROM audit_entry ORDER BY number DESC LIMIT 1"


def hold() -> Last | None:
    """Keeps every other writer of history waiting until the transaction ends.

    Gives number, hash and time of the last entry, None before the first. Raises OutsideTransaction.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction("The history is written inside the transaction it belongs to.")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Sent together, because from the lock on each way to the server and back is waited for
            # by everybody; looked at one after the other, so the entry is the last one even if the
            # lock had to be waited for.
            cursor.execute(f"SELECT pg_advisory_xact_lock(%s); {_LAST}", [CHAIN_LOCK])
            cursor.nextset()
        else:
            cursor.execute(_LAST)  # SQLite's IMMEDIATE transactions come one at a time
        last: Last | None = cursor.fetchone()
    return last


def _next(last: Last | None) -> Last:
    """Number, previous hash and time of the next entry.

    The time never goes back, whatever the clock does, so a span of time is a span of numbers.
    """
    now = timezone.now()
    if last is None:
        return 1, canonical.GENESIS, now
    number, last_hash, at = last
    if timezone.is_naive(at):  # SQLite's, which is in UTC
        at = at.replace(tzinfo=UTC)
    return number + 1, last_hash, max(now, at)


def _payload(personal: Mapping[str, Any] | None) -> Payload | None:
    if not personal:
        return None
    return Payload(key=secrets.token_hex(32), data_text=canonical.json_text(personal))


def _subject(subject: str) -> list[Ref]:
    """The reference to the subject itself, when entries are looked up by its kind."""
    kind, _, key = subject.partition(":")
    return [ref(Kind(kind), key)] if key and kind in OURS else []
