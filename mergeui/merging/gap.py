"""Looking at what a restored database has forgotten: call by call, by documented reads only.

The snapshots went with the database, so what can be told is whether each source still exists. What
is gone is remembered as merged into the primary that the journal names; nothing is sent.
"""

from django.db import transaction
from django.utils import timezone

from mergeui.accounts.models import Organization
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.log import record
from mergeui.audit.models import Entry
from mergeui.audit.references import contact_ids
from mergeui.invent import InventClient, NotFound
from mergeui.merging import journal
from mergeui.merging.models import Standing
from mergeui.merging.standing import ENTRY_LOST, Halt, clear, halted
from mergeui.review.models import MergedContact
from mergeui.said import Said

LOOKED_AT = Said("{count} call looked at", "{count} calls looked at")


def look_when_wanted(
    organization: Organization, *, client: InventClient, journal_lost: bool = False
) -> bool:
    """Looks at the gap when a person wants it, and ends the halt; whether it did.

    Without a line of what was forgotten this is not the journal that it stands in, so the halt
    stays for the worker that has it, unless that journal is lost for good. Raises InventError when
    Invent can't be read, JournalFailed when the journal can't be or takes no line: then the halt
    stays, and the next round tries again from the beginning.
    """
    standing = halted(organization)
    if standing is None or standing.halted_as != Halt.GAP or not standing.looked_for:
        return False
    by_user = Actor.system(organization)
    lines = journal.gap(organization.pk)
    if not (lines or journal_lost) and ENTRY_LOST.values_in(standing.because) is None:
        return False
    seen = [(line, _gone(client, line)) for line in lines]
    same = Standing.objects.filter(
        organization=organization, halted_as=Halt.GAP, looked_for=True, since=standing.since
    )
    with transaction.atomic():
        # Of several workers that have looked, one says what it saw.
        if same.select_for_update().first() is None:
            return False
        for line, gone in seen:
            _remember(organization, line, gone, by_user)
        note = LOOKED_AT(count=len(lines))
        _close(organization, clear(organization, Halt.GAP, by_user=by_user, note=note))
    return True


def _gone(client: InventClient, line: journal.Line) -> list[str]:
    return [contact_id for contact_id in line.sources if not _exists(client, contact_id)]


def _exists(client: InventClient, contact_id: str) -> bool:
    try:
        client.contact_segments(contact_id)
    except NotFound:
        return False
    return True


def _remember(
    organization: Organization, line: journal.Line, gone: list[str], by_user: Actor
) -> None:
    MergedContact.objects.bulk_create(
        [
            MergedContact(
                organization=organization,
                contact_id=contact_id,
                into_contact_id=line.primary,
                merged_at=timezone.now(),
            )
            for contact_id in gone
        ],
        ignore_conflicts=True,
    )
    record(
        Action.MERGE_RECOVERED,
        by_user=by_user,
        facts={
            "primary": line.primary,
            "sources": list(line.sources),
            "merged": gone,
            "request_before": line.request,
            "entry_before": line.entry,
            "sent_at": line.at,
        },
        references=contact_ids([line.primary, *line.sources]),
    )


def _close(organization: Organization, ended: Entry) -> None:
    """Notes in the journal that everything before has been looked at.

    By the entry of the end of the halt, in its transaction: should that not be committed, the
    history doesn't know the line, and everything is found again.
    """
    journal.note(
        journal.Line(
            entry=ended.number,
            hash=ended.hash,
            at=ended.at.isoformat(),
            organization=organization.pk,
            request=0,
            primary="",
            sources=(),
        )
    )
