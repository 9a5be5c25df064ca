"""Entry (one line of the history), Payload (its personal data), Reference, Erasure."""

import json
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models

from mergeui.accounts.models import Organization
from mergeui.audit import canonical
from mergeui.audit.actions import Action
from mergeui.audit.append_only import AppendOnly, AppendOnlyQuerySet, Number
from mergeui.typed_key import typed_key


class EntryQuerySet(AppendOnlyQuerySet["Entry"]):
    """Entries; look-ups are in lookup.py."""

    _number = "number"

    def naming(self, kind: str, value: str, **more: Any) -> Self:
        """The entries that name this, by the index of references (`more`: conditions on them)."""
        found = self.filter(references__kind=kind, references__value=value, **more)
        found._number = "references__entry"
        return found

    def order_by(self, *names: Any) -> Self:
        """As usual; by number means by the number in the references when those are looked up.

        It is the same, but SQLite does not see it: it would read all that was found, payloads
        too, to sort it (437 ms instead of 0.05 for a name in 100,000 entries).
        """
        same = {"pk": self._number, "number": self._number}
        same |= {f"-{name}": f"-{column}" for name, column in same.items()}
        return super().order_by(*(same.get(name, name) for name in names))

    def _clone(self) -> Self:
        clone = super()._clone()  # type: ignore[misc]
        clone._number = self._number
        return clone  # type: ignore[no-any-return]


class Entry(AppendOnly):
    """One line of the history: who did what, when, to what; chained to the one before by a hash.

    No personal data of contacts in here: those are in the Payload beside it, so that they can be
    erased and the chain still holds (design.md, rule 9). Neither organisation nor actor are held
    by the database: the history outlives both, and keeps the actor as text.
    """

    number = Number(primary_key=True)
    at = models.DateTimeField()
    # No `choices`, here and below: a new action would be a migration, and SQLite rebuilds the table
    # for it, which drops the triggers.
    action = models.CharField(max_length=40)
    organization = models.ForeignKey(
        Organization,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    actor_name = models.CharField(max_length=320)
    actor_role = models.CharField(max_length=40)
    address = models.CharField(max_length=100, blank=True)
    request_id = models.CharField(max_length=100, blank=True)
    subject = models.CharField(max_length=300, blank=True)
    facts_text = models.TextField()
    payload_mac = models.CharField(max_length=64, blank=True)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects = EntryQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        indexes: ClassVar = [
            models.Index(fields=["organization", "-number"], name="entry_by_organization"),
            # Most entries are the system's, which nobody looks up as an operator.
            models.Index(
                fields=["organization", "actor", "-number"],
                condition=models.Q(actor__isnull=False),
                name="entry_by_operator",
            ),
            models.Index(
                fields=["organization", "actor", "action", "-number"],
                condition=models.Q(actor__isnull=False),
                name="entry_by_deed",
            ),
            models.Index(fields=["organization", "action", "-number"], name="entry_by_action"),
            models.Index(fields=["at", "number"], name="entry_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.action} {self.subject}".rstrip()

    @property
    def action_label(self) -> str:
        """The action in words; as it is stored when this version doesn't know it."""
        return str(Action(self.action).label) if self.action in Action else self.action

    @property
    def facts(self) -> dict[str, Any]:
        """Ids, counts, states, reasons: see actions.py. A new dictionary at each call."""
        return _dictionary(self.facts_text)

    @property
    def stored(self) -> "Payload | None":
        """The payload; None when there was none or when it was erased."""
        return getattr(self, "payload", None) if self.payload_mac else None

    @property
    def personal(self) -> dict[str, Any]:
        """The payload's data; empty when there was none or when it was erased."""
        stored = self.stored
        return stored.data if stored else {}

    @property
    def is_erased(self) -> bool:
        """Whether there were personal data and they are no longer there."""
        return bool(self.payload_mac) and self.stored is None

    @property
    def subject_kind(self) -> str:
        """What the subject is: "request" of "request:12"; empty without a subject."""
        return self.subject.partition(":")[0]

    @property
    def subject_id(self) -> str:
        """Which one: "12" of "request:12"."""
        return self.subject.partition(":")[2]

    @property
    def request_pk(self) -> int | None:
        """The merge request to link to, from the subject or the facts; None when it is no such."""
        return self._ours("request")

    @property
    def group_pk(self) -> int | None:
        """The group to link to, likewise."""
        return self._ours("group")

    @property
    def bulk_pk(self) -> int | None:
        """The bulk decision to link to, likewise."""
        return self._ours("bulk")

    def _ours(self, kind: str) -> int | None:
        return typed_key(
            str(self.subject_id if self.subject_kind == kind else self.facts.get(kind))
        )

    def lines(self) -> str:
        """What is hashed: docs/history.md, The chain."""
        return "\n".join(
            [
                canonical.FORMAT,
                str(self.number),
                canonical.moment(self.at),
                self.action,
                "" if self.organization_id is None else str(self.organization_id),
                "" if self.actor_id is None else str(self.actor_id),
                self.actor_name,
                self.actor_role,
                self.address,
                self.request_id,
                self.subject,
                self.facts_text,
                self.payload_mac,
                self.previous_hash,
            ]
        )


class PayloadQuerySet(AppendOnlyQuerySet["Payload"]):
    """Payloads: written once, deleted by an erasure only."""

    def erase(self) -> int:
        """Deletes data and keys; how many. For erase.py alone: the database lets go of a payload
        only when an Erasure names it."""
        return models.QuerySet.delete(self)[0]


class Payload(AppendOnly):
    """The personal data of an entry and the key of its HMAC: both go when it is erased."""

    entry = models.OneToOneField(
        Entry, primary_key=True, on_delete=models.DO_NOTHING, related_name="payload"
    )
    key = models.CharField(max_length=64)
    data_text = models.TextField()

    objects = PayloadQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        return f"payload of {self.entry_id}"

    @property
    def data(self) -> dict[str, Any]:
        """Snapshots, names, notes, the exact call and answer: see actions.py."""
        return _dictionary(self.data_text)


class Kind(models.TextChoices):
    """What a reference names."""

    CONTACT = "contact", "Contact id"
    NAME = "name", "Word of a name"
    EMAIL = "email", "E-mail"
    PHONE = "phone", "Phone"
    USER_ID = "user_id", "Channel's user id"
    REQUEST = "request", "Merge request"
    GROUP = "group", "Group"
    BULK = "bulk", "Bulk decision"
    BEHIND = "behind", "Person behind what the system did, and its action"


class ReferenceQuerySet(AppendOnlyQuerySet["Reference"]):
    """References: written once, deleted by an erasure only."""

    def erase(self) -> int:
        """Deletes; how many. For erase.py alone."""
        return models.QuerySet.delete(self)[0]


class Reference(AppendOnly):
    """An exact, normalised identifier that an entry is found by (references.py makes the values).

    Beside the chain, not in it: what a search finds is served from here, what happened is not.
    """

    organization = models.ForeignKey(
        Organization,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    kind = models.CharField(max_length=10)
    value = models.CharField(max_length=200)
    entry = models.ForeignKey(Entry, on_delete=models.DO_NOTHING, related_name="references")

    objects = ReferenceQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "kind", "value", "entry"], name="reference_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.entry_id}"


class ErasureQuerySet(AppendOnlyQuerySet["Erasure"]):
    """Marks of erased payloads."""


class Erasure(AppendOnly):
    """The visible mark: the personal data of `entry` were erased, as entry `by` says."""

    entry = models.OneToOneField(
        Entry, primary_key=True, on_delete=models.DO_NOTHING, related_name="erasure"
    )
    by = models.ForeignKey(Entry, on_delete=models.DO_NOTHING, related_name="+", db_index=False)

    objects = ErasureQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        return f"{self.entry_id} erased by {self.by_id}"


class Check(models.Model):
    """When the chain was last verified, up to which entry, and what was found. One row, key 1.

    The worker goes on from here, and begins anew at times: what lies before was changed later, if
    it was. `broken` is empty while all holds.
    """

    at = models.DateTimeField()
    whole_at = models.DateTimeField()
    number = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    broken = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return self.broken or f"holds up to entry {self.number}"


def _dictionary(text: str) -> dict[str, Any]:
    """Empty for what is no JSON object: somebody tampered, and the page still has to show it."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
