"""Erasing a person's data from the history, so that it still verifies (design.md, rule 9)."""

from collections.abc import Collection

from django.db import transaction

from mergeui.accounts.models import Organization
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.log import hold, record
from mergeui.audit.models import Entry, Erasure, Kind, Payload, Reference
from mergeui.audit.references import contact_ids as refs_of
from mergeui.audit.references import phone_tails, plain, words

SHORTEST = 3  # letters of a word that is no coincidence
PERSONAL = (Kind.NAME, Kind.EMAIL, Kind.PHONE, Kind.USER_ID)


def erase(
    contact_ids: Collection[str], *, by_user: Actor, note: str = "", bulks: Collection[int] = ()
) -> Entry:
    """Erases snapshots, names, notes, calls and answers of every entry that names these contacts.

    Deleted are the payloads with their keys and what the entries are found by, but for the
    contact ids; and the filters of exports that were made by their names or addresses, and those
    and the notes of the bulk decisions `bulks`, which had them among their groups. Others named in
    the same entries lose their data there too: they were taken for the same person. What stays: who
    did what when, with ids. The erasure is an entry itself, which lists what it erased, and is
    returned.

    Raises ValueError without contact ids or without an organisation.
    """
    if not contact_ids or by_user.organization is None:
        raise ValueError("An erasure takes contact ids and an organisation.")
    ids = sorted(set(contact_ids))
    with transaction.atomic():
        hold()  # no entry about these contacts comes in between
        named = _naming(by_user.organization, ids)
        named |= _looked_for(by_user.organization, named)
        named |= _asked_for(by_user.organization, bulks)
        numbers = list(
            Payload.objects.filter(entry_id__in=named)
            .order_by("entry_id")
            .values_list("entry_id", flat=True)
        )
        # Not last in the transaction, as it is elsewhere: the database lets go of a payload only
        # when an erasure names it, and the lock is held already.
        entry = record(
            Action.PAYLOAD_ERASED,
            by_user=by_user,
            subject=f"contact:{ids[0]}",
            facts={"contacts": ids, "numbers": numbers},
            personal={"note": note} if note else None,
            references=refs_of(ids),
        )
        Erasure.objects.bulk_create(
            [Erasure(entry_id=number, by=entry) for number in numbers], batch_size=1000
        )
        erased = Erasure.objects.filter(by=entry).values("entry_id")
        Payload.objects.filter(entry_id__in=erased).erase()
        Reference.objects.filter(entry_id__in=erased, kind__in=PERSONAL).erase()
    return entry


def _naming(organization: Organization, ids: Collection[str]) -> set[int]:
    """The numbers of the entries that name one of these contacts."""
    values = [found.value for found in refs_of(ids)]
    named = Reference.objects.filter(organization=organization, kind=Kind.CONTACT, value__in=values)
    return set(named.values_list("entry_id", flat=True))


def _looked_for(organization: Organization, named: Collection[int]) -> set[int]:
    """The entries of exports whose filters hold a word of these entries' personal data."""
    found = Reference.objects.filter(entry_id__in=named, kind__in=PERSONAL)
    values = {value for value in found.values_list("value", flat=True) if len(value) >= SHORTEST}
    exports = Entry.objects.filter(
        organization=organization, action=Action.HISTORY_EXPORTED, payload__isnull=False
    )
    return {
        entry.number
        for entry in exports.select_related("payload")
        if _names(entry.payload.data.get("filters"), values)
    }


def _names(filters: object, values: Collection[str]) -> bool:
    """Whether one of these filters is by a name, an address or a number of these, as it is found
    by: whatever its script, its accents and how the number was written."""
    for text in map(str, filters.values() if isinstance(filters, dict) else ()):
        asked = {*words(text), *phone_tails(text)}
        if not asked.isdisjoint(values) or any(value in plain(text) for value in values):
            return True
    return False


def _asked_for(organization: Organization, bulks: Collection[int]) -> set[int]:
    """The entries by which people asked for these bulk decisions."""
    about = Reference.objects.filter(
        organization=organization, kind=Kind.BULK, value__in=[str(number) for number in bulks]
    )
    asked = Entry.objects.filter(
        action=Action.BULK_REQUESTED, number__in=about.values_list("entry_id", flat=True)
    )
    return set(asked.values_list("number", flat=True))
