"""Whether merges of an organisation are executed now, and what stops all of them.

Three things do, until a person goes on: a key that Invent refuses (every further call would be
refused too), merges that are answered with 403 one after another, and a database that has forgotten
what was sent (restored from a backup).
"""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mergeui.accounts.models import Organization, Role
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.anchor import Anchor, BadAnchor
from mergeui.audit.log import record
from mergeui.audit.models import Entry
from mergeui.errors import Stale
from mergeui.invent.verdict import FORBIDDEN
from mergeui.merging import journal
from mergeui.merging.models import Attempt, Standing
from mergeui.review.decisions import require
from mergeui.said import Said

logger = logging.getLogger(__name__)

Halt = Standing.Halt

# So many merges in a row: one alone may be answered so for what is in it.
FORBIDDEN_IN_A_ROW = 3

ALL_FORBIDDEN = Said(
    "The last {count} merges were each answered with 403, by Invent or by something on the way to"
    " it. What became of them is being found out, and no other one is sent."
)
FORGOTTEN = Said(
    "{count} merge call was sent of which this database knows nothing: it was probably restored"
    " from a backup.",
    "{count} merge calls were sent of which this database knows nothing: it was probably restored"
    " from a backup.",
)
ENTRY_LOST = Said(
    "The history no longer has entry {number} as it was noted in the anchor: the database was"
    " restored from a backup, or its history was changed."
)


def halted(organization: Organization) -> Standing | None:
    """What stops the merges of an organisation; None while they go on."""
    return Standing.objects.filter(organization=organization).exclude(halted_as="").first()


def halt(organization: Organization, why: Halt, because: str) -> None:
    """Stops all merges of an organisation until a person goes on; says so once.

    A gap takes the place of any other halt, whose end would let a call be sent into the gap. What
    is still refused once the gap has been looked at halts by itself again.
    """
    with transaction.atomic():
        Standing.objects.get_or_create(organization=organization)
        lesser = ["", Halt.KEY.value, Halt.FORBIDDEN.value] if why == Halt.GAP else [""]
        stopped = Standing.objects.filter(organization=organization, halted_as__in=lesser).update(
            halted_as=why.value, because=because, since=timezone.now(), looked_for=False
        )
        if stopped:
            record(
                Action.MERGING_HALTED,
                by_user=Actor.system(organization),
                facts={"reason": why.value},
                personal={"note": because},
            )


def halt_if_forbidden(organization: Organization) -> None:
    """Halts when the last answers to merges were all 403.

    It is no documented refusal, so each such merge is unknown and locks its contacts (design.md,
    rule 4): with a key that may only read, or behind a firewall, all that are approved would end
    so. When a person lets the merges go on, the first that is answered so again is the last of as
    many, and halts at once.
    """
    answered = Attempt.objects.filter(request__organization=organization, answer__isnull=False)
    statuses = answered.order_by("-pk").values_list("answer__status", flat=True)
    if list(statuses[:FORBIDDEN_IN_A_ROW]) == [FORBIDDEN] * FORBIDDEN_IN_A_ROW:
        halt(organization, Halt.FORBIDDEN, ALL_FORBIDDEN(count=FORBIDDEN_IN_A_ROW))


def note_pause(seconds: float) -> None:
    """Invent wants to be left alone for so long (429): every page of every organisation says so.

    The host is what Invent limits, so all wait. Raises nothing: a page that says less is no reason
    to forget an answer.
    """
    until = timezone.now() + timedelta(seconds=seconds)
    try:
        for organization in Organization.objects.served():
            Standing.objects.update_or_create(
                organization=organization, defaults={"paused_until": until}
            )
    except DatabaseError as error:
        logger.warning("The pages can't say that Invent wants a pause: %s", error)


def check_memory(organization: Organization) -> None:
    """Halts when the database has forgotten a call, or the entry that the anchor names.

    For the start of a worker. Raises journal.JournalFailed or BadAnchor when it can't be told.
    """
    forgotten = journal.gap(organization.pk)
    if forgotten:
        halt(
            organization,
            Halt.GAP,
            FORGOTTEN(count=len(forgotten)),
        )
    elif (anchor := _lost_anchor()) and not Standing.objects.filter(
        organization=organization, accepted=anchor.hash
    ).exists():
        halt(
            organization,
            Halt.GAP,
            ENTRY_LOST(number=anchor.number),
        )


def _lost_anchor() -> Anchor | None:
    if settings.AUDIT_ANCHOR is None or not settings.AUDIT_ANCHOR.exists():
        return None
    anchor = Anchor.load(settings.AUDIT_ANCHOR)
    known = Entry.objects.filter(number=anchor.number, hash=anchor.hash).exists()
    return None if known or anchor.number == 0 else anchor


def go_on(organization: Organization, *, by_user: Actor) -> None:
    """A person lets the merges go on: after a gap when it has been looked at, otherwise at once.

    Raises NotAllowed, or Stale when somebody was faster.
    """
    require(by_user, Role.APPROVER)
    standing = halted(organization)
    if standing is None:
        raise Stale(_("Merges go on already."))
    if standing.halted_as == Halt.GAP:
        Standing.objects.filter(pk=standing.pk, halted_as=Halt.GAP).update(looked_for=True)
        return
    clear(organization, Halt(standing.halted_as), by_user=by_user)


def clear(organization: Organization, why: Halt, *, by_user: Actor, note: str = "") -> Entry:
    """Ends a halt; the entry that says so. Raises Stale when it was over."""
    try:
        anchor = _lost_anchor()
    except BadAnchor:
        anchor = None
    with transaction.atomic():
        ended = Standing.objects.filter(organization=organization, halted_as=why.value).update(
            halted_as="",
            because="",
            since=None,
            looked_for=False,
            **({"accepted": anchor.hash} if anchor else {}),
        )
        if not ended:
            raise Stale(_("Merges go on already."))
        return record(
            Action.MERGING_RESUMED,
            by_user=by_user,
            facts={"reason": why.value},
            personal={"note": note} if note else None,
        )
