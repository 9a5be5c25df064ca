"""What makes a merge risky, in words. Pure.

design.md, rule 7: members that differ in `blocked` or `unsubscribed`, or where one is an admin,
need acknowledging and, by policy, a second person. The other marks are the known ways in which a
suggestion is wrong: families, colleagues, shared numbers.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import combinations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mergeui.dates import day
from mergeui.invent import Contact
from mergeui.review.addresses import used_by_many
from mergeui.review.evidence import CROWD, Link, indirect, links, unlinked
from mergeui.review.names import MOST_NAMES, names_conflict
from mergeui.review.text import display_name, shortened, visible

LARGE = 6
MOST_NAMED = 3


class Risk(StrEnum):
    """The kinds of risk; the value is stored with a group and may stand in a bookmark."""

    SAID = "said"
    UNSUBSCRIBED = "unsubscribed"
    BLOCKED = "blocked"
    ADMIN = "admin"
    NAMES = "names"
    SHARED = "shared"
    WEAK = "weak"
    UNEXPLAINED = "unexplained"
    LARGE = "large"
    BY_HAND = "by_hand"

    @property
    def label(self) -> str:
        """Two or three words for a mark in a list."""
        return str(LABELS[self])


LABELS = {
    Risk.SAID: gettext_lazy("Marked as different"),
    Risk.UNSUBSCRIBED: gettext_lazy("Consent differs"),
    Risk.BLOCKED: gettext_lazy("Blocked differs"),
    Risk.ADMIN: gettext_lazy("Team member"),
    Risk.NAMES: gettext_lazy("Names conflict"),
    Risk.SHARED: gettext_lazy("Shared address"),
    Risk.WEAK: gettext_lazy("Weak link"),
    Risk.UNEXPLAINED: gettext_lazy("No shared channel"),
    Risk.LARGE: gettext_lazy("Large group"),
    Risk.BY_HAND: gettext_lazy("Put together by hand"),
}


def joined(codes: Sequence[str]) -> str:
    """Codes as they are stored with a group, so that each is found between its commas."""
    return f",{','.join(codes)}," if codes else ""


@dataclass(frozen=True, slots=True)
class Caution:
    """One risk of one choice of contacts, with the sentence that explains it."""

    risk: Risk
    sentence: str


@dataclass(frozen=True, slots=True)
class ToldApart:
    """Two contacts (their ids) of which somebody said that they are not the same (pairs.py)."""

    ids: tuple[str, str]
    who: str
    at: datetime
    reason: str
    channels: tuple[tuple[str, str], ...] = ()


# Of a group that people put together (byhand.py), whatever its contacts have in common.
def put_together() -> Caution:
    """The risk of a group that people put together."""
    words = _(
        "Invent did not suggest that these are the same person: somebody here put them together."
    )
    return Caution(Risk.BY_HAND, words)


def cautions(
    contacts: Sequence[Contact],
    found: Sequence[Link] | None = None,
    said: Sequence[ToldApart] = (),
    among: Sequence[Contact] = (),
    *,
    by_hand: bool = False,
) -> tuple[Caution, ...]:
    """All that makes merging these contacts risky, the gravest first; empty when nothing does.

    `said` may be about others too: what is about two of these counts, the latest first. `among` is
    the group that they are chosen from, where it is shown: by their places in it the sentences tell
    apart who is called the same. `by_hand`: of a group that people put together.
    """
    if found is None:
        found = links(contacts)
    among = among or contacts
    checks = (
        put_together() if by_hand else None,
        told_apart(contacts, said, among),
        _unsubscribed(contacts, among),
        _blocked(contacts, among),
        _admin(contacts, among),
        _names(contacts, found),
        _crowded(found),
        _unexplained(contacts, found, among),
        _weak(contacts, found),
        _large(contacts),
    )
    return tuple(caution for caution in checks if caution)


def numbers(names: Sequence[str]) -> tuple[str, ...]:
    """The place of each that is called as another is, as all of a page tells them apart; else
    empty."""
    held = Counter(names)
    return tuple(str(n) if held[name] > 1 else "" for n, name in enumerate(names, start=1))


def called(contacts: Sequence[Contact]) -> dict[str, str]:
    """What each is called, by its id: no two of them alike."""
    names = [display_name(contact) for contact in contacts]
    return dict(zip((contact.id for contact in contacts), numbered(names, names), strict=True))


def numbered(names: Sequence[str], shown: Sequence[str]) -> tuple[str, ...]:
    """What is shown of each name, with its number where another has the same name."""
    pairs = zip(shown, numbers(names), strict=True)
    return tuple(f"{name} ({n})" if n else name for name, n in pairs)


def _names_of(some: Sequence[Contact], among: Sequence[Contact]) -> str:
    """The names of some of the contacts."""
    name_of = called(among)
    names = [name_of[contact.id] for contact in some]
    if len(names) == 1:
        return names[0]
    if len(names) > MOST_NAMED:
        more = len(names) - MOST_NAMED
        words = ngettext("{names} and {count} more", "{names} and {count} more", more)
        return words.format(names=", ".join(names[:MOST_NAMED]), count=more)
    return _("{names} and {last}").format(names=", ".join(names[:-1]), last=names[-1])


def told_apart(
    contacts: Sequence[Contact], said: Sequence[ToldApart], among: Sequence[Contact]
) -> Caution | None:
    """What was said of two of these contacts last; None for nothing. `among` as for `cautions`."""
    ids = {contact.id for contact in contacts}
    about = [one for one in said if ids.issuperset(one.ids)]
    if not about:
        return None
    name_of = called(among)
    last = about[0]
    one, other = (name_of[contact_id] for contact_id in last.ids)
    words = _("{one} and {other} were marked as not a duplicate on {day}")
    if last.who:
        words = _("{one} and {other} were marked as not a duplicate by {who} on {day}")
    told = words.format(one=one, other=other, who=last.who, day=day(last.at))
    if last.reason:
        told += _(": “{reason}”").format(reason=visible(shortened(last.reason, 300)))
    told += "."
    if more := len(about) - 1:
        words = ngettext("So was {count} more pair.", "So were {count} more pairs.", more)
        told += " " + words.format(count=more)
    return Caution(Risk.SAID, told)


def _unsubscribed(contacts: Sequence[Contact], among: Sequence[Contact]) -> Caution | None:
    out = [contact for contact in contacts if contact.unsubscribed]
    if not out or len(out) == len(contacts):
        return None
    days = {contact.unsubscribed_at and day(contact.unsubscribed_at) for contact in out}
    since = days.pop() if len(days) == 1 else None
    words = ngettext("{names} unsubscribed", "{names} unsubscribed", len(out))
    if since:
        words = ngettext("{names} unsubscribed on {day}", "{names} unsubscribed on {day}", len(out))
    told = [words.format(names=_names_of(out, among), day=since)]
    if still := [contact for contact in contacts if contact.unsubscribed is False]:
        words = ngettext(
            "{names} still receives messages", "{names} still receive messages", len(still)
        )
        told.append(words.format(names=_names_of(still, among)))
    if silent := [contact for contact in contacts if contact.unsubscribed is None]:
        words = ngettext(
            "whether {names} receives messages is not said by Invent",
            "whether {names} receive messages is not said by Invent",
            len(silent),
        )
        told.append(words.format(names=_names_of(silent, among)))
    return Caution(Risk.UNSUBSCRIBED, _differ(told))


def _blocked(contacts: Sequence[Contact], among: Sequence[Contact]) -> Caution | None:
    out = [contact for contact in contacts if contact.blocked]
    if not out or len(out) == len(contacts):
        return None
    rest = [contact for contact in contacts if not contact.blocked]
    first = ngettext("{names} is blocked", "{names} are blocked", len(out))
    second = ngettext("{names} is not", "{names} are not", len(rest))
    told = [
        first.format(names=_names_of(out, among)),
        second.format(names=_names_of(rest, among)),
    ]
    return Caution(Risk.BLOCKED, _differ(told))


def _differ(told: Sequence[str]) -> str:
    return _("{differences}. Invent decides which wins.").format(differences="; ".join(told))


def _admin(contacts: Sequence[Contact], among: Sequence[Contact]) -> Caution | None:
    team = [contact for contact in contacts if contact.is_admin]
    if not team:
        return None
    words = ngettext(
        "{names} belongs to your own team (an admin in Invent), not to a customer.",
        "{names} belong to your own team (an admin in Invent), not to a customer.",
        len(team),
    )
    return Caution(Risk.ADMIN, words.format(names=_names_of(team, among)))


def _names(contacts: Sequence[Contact], found: Sequence[Link]) -> Caution | None:
    named = [c for c in contacts if c.name and c.name.strip()]
    distinct = list({c.name: c for c in named}.values())
    if len(distinct) > MOST_NAMES:
        words = _("These contacts have {count} different names: that is no one's.")
        return Caution(Risk.NAMES, words.format(count=len(distinct)))
    pairs = combinations(distinct, 2)
    one, other = next((pair for pair in pairs if _conflict(*pair)), (None, None))
    if one is None or other is None:
        return None
    apart = [one, other]
    for contact in distinct:
        if all(_conflict(contact, named) for named in apart):
            apart.append(contact)
    words = _("{one} and {other} don't look like the same name.")
    told = words.format(one=display_name(one), other=display_name(other))
    if more := apart[2:]:
        told += " " + _("Unlike both of them: {names}.").format(names=_names_of(more, more))
    if found:
        told += " " + _("Relatives and colleagues often share a number or an address.")
    return Caution(Risk.NAMES, told)


def _conflict(one: Contact, other: Contact) -> bool:
    return names_conflict(one.name or "", other.name or "")


def _crowded(found: Sequence[Link]) -> Caution | None:
    for link in found:
        if len(link.holders) >= CROWD:
            words = _(
                "{count} contacts have {channel} {address}: it may belong to an office or a family,"
                " not to one person."
            )
            told = words.format(count=len(link.holders), channel=link.channel, address=link.address)
            return Caution(Risk.SHARED, told)
    for link in found:
        if used_by_many(link.address):
            words = _(
                "{channel} {address} looks like the address of an office, a team or a family:"
                " several people may use it."
            )
            return Caution(Risk.SHARED, words.format(channel=link.channel, address=link.address))
    return None


def _unexplained(
    contacts: Sequence[Contact], found: Sequence[Link], among: Sequence[Contact]
) -> Caution | None:
    alone = set(unlinked(contacts, found))
    if not alone:
        return None
    names = _names_of([contact for contact in contacts if contact.id in alone], among)
    words = ngettext(
        "{names} shares no channel with the others that the desk can see.",
        "{names} share no channel with the others that the desk can see.",
        len(alone),
    )
    if len(alone) == len(contacts) > 1:
        words = _("{names} share no channel with each other that the desk can see.")
    return Caution(Risk.UNEXPLAINED, words.format(names=names))


def _weak(contacts: Sequence[Contact], found: Sequence[Link]) -> Caution | None:
    # With a name on each, conflicting names are what tells; without, only the chain holds them.
    nameless = [contact for contact in contacts if not (contact.name and contact.name.strip())]
    if not nameless or not indirect(contacts, found):
        return None
    return Caution(
        Risk.WEAK,
        _(
            "Some of these contacts share nothing directly, only through another one,"
            " and not all of them have a name."
        ),
    )


def _large(contacts: Sequence[Contact]) -> Caution | None:
    if len(contacts) < LARGE:
        return None
    words = _("{count} contacts at once: look at each before you tick it.")
    return Caution(Risk.LARGE, words.format(count=len(contacts)))
