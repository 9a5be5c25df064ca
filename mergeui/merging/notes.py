"""Notes on a group or on a request, and who is mentioned in them.

A note is an entry of the history and nothing else: it can't be edited, its text lies beside the
chain, and erasing a contact erases what was written about it.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from mergeui.accounts.models import Membership, Organization, Role, User
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.log import record
from mergeui.audit.models import Entry
from mergeui.errors import Invalid
from mergeui.merging.models import MergeRequest, Notice
from mergeui.merging.settle import About, about
from mergeui.review.decisions import require
from mergeui.review.models import Group

LONGEST = 2_000

# An @ inside a word, as in an e-mail address, mentions nobody.
_MENTION = re.compile(r"(?<![\w.@+-])@(\w[\w.@+-]*)")
_AFTER = ".@+-"  # what may end a sentence as well as a user name


@dataclass(frozen=True, slots=True)
class Written:
    """A note, and the names in it that belong to nobody here."""

    entry: Entry
    unknown: tuple[str, ...]


def team(organization: Organization) -> QuerySet[User]:
    """Who can be mentioned: the members whose account is on, by user name."""
    active = Membership.objects.active().filter(organization=organization)
    return User.objects.filter(memberships__in=active).order_by("username")


def pieces(text: str, names: Collection[str]) -> list[tuple[str, str]]:
    """The text in pieces: (piece, user name in lower case), the name empty where there is none.

    A name that is none of `names` (in lower case) is given too, so that it can be told.
    """
    found: list[tuple[str, str]] = []
    end = 0
    for match in _MENTION.finditer(text):
        name = _name(match[1], names)
        stop = match.start() + 1 + len(name)
        found += [(text[end : match.start()], ""), (text[match.start() : stop], name.casefold())]
        end = stop
    return [piece for piece in (*found, (text[end:], "")) if piece[0]]


def _name(typed: str, names: Collection[str]) -> str:
    """The longest beginning that is somebody's name; the whole without its full stop otherwise."""
    name = typed
    while name.casefold() not in names:
        if name[-1] not in _AFTER:
            return typed.rstrip(_AFTER)
        name = name[:-1]
    return name


def write(
    group: Group, *, text: str, by_user: Actor, request: MergeRequest | None = None
) -> Written:
    """Writes a note on a group, or on a request of it, and tells whoever it mentions.

    Raises NotAllowed, or Invalid for a text that is empty or longer than LONGEST.
    """
    require(by_user, Role.OPERATOR)
    text = text.strip()
    if not text:
        raise Invalid(_("The note is empty. Write something, then send it."))
    if len(text) > LONGEST:
        raise Invalid(
            _("The note is too long: {most} characters are possible.").format(most=f"{LONGEST:,}")
        )
    people = {user.username.casefold(): user for user in team(group.organization)}
    named = dict.fromkeys(name for piece, name in pieces(text, people) if name)
    told = [people[name] for name in named if name in people and people[name] != by_user.user]
    shared = about(request) if request else _about(group)
    del shared["facts"]["before"]
    shared["facts"]["mentioned"] = [user.pk for user in told]
    shared["personal"]["note"] = text
    shared["personal"]["mentions"] = [name for name in named if name in people]
    with transaction.atomic():
        # Before the entry, because from then on every writer of history waits (audit/log.py).
        notices = _tell(told, group, request)
        entry = record(Action.NOTE_WRITTEN, by_user=by_user, **shared)
        Notice.objects.filter(pk__in=notices).update(entry=entry)
    return Written(entry, tuple(name for name in named if name not in people))


def _about(group: Group) -> About:
    names = dict(group.members.values_list("contact_id", "name"))
    return {
        "subject": f"group:{group.pk}",
        "facts": {"members": sorted(names), "before": group.state},
        "personal": {"names": names},
        "references": (),
    }


def _tell(people: Iterable[User], group: Group, request: MergeRequest | None) -> list[int]:
    notices = [
        Notice(
            organization_id=group.organization_id,
            person=person,
            kind=Notice.Kind.MENTIONED,
            group=group,
            request=request,
            at=timezone.now(),
        )
        for person in people
    ]
    return [notice.pk for notice in Notice.objects.bulk_create(notices)]


def read(member: Membership, numbers: Collection[int] | None = None) -> int:
    """A member has read these notices, or all of theirs; gives how many were unread.

    No entry of the history: it is theirs alone, and nothing is decided by it.
    """
    unread = Notice.objects.unread_by(member)
    if numbers is not None:
        unread = unread.filter(pk__in=numbers)
    return unread.update(read_at=timezone.now())
