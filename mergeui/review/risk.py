"""What makes a merge risky, in words. Pure.

design.md, rule 7: members that differ in `blocked` or `unsubscribed`, or where one is an admin,
need acknowledging and, by policy, a second person. The other marks are the known ways in which a
suggestion is wrong: families, colleagues, shared numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mergeui.invent import Contact
from mergeui.review.evidence import Link, indirect, links, unlinked
from mergeui.review.names import MOST_NAMES, names_conflict
from mergeui.review.text import display_name, shortened, visible

CROWD = 5
LARGE = 6


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

    @property
    def label(self) -> str:
        """Two or three words for a mark in a list."""
        return LABELS[self]


LABELS = {
    Risk.SAID: "Marked as different",
    Risk.UNSUBSCRIBED: "Consent differs",
    Risk.BLOCKED: "Blocked differs",
    Risk.ADMIN: "Team member",
    Risk.NAMES: "Names differ",
    Risk.SHARED: "Shared address",
    Risk.WEAK: "Weak link",
    Risk.UNEXPLAINED: "No shared channel",
    Risk.LARGE: "Large group",
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


def cautions(
    contacts: Sequence[Contact],
    found: Sequence[Link] | None = None,
    said: Sequence[ToldApart] = (),
) -> tuple[Caution, ...]:
    """All that makes merging these contacts risky, the gravest first; empty when nothing does.

    `said` may be about others too: what is about two of these counts, the latest first.
    """
    if found is None:
        found = links(contacts)
    checks = (
        _said(contacts, said),
        _unsubscribed(contacts),
        _blocked(contacts),
        _admin(contacts),
        _names(contacts),
        _crowded(found),
        _unexplained(contacts, found),
        _weak(contacts, found),
        _large(contacts),
    )
    return tuple(caution for caution in checks if caution)


def _names_of(contacts: Sequence[Contact]) -> str:
    names = list(dict.fromkeys(display_name(contact) for contact in contacts))
    if len(names) > 3:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _said(contacts: Sequence[Contact], said: Sequence[ToldApart]) -> Caution | None:
    names = {contact.id: display_name(contact) for contact in contacts}
    about = [one for one in said if set(one.ids) <= names.keys()]
    if not about:
        return None
    last = about[0]
    who = f" by {last.who}" if last.who else ""
    why = f": “{visible(shortened(last.reason, 300))}”" if last.reason else ""
    more = f" So were {len(about) - 1} more pairs." if len(about) > 2 else ""
    more = " So was one more pair." if len(about) == 2 else more
    one, other = (names[contact_id] for contact_id in last.ids)
    return Caution(
        Risk.SAID,
        f"{one} and {other} were marked as not a duplicate{who}"
        f" on {last.at.day} {last.at:%B %Y}{why}.{more}",
    )


def _unsubscribed(contacts: Sequence[Contact]) -> Caution | None:
    out = [contact for contact in contacts if contact.unsubscribed]
    if not out or len(out) == len(contacts):
        return None
    rest = [contact for contact in contacts if not contact.unsubscribed]
    day = next((c.unsubscribed_at for c in out if c.unsubscribed_at), None)
    when = f" on {day.day} {day:%B %Y}" if day else ""
    verb = "still receives" if len(rest) == 1 else "still receive"
    return Caution(
        Risk.UNSUBSCRIBED,
        f"{_names_of(out)} unsubscribed{when}; {_names_of(rest)} {verb} messages."
        " Invent decides which wins.",
    )


def _blocked(contacts: Sequence[Contact]) -> Caution | None:
    out = [contact for contact in contacts if contact.blocked]
    if not out or len(out) == len(contacts):
        return None
    rest = [contact for contact in contacts if not contact.blocked]
    verbs = ("is" if len(out) == 1 else "are", "is" if len(rest) == 1 else "are")
    return Caution(
        Risk.BLOCKED,
        f"{_names_of(out)} {verbs[0]} blocked; {_names_of(rest)} {verbs[1]} not."
        " Invent decides which wins.",
    )


def _admin(contacts: Sequence[Contact]) -> Caution | None:
    team = [contact for contact in contacts if contact.is_admin]
    if not team:
        return None
    verb = "belongs" if len(team) == 1 else "belong"
    return Caution(
        Risk.ADMIN,
        f"{_names_of(team)} {verb} to your own team (an admin in Invent), not to a customer.",
    )


def _names(contacts: Sequence[Contact]) -> Caution | None:
    named = [c for c in contacts if c.name and c.name.strip()]
    distinct = list({c.name: c for c in named}.values())
    if len(distinct) > MOST_NAMES:
        return Caution(
            Risk.NAMES, f"These contacts have {len(distinct)} different names: that is no one's."
        )
    for index, one in enumerate(distinct):
        for other in distinct[index + 1 :]:
            if names_conflict(one.name or "", other.name or ""):
                return Caution(
                    Risk.NAMES,
                    f"{display_name(one)} and {display_name(other)} don't look like the same name."
                    " Relatives and colleagues often share a number.",
                )
    return None


def _crowded(found: Sequence[Link]) -> Caution | None:
    for link in found:
        if len(link.holders) >= CROWD:
            return Caution(
                Risk.SHARED,
                f"{len(link.holders)} contacts have {link.channel} {link.address}:"
                " it may belong to an office or a family, not to one person.",
            )
    return None


def _unexplained(contacts: Sequence[Contact], found: Sequence[Link]) -> Caution | None:
    alone = set(unlinked(contacts, found))
    if not alone:
        return None
    names = _names_of([contact for contact in contacts if contact.id in alone])
    verb = "shares" if len(alone) == 1 else "share"
    return Caution(
        Risk.UNEXPLAINED, f"{names} {verb} no channel with the others that the desk can see."
    )


def _weak(contacts: Sequence[Contact], found: Sequence[Link]) -> Caution | None:
    # With a name on each, conflicting names are what tells; without, only the chain holds them.
    nameless = [contact for contact in contacts if not (contact.name and contact.name.strip())]
    if not nameless or not indirect(contacts, found):
        return None
    return Caution(
        Risk.WEAK,
        "Some of these contacts share nothing directly, only through another one,"
        " and not all of them have a name.",
    )


def _large(contacts: Sequence[Contact]) -> Caution | None:
    if len(contacts) < LARGE:
        return None
    return Caution(
        Risk.LARGE, f"{len(contacts)} contacts at once: look at each before you tick it."
    )
