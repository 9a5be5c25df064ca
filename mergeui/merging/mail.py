"""E-mail to people about what waits for them: a digest, sent by the worker, never by a page.

What is to be told are rows that commit with what they are about: requests that wait, need a person
or took more than was asked for, and notices. A mail gathers all of them for one person, and says
how many there are and where, and the numbers of the requests that need a person or took more: no
name, nothing of a contact, nothing that anybody wrote. It is sent outside of any transaction; a
worker that dies between sending and noting it sends it a second time, which does no harm.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import Exists, Max, Min, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mergeui.accounts.models import Membership, Organization, Role
from mergeui.merging.models import (
    Attempt,
    Mailbox,
    MergeRequest,
    Notice,
    ReadBack,
    RequestQuerySet,
    RequestState,
)
from mergeui.merging.unasked import LOUD, went_beyond

logger = logging.getLogger(__name__)

GATHER = timedelta(minutes=1)  # so that what is done in one go is told in one mail
LEASE = timedelta(minutes=10)  # in which another worker leaves a mail alone
TOO_OLD = timedelta(days=7)
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=2)
MOST_TRIES = 12  # half a day in all
AT_ONCE = 50
MOST_NUMBERS = 10

APPROVERS = (Role.APPROVER, Role.ADMIN)
# What sending may raise: the network, the server's refusals, an address that is none.
FAILURES = (OSError, SMTPException, ValueError)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail, and what it tells of: requests, looks and calls up to a number, and notices."""

    subject: str
    body: str
    upto: int
    looks_upto: int
    calls_upto: int
    notices: tuple[int, ...]


def send_due(organization: Organization, *, go_on: Callable[[], bool] = lambda: True) -> int:
    """Sends the mails that are due, to 50 people at most; gives how many went out.

    What fails is tried again later and logged, without an address or what the server said. Asks
    `go_on` before each.
    """
    members = list(due(organization, timezone.now())[:AT_ONCE])
    if not members:
        return 0
    connection = get_connection()
    sent = sum(_send(member, connection) for member in members if go_on())
    with suppress(*FAILURES):
        connection.close()
    return sent


def due(organization: Organization, now: datetime) -> QuerySet[Membership]:
    """The members with an address who are to be told of something now: one query."""
    waiting = MergeRequest.objects.filter(
        organization=OuterRef("organization"),
        state=RequestState.PROPOSED,
        proposed_at__lte=now - GATHER,
        expires_at__gt=now,
        pk__gt=Coalesce(OuterRef("mailbox__upto"), 0),
    ).exclude(proposed_by=OuterRef("user"))
    # The last look at a request that needs a person is the one that found so.
    unclear = ReadBack.objects.filter(
        request__organization=OuterRef("organization"),
        request__state=RequestState.CONFLICT,
        at__lte=now - GATHER,
        pk__gt=Coalesce(OuterRef("mailbox__looks_upto"), 0),
    )
    beyond = Attempt.objects.filter(
        request__in=MergeRequest.objects.amiss_since(now - LOUD).values("pk"),
        request__organization=OuterRef("organization"),
        request__finished_at__lte=now - GATHER,
        pk__gt=Coalesce(OuterRef("mailbox__calls_upto"), 0),
    ).exclude(unasked=[])
    told = Notice.objects.filter(
        organization=OuterRef("organization"),
        person=OuterRef("user"),
        read_at=None,
        mailed_at=None,
        at__lte=now - GATHER,
        at__gt=now - TOO_OLD,
    )
    return (
        Membership.objects.active()
        .filter(organization=organization)
        .exclude(user__email="")
        .filter(Q(mailbox=None) | Q(mailbox__next_at__lte=now))
        .filter(
            Q(role__in=APPROVERS) & (Exists(beyond) | Exists(waiting) | Exists(unclear))
            | Exists(told)
        )
        .select_related("user", "organization")
        .order_by("pk")
    )


def _send(member: Membership, connection: BaseEmailBackend) -> bool:
    """One mail to one member; whether it went out."""
    now = timezone.now()
    Mailbox.objects.get_or_create(membership=member, defaults={"next_at": now})
    mailbox = Mailbox.objects.filter(membership=member)
    if not mailbox.filter(next_at__lte=now).update(next_at=now + LEASE):
        return False  # another worker has it
    letter = written(member, now)
    if letter is None:
        mailbox.update(next_at=now)
        return False
    mail = EmailMessage(
        letter.subject,
        letter.body,
        to=[member.user.email],
        connection=connection,
        headers={"Auto-Submitted": "auto-generated"},  # RFC 3834: no out-of-office answers
    )
    try:
        mail.send()
    except FAILURES as error:
        with suppress(*FAILURES):
            connection.close()
        _failed(member, letter, error)
        return False
    _told(member, letter)
    return True


def written(member: Membership, now: datetime) -> Letter | None:
    """What a member is told now, in their language; None when there is nothing any more."""
    ours = MergeRequest.objects.of(member.organization)
    if not member.can(Role.APPROVER):
        ours = ours.none()
    waiting = ours.waiting_for(member.user_id)
    unclear = ours.filter(state=RequestState.CONFLICT)
    looks_upto = unclear.aggregate(upto=Max("looks"))["upto"]
    beyond = went_beyond(ours, now)
    calls_upto = Attempt.objects.filter(request__in=beyond).aggregate(upto=Max("pk"))["upto"]
    found = waiting.filter(expires_at__gt=now).aggregate(upto=Max("pk"), first=Min("expires_at"))
    unread = Notice.objects.unread_by(member).filter(mailed_at=None, at__gt=now - TOO_OLD)
    notices = dict(unread.values_list("pk", "kind"))
    if not notices and {found["upto"], looks_upto, calls_upto} == {None}:
        return None
    kinds = list(notices.values())
    with translation.override(member.user.language or settings.LANGUAGE_CODE):
        lines = [
            _glass(kinds.count(Notice.Kind.GLASS)),
            _policy(kinds.count(Notice.Kind.POLICY)),
            _numbered(_beyond, beyond),
            _numbered(_unclear, unclear),
            _waiting(waiting.filter(expires_at__gt=now).count(), found["first"], now),
            _rejected(kinds.count(Notice.Kind.REJECTED)),
            _expired(kinds.count(Notice.Kind.EXPIRED)),
            _mentioned(kinds.count(Notice.Kind.MENTIONED)),
        ]
        said = [line for line in lines if line]
        where = _where(member)
        body = "\n".join([*said, *where, "", f"{settings.DESK_URL}/requests/", "", _why()])
    subject = said[0].partition(".")[0]
    upto = (found["upto"] or 0, looks_upto or 0, calls_upto or 0)
    return Letter(subject, f"{body}\n", *upto, tuple(notices))


def _waiting(count: int, first: datetime | None, now: datetime) -> str:
    if not count or first is None:
        return ""
    words = ngettext(
        "{count} merge waits for your approval.", "{count} merges wait for your approval.", count
    ).format(count=count)
    days = (first - now) // timedelta(days=1)
    until = _("The first one expires today.")
    if days:
        until = ngettext(
            "The first one expires in {days} day.", "The first one expires in {days} days.", days
        ).format(days=days)
    return f"{words} {until}"


def _beyond(count: int) -> str:
    return ngettext(
        "{count} merge took more than was asked for: request {numbers}.",
        "{count} merges took more than was asked for: requests {numbers}.",
        count,
    )


def _unclear(count: int) -> str:
    return ngettext(
        "{count} merge needs a person: request {numbers}.",
        "{count} merges need a person: requests {numbers}.",
        count,
    )


def _numbered(words: Callable[[int], str], requests: RequestQuerySet) -> str:
    """The words for so many requests, with the first of their numbers; empty for none."""
    count = requests.count()
    if not count:
        return ""
    pks = requests.order_by("pk").values_list("pk", flat=True)[:MOST_NUMBERS]
    numbers = ", ".join(map(str, pks)) + ("…" if count > MOST_NUMBERS else "")
    return words(count).format(count=count, numbers=numbers)


def _glass(count: int) -> str:
    words = ngettext(
        "The glass was broken {count} time: one person approved alone what takes a second one.",
        "The glass was broken {count} times: one person approved alone what takes a second one.",
        count,
    )
    return words.format(count=count) if count else ""


def _policy(count: int) -> str:
    return _("A looser policy waits for a second admin.") if count else ""


def _rejected(count: int) -> str:
    words = ngettext(
        "{count} merge that you asked for was rejected.",
        "{count} merges that you asked for were rejected.",
        count,
    )
    return words.format(count=count) if count else ""


def _expired(count: int) -> str:
    words = ngettext(
        "{count} merge that you asked for expired.",
        "{count} merges that you asked for expired.",
        count,
    )
    return words.format(count=count) if count else ""


def _mentioned(count: int) -> str:
    words = ngettext(
        "You were mentioned in {count} note.", "You were mentioned in {count} notes.", count
    )
    return words.format(count=count) if count else ""


def _where(member: Membership) -> list[str]:
    """Which team it is about, for somebody in several: the link shows the one they work in."""
    if Membership.objects.active().filter(user=member.user_id).count() < 2:
        return []
    words = _("This is about {organization}: if the desk shows you another one, switch to it.")
    return ["", words.format(organization=member.organization)]


def _why() -> str:
    return _(
        "This mail names nobody on purpose: what it is about is behind the link. You get one in"
        " {minutes} minutes at most; your settings on the desk have the address."
    ).format(minutes=settings.NOTIFY_EVERY_MINUTES)


def _told(member: Membership, letter: Letter) -> None:
    """Notes that a member knows; the next mail has to wait."""
    now = timezone.now()
    Notice.objects.filter(pk__in=letter.notices).update(mailed_at=now)
    box = Mailbox.objects.get(membership=member)
    Mailbox.objects.filter(membership=member).update(
        upto=max(box.upto, letter.upto),
        looks_upto=max(box.looks_upto, letter.looks_upto),
        calls_upto=max(box.calls_upto, letter.calls_upto),
        next_at=now + timedelta(minutes=settings.NOTIFY_EVERY_MINUTES),
        tries=0,
    )


def _failed(member: Membership, letter: Letter, error: Exception) -> None:
    """Tries again later, each time later than before; after the last time this mail is let go."""
    mailbox = Mailbox.objects.get(membership=member)
    tries = mailbox.tries + 1
    code = getattr(error, "smtp_code", "")
    logger.warning(
        "The e-mail to member %s was not sent (%s), try %s of %s.",
        member.pk,
        f"{type(error).__name__} {code}".strip(),
        tries,
        MOST_TRIES,
    )
    if tries >= MOST_TRIES:
        _told(member, letter)
        return
    wait = min(FIRST_WAIT * 2 ** (tries - 1), LONGEST_WAIT)
    Mailbox.objects.filter(membership=member).update(tries=tries, next_at=timezone.now() + wait)
