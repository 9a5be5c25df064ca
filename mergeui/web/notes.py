"""The notes about a group in words, and what is for the person who looks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import Count, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from mergeui.accounts.models import Membership, Role
from mergeui.audit import lookup
from mergeui.audit.actions import Action
from mergeui.audit.models import Entry
from mergeui.merging.models import Notice
from mergeui.merging.notes import LONGEST, pieces, team
from mergeui.review.models import Group
from mergeui.review.text import visible
from mergeui.web.when import ago, exact

SHOWN = 100
NAMES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class NoteRow:
    """A note: its text in pieces of (text, whether it mentions somebody), none when erased."""

    number: int
    url: str
    who: str
    age: str
    moment: str
    pieces: tuple[tuple[str, bool], ...]
    where: str
    where_url: str
    fresh: bool


@dataclass(frozen=True, slots=True)
class Thread:
    """All the notes about a group and its requests, and the form for another one.

    `unread` are the numbers of the notices that this person has read when they have seen it.
    """

    notes: tuple[NoteRow, ...]
    title: str
    more_url: str
    page: str
    url: str
    may_write: bool
    typed: str
    most: int
    unread: tuple[int, ...]


def thread_of(
    member: Membership, group: Group, *, request_pk: int | None = None, typed: str = ""
) -> Thread:
    """The thread as it stands under a group, or under a request of it."""
    found = lookup.entries(member.organization, group=group.pk, action=Action.NOTE_WRITTEN)
    entries = list(found.annotate(notice=_unread(member))[: SHOWN + 1])
    now = timezone.now()
    notes = tuple(_row(entry, now, request_pk) for entry in reversed(entries[:SHOWN]))
    what, key = ("request", request_pk) if request_pk else ("group", group.pk)
    return Thread(
        notes=notes,
        title=_("Notes") if not notes else _("Notes ({count})").format(count=len(notes)),
        more_url=_older(group) if len(entries) > SHOWN else "",
        page=reverse(what, args=[key]),
        url=reverse(f"{what}_note", args=[key]),
        may_write=member.can(Role.OPERATOR),
        typed=typed,
        most=LONGEST,
        unread=tuple(entry.notice for entry in entries[:SHOWN] if entry.notice),
    )


def _older(group: Group) -> str:
    query = urlencode({"q": f"group {group.pk}", "action": Action.NOTE_WRITTEN.value})
    return f"{reverse('history')}?{query}"


def _unread(member: Membership) -> Subquery:
    """The number of the notice by which an entry is unread by this person."""
    mine = Notice.objects.unread_by(member).filter(
        entry=OuterRef("number"), kind=Notice.Kind.MENTIONED
    )
    return Subquery(mine.order_by().values("pk")[:1])


def _row(entry: Entry, now: datetime, request_pk: int | None) -> NoteRow:
    text = entry.personal.get("note")
    names = entry.personal.get("mentions", ())
    on = entry.request_pk
    elsewhere = on is not None and on != request_pk
    return NoteRow(
        number=entry.number,
        url=reverse("history_entry", args=[entry.number]),
        who=entry.actor_name,
        age=ago(entry.at, now),
        moment=exact(entry.at),
        pieces=marked(text, names) if isinstance(text, str) else (),
        where=_("on request {number}").format(number=on) if elsewhere else "",
        where_url=reverse("request", args=[on]) if elsewhere else "",
        fresh=bool(entry.notice),  # type: ignore[attr-defined]
    )


def marked(text: str, names: Collection[str]) -> tuple[tuple[str, bool], ...]:
    """A note's text as it is shown, in pieces: (text, whether it mentions one of `names`)."""
    return tuple(
        ("\n".join(visible(line) for line in piece.split("\n")), name in names)
        for piece, name in pieces(text.replace("\r\n", "\n"), names)
    )


def hint(member: Membership) -> str:
    """How somebody is mentioned, with those who can be: asked for when a note is being written."""
    users = team(member.organization).exclude(pk=member.user_id)
    names = list(users.values_list("username", flat=True))
    if not names:
        return _("Kept in the history; it can't be changed. Nobody else is in the team to tell.")
    listed = " ".join(f"@{name}" for name in names[:NAMES_SHOWN])
    left = len(names) - NAMES_SHOWN
    if left > 0:
        listed = _("{names} and {left} more").format(names=listed, left=left)
    return _("Kept in the history; it can't be changed. To tell somebody: {names}").format(
        names=listed
    )


def unknown_names(names: Sequence[str]) -> str:
    """What is said of names in a note that belong to nobody; empty without any."""
    if not names:
        return ""
    listed = ", ".join(f"@{visible(name[:60])}" for name in names[:5])
    return _(
        "Nobody on this team is called {names}, so the note tells nobody by that name."
    ).format(names=listed)


def unread_count(member: Membership) -> int:
    """How many notices a member has not read: counted with the session (`with_unread`)."""
    return int(getattr(member, "unread", 0))


def with_unread() -> Coalesce:
    """What makes a query of memberships count the unread notices of each, as `unread`."""
    unread = (
        Notice.objects.filter(
            person=OuterRef("user_id"), organization=OuterRef("organization_id"), read_at=None
        )
        .order_by()
        .values("person")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return Coalesce(Subquery(unread), Value(0))
