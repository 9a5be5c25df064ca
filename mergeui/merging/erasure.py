"""Erasing a person: what is known of some contacts goes, everywhere in the database at once.

The history is emptied by audit.erase, which leaves its mark and keeps the chain whole; here goes
the rest of what personal.py declares. What stays are ids, states, times and opt-outs: that these
contacts were merged, by whom and when. Invent is not touched: whoever is still a contact there
comes back with the next sync, so a person is erased there first. Backups are not touched either.
Words that no group has any longer leave SQLite's index of the queue within minutes (retention.py).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from mergeui.accounts.models import Organization, Role
from mergeui.audit import erase as history
from mergeui.audit import lookup
from mergeui.audit.actor import SYSTEM, Actor
from mergeui.audit.log import entries_last
from mergeui.audit.models import Entry
from mergeui.errors import Invalid
from mergeui.invent import Contact
from mergeui.merging.models import (
    Approval,
    Attempt,
    BulkDecision,
    BulkItem,
    ContactLock,
    LostOptOut,
    MergeRequest,
    ReadBack,
    Source,
)
from mergeui.merging.models.request import RequestQuerySet
from mergeui.review.decisions import require
from mergeui.review.models import (
    Group,
    GroupQuerySet,
    GroupState,
    Member,
    MergedContact,
    NotDuplicate,
)
from mergeui.review.store import replace
from mergeui.review.sync import begin_anew

MOST = 200  # contacts at a time; a person has a handful
# Whether messages may be sent has to be kept for as long as that is in question.
KEPT = ("id", "blocked", "unsubscribed", "is_admin")
WAITING = (GroupState.OPEN, GroupState.SNOOZED)


@dataclass(frozen=True, slots=True)
class Extent:
    """What an erasure of these contacts would reach."""

    contacts: tuple[str, ...]
    groups: int
    requests: int
    entries: int

    @property
    def nothing(self) -> bool:
        """Whether the desk knows none of them."""
        return not (self.groups or self.requests or self.entries)


def same_person(organization: Organization, contact_id: str) -> tuple[str, ...]:
    """The contact, and all that merges of this desk made one with it: the first is itself."""
    merged = MergedContact.objects.filter(organization=organization)
    found, fresh = [contact_id], {contact_id}
    while fresh and len(found) < MOST:
        # One by one: with an OR, SQLite reads all that was ever merged.
        gone = merged.filter(contact_id__in=fresh).values_list("into_contact_id", flat=True)
        kept = merged.filter(into_contact_id__in=fresh).values_list("contact_id", flat=True)
        fresh = {*gone, *kept}.difference(found)
        found += sorted(fresh)
    return tuple(found[:MOST])


def extent(organization: Organization, contact_ids: Collection[str]) -> Extent:
    """What there is to erase, without erasing it."""
    ids = tuple(dict.fromkeys(contact_ids))
    entries = {
        number
        for one in ids
        for number in lookup.entries(organization, contact=one).values_list("number", flat=True)
    }
    return Extent(
        contacts=ids,
        groups=_groups(organization, ids).count(),
        requests=_requests(organization, ids).count(),
        entries=len(entries),
    )


def unfinished(organization: Organization, contact_ids: Collection[str]) -> ContactLock | None:
    """The hold of a request on one of these contacts, which forbids that they are erased."""
    locks = ContactLock.objects.filter(organization=organization, contact_id__in=contact_ids)
    return locks.order_by("request_id").first()


def why_not(held: ContactLock) -> str:
    """Why what a request holds can't be erased, and what to do."""
    words = _(
        "{contact} belongs to request {number}, which is not finished: what it holds is needed"
        " until then. Cancel it or wait, and erase afterwards."
    )
    return words.format(contact=held.contact_id, number=held.request_id)


def names_of(organization: Organization, contact_ids: Collection[str]) -> dict[str, str]:
    """By their ids the names of contacts as last known; those without a name are not in it."""
    requests = MergeRequest.objects.of(organization).filter(primary_contact_id__in=contact_ids)
    sources = Source.objects.of(organization).filter(contact_id__in=contact_ids)
    members = Member.objects.of(organization).filter(contact_id__in=contact_ids)
    # The later one counts: a group is read again with each refresh. Sorted here, or SQLite goes
    # through all groups in their order.
    found = [
        *sorted(requests.values_list("pk", "primary_contact_id", "primary_name")),
        *sorted(sources.values_list("request_id", "contact_id", "name")),
        *sorted(members.values_list("group_id", "contact_id", "name")),
    ]
    return {one: name for _, one, name in found if name and name != one}


def erase_person(contact_ids: Collection[str], *, by_user: Actor, note: str = "") -> Entry:
    """Erases what is kept of these contacts, with an entry that says so, which is returned.

    An admin's business, or that of whoever runs the desk, by command. In the same rows others lose
    their data too: they were taken for the same person. Raises NotAllowed, or Invalid for none, too
    many or unknown contacts, and while a merge of one is under way.
    """
    if by_user.role != SYSTEM:
        require(by_user, Role.ADMIN)
    organization = by_user.organization
    ids = sorted(set(contact_ids))
    if organization is None or not 0 < len(ids) <= MOST:
        raise Invalid(_("Choose at least one contact, and at most {most}.").format(most=MOST))
    if extent(organization, ids).nothing:
        raise Invalid(_("The desk knows nothing of these contacts, so nothing was erased."))
    with transaction.atomic():
        # The history last, because all who write it wait from there on (audit.log.record).
        with entries_last():
            begin_anew(organization)
            # Before it is asked for requests: one that is being made holds its group.
            groups = _held(organization, ids)
            if held := unfinished(organization, ids):
                raise Invalid(why_not(held))
            _blank_requests(organization, ids)
            bulks = _blank_groups(organization, ids, groups)
        return history.erase(ids, by_user=by_user, note=note, bulks=bulks)


def _groups(organization: Organization, ids: Collection[str]) -> GroupQuerySet:
    members = Member.objects.filter(contact_id__in=ids)
    # Those that a sync is storing just now (review/arriving.py) too.
    return Group.objects.filter(organization=organization, pk__in=members.values("group_id"))


def _held(organization: Organization, ids: Collection[str]) -> list[Group]:
    """The groups, locked: what waits for one of them finds it as the erasure left it."""
    return list(_groups(organization, ids).select_for_update(of=("self",)).order_by("pk"))


def _requests(organization: Organization, ids: Collection[str]) -> RequestQuerySet:
    ours = MergeRequest.objects.of(organization)
    sources = Source.objects.of(organization).filter(contact_id__in=ids)
    # Each has an index; of both with an OR, a database reads all requests that there are.
    kept = ours.filter(primary_contact_id__in=ids).values_list("pk", flat=True)
    return ours.filter(pk__in={*kept, *sources.values_list("request_id", flat=True)})


def was_erased(raw: dict[str, Any]) -> bool:
    """Whether this is all that an erasure left of a contact: what it lacks is not known."""
    return raw.keys() <= set(KEPT)


def _bare(raw: dict[str, Any]) -> dict[str, Any]:
    return {key: raw[key] for key in KEPT if key in raw}


def _blank_requests(organization: Organization, ids: Collection[str]) -> None:
    """The requests that name one of them, with all that hangs on these."""
    requests = list(_requests(organization, ids).select_for_update(of=("self",)))
    for request in requests:
        request.primary_name = request.primary_contact_id
        request.snapshot = [_bare(raw) for raw in request.snapshot]
        request.prediction, request.cautions, request.outcome = {}, [], []
        request.note = request.waiting_because = ""
        request.save(
            update_fields=["primary_name", "snapshot", "prediction", "cautions", "outcome", "note",
                           "waiting_because"]
        )  # fmt: skip
        for source in request.sources.all():
            source.name = source.contact_id
            source.save(update_fields=["name"])
    pks = [request.pk for request in requests]
    Attempt.objects.filter(request__in=pks).update(answer=None, reason="")
    ReadBack.objects.filter(request__in=pks).update(evidence=[])
    Approval.objects.filter(request__in=pks).update(note="")
    LostOptOut.objects.filter(request__in=pks).update(reason="")


def _blank_groups(
    organization: Organization, ids: Collection[str], groups: Sequence[Group]
) -> list[int]:
    """The groups that one of them is in, and what people said of these groups; the numbers of the
    bulk decisions about them."""
    gone, now = set(ids), timezone.now()
    for group in groups:
        left = [
            _bare(member.raw) if member.contact_id in gone else member.raw
            for member in group.members.all()
        ]
        replace(group, [Contact.parse(raw) for raw in left])
        group.decided_note = group.made_because = ""
        group.decided_evidence = None if group.decided_evidence is None else {}
        if group.state in WAITING:
            group.state, group.changed_at = GroupState.VANISHED.value, now
        group.save(
            update_fields=["decided_note", "made_because", "decided_evidence", "state",
                           "changed_at"]
        )  # fmt: skip
    items = BulkItem.objects.filter(group__in=[group.pk for group in groups])
    bulks = list(items.order_by().values_list("bulk_id", flat=True).distinct())
    BulkDecision.objects.filter(pk__in=bulks).update(note="", query="")
    items.update(detail="")
    said = NotDuplicate.objects.filter(organization=organization)
    for named in (Q(one_contact_id__in=ids), Q(other_contact_id__in=ids)):
        said.filter(named).update(reason="", evidence=[])
    return bulks
