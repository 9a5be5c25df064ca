"""Writing the history: `record`, the only way in."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from mergeui.accounts.models import Organization
from mergeui.audit import canonical
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.models import Entry, Kind, Payload, Reference
from mergeui.audit.references import Ref, ref, references_in
from mergeui.audit.triggers import CHAIN_LOCK

# What entries are looked up by when it is their subject.
OURS = {"contact", "request", "group", "bulk"}


class OutsideTransaction(RuntimeError):
    """`record` was called outside a transaction: a mistake in the program."""


def record(
    action: Action,
    *,
    by_user: Actor,
    subject: str = "",
    facts: Mapping[str, Any] | None = None,
    personal: Mapping[str, Any] | None = None,
    references: Iterable[Ref] = (),
) -> Entry:
    """Appends one entry to the history and returns it.

    Call it last in the transaction that moves the state (design.md, rule 1): state and history
    commit together or not at all. From here to the commit every other writer of history waits, and
    a row locked after this call by somebody who waits for the history is a deadlock.

    `subject` is "kind:id" ("request:12"). `facts` hold no personal data, `personal` all of it
    (actions.py). The entry is found by its subject, by the contacts in its facts and personal data,
    and by `references`.

    Raises OutsideTransaction; any failure of the database goes on to the caller, whose
    transaction then rolls back: no history, no state.
    """
    # Everything that takes time comes before the lock.
    facts = _with_mode(facts or {}, by_user.organization)
    facts_text, payload = canonical.json_text(facts), _payload(personal)
    wanted = {*references, *references_in(facts, personal or {}), *_subject(subject)}
    hold()
    number, previous_hash, at = _next()
    entry = Entry(
        number=number,
        at=at,
        action=Action(action).value,
        organization=by_user.organization,
        actor=by_user.user,
        actor_name=canonical.one_line(by_user.name, 320),
        actor_role=canonical.one_line(by_user.role, 40),
        address=canonical.one_line(by_user.address, 100),
        request_id=canonical.one_line(by_user.request_id, 100),
        subject=canonical.one_line(subject, 300),
        facts_text=facts_text,
        payload_mac=canonical.payload_mac(payload.key, payload.data_text) if payload else "",
        previous_hash=previous_hash,
    )
    entry.hash = canonical.entry_hash(entry.lines())
    entry.save()
    if payload:
        payload.entry = entry
        payload.save()
    if by_user.organization:  # without one nobody could look it up
        _refer(entry, by_user.organization, wanted)
    return entry


def record_alone(
    action: Action,
    *,
    by_user: Actor,
    subject: str = "",
    facts: Mapping[str, Any] | None = None,
    personal: Mapping[str, Any] | None = None,
    references: Iterable[Ref] = (),
) -> Entry:
    """`record` in a transaction of its own, for what moves no state: sign-ins, refusals."""
    with transaction.atomic():
        return record(
            action,
            by_user=by_user,
            subject=subject,
            facts=facts,
            personal=personal,
            references=references,
        )


def _with_mode(facts: Mapping[str, Any], organization: Organization | None) -> Mapping[str, Any]:
    """The facts, and that they were made in single-operator mode: it stands on every entry."""
    if organization is None or not organization.policy.single_operator:
        return facts
    return {**facts, "single_operator": True}


def hold() -> None:
    """Keeps every other writer of history waiting until the transaction ends.

    Raises OutsideTransaction.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction("The history is written inside the transaction it belongs to.")
    if connection.vendor == "postgresql":  # SQLite's IMMEDIATE transactions come one at a time
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])


def _next() -> tuple[int, str, datetime]:
    """Number, previous hash and time of the next entry.

    The time never goes back, whatever the clock does, so a span of time is a span of numbers.
    """
    last = Entry.objects.order_by("-number").values_list("number", "hash", "at").first()
    now = timezone.now()
    if last is None:
        return 1, canonical.GENESIS, now
    number, last_hash, at = last
    return number + 1, last_hash, max(now, at)


def _payload(personal: Mapping[str, Any] | None) -> Payload | None:
    if not personal:
        return None
    return Payload(key=secrets.token_hex(32), data_text=canonical.json_text(personal))


def _subject(subject: str) -> list[Ref]:
    """The reference to the subject itself, when entries are looked up by its kind."""
    kind, _, key = subject.partition(":")
    return [ref(Kind(kind), key)] if key and kind in OURS else []


def _refer(entry: Entry, organization: Organization, wanted: Iterable[Ref]) -> None:
    Reference.objects.bulk_create(
        [
            Reference(
                organization_id=organization.pk, kind=kind, value=value, entry_id=entry.number
            )
            for kind, value in sorted(wanted)
        ]
    )
