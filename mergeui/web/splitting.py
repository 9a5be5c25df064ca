"""A group in several merges, as it is chosen on the page that splits it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mergeui.invent import Contact
from mergeui.merging.proposals import Part
from mergeui.merging.splitting import MOST_PARTS
from mergeui.review.evidence import CROWD, links
from mergeui.review.models import Group
from mergeui.review.names import names_conflict
from mergeui.review.risk import ToldApart, numbers
from mergeui.review.text import display_name
from mergeui.web.comparing import Picked
from mergeui.web.deciding import Preview, preview_of

FEWEST_TO_SPLIT = 3


def most_parts(count: int) -> int:
    """Into how many merges so many contacts can be put."""
    return min(MOST_PARTS, count // 2)


@dataclass(frozen=True, slots=True)
class Split:
    """What is chosen: the merge of each contact by its id (0 leaves it out), and more by merge."""

    parts: Mapping[str, int]
    kept: Mapping[int, str] = field(default_factory=dict)
    read: Mapping[int, str | None] = field(default_factory=dict)
    note: str = ""
    rest_differ: bool = False

    @classmethod
    def typed(cls, fields: QueryDict, contacts: Sequence[Contact]) -> Self:
        """The choice of a form that was sent; who has joined meanwhile is left out."""
        most = most_parts(len(contacts))
        shown = fields.getlist("contacts")
        chosen = {
            contact_id: _number(fields.get(f"part-{seat}", ""), most)
            for seat, contact_id in enumerate(shown)
        }
        numbers = range(1, most + 1)
        return cls(
            parts={contact.id: chosen.get(contact.id, 0) for contact in contacts},
            kept={n: fields.get(f"primary-{n}", "") for n in numbers},
            read={n: fields.get(f"risks-{n}") for n in numbers if fields.get(f"acknowledge-{n}")},
            note=fields.get("note", ""),
            rest_differ=bool(fields.get("rest")),
        )

    @classmethod
    def suggested(cls, contacts: Sequence[Contact]) -> Self:
        """Contacts that share a channel, each with each, and whose names can be one person's.

        A crowd behind one address is no one's: whoever sees one person there puts them together.
        Nothing is acknowledged by it.
        """
        shared: dict[str, set[int]] = {contact.id: set() for contact in contacts}
        for number, link in enumerate(links(contacts)):
            for holder in link.holders:
                shared[holder].add(number)
        together: list[list[Contact]] = []
        for contact in contacts:
            mine = shared[contact.id]
            near = (g for g in together if all(mine & shared[other.id] for other in g))
            fits = (group for group in near if _fits(contact, group))
            place = next(fits, None)
            if place is None:
                together.append([contact])
            else:
                place.append(contact)
        few = [group for group in together if len(group) > 1 and not _crowd(group)]
        merges = few[: most_parts(len(contacts))]
        part_of = {c.id: n for n, group in enumerate(merges, start=1) for c in group}
        return cls(parts={contact.id: part_of.get(contact.id, 0) for contact in contacts})

    def picked(self, number: int) -> Picked:
        """One merge as the compare page would have it chosen."""
        ids = [contact_id for contact_id, part in self.parts.items() if part == number]
        kept = self.kept.get(number, "")
        primary = kept if kept in ids else (ids[0] if ids else "")
        return Picked(
            primary=primary,
            sources=tuple(one for one in ids if one != primary),
            acknowledged=number in self.read,
            risks=self.read.get(number),
        )


def _fits(contact: Contact, group: Sequence[Contact]) -> bool:
    name = (contact.name or "").strip()
    names = [(other.name or "").strip() for other in group]
    return bool(name) and all(other and not names_conflict(name, other) for other in names)


def _crowd(group: Sequence[Contact]) -> bool:
    return any(len(link.holders) >= CROWD for link in links(group))


def _number(text: str, most: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text[:3]) <= most else 0


@dataclass(frozen=True, slots=True)
class PartShown:
    """One merge with what it would do. `members` are (contact id, name, its number in the group
    where another is called the same, whether it is kept)."""

    number: int
    title: str
    members: tuple[tuple[str, str, str, bool], ...]
    preview: Preview


def parts_shown(
    contacts: Sequence[Contact], split: Split, said: Sequence[ToldApart], *, group: Group
) -> list[PartShown]:
    """The merges out of a group that have a contact, in order."""
    policy, by_hand = group.organization.policy, group.by_hand
    names = {contact.id: display_name(contact) for contact in contacts}
    number_of = dict(zip(names, numbers(list(names.values())), strict=True))
    found = []
    for number in sorted({part for part in split.parts.values() if part}):
        picked = split.picked(number)
        members = {picked.primary, *picked.sources}
        preview = preview_of(contacts, picked, said, policy=policy, by_hand=by_hand)
        found.append(
            PartShown(
                number=number,
                title=_("Merge {number}").format(number=number),
                members=tuple(
                    (one, names[one], number_of[one], one == picked.primary)
                    for one in names
                    if one in members
                ),
                preview=preview,
            )
        )
    return found


def wanted(split: Split, shown: Sequence[PartShown]) -> list[Part]:
    """What is to be asked for; acknowledged is only what was read of this very choice."""
    parts = []
    for part in shown:
        picked = split.picked(part.number)
        acknowledged = part.preview.acknowledged
        parts.append(Part(picked.primary, picked.sources, acknowledged, part.number))
    return parts


def all_in_one(shown: Sequence[PartShown], everyone: int) -> bool:
    """Whether one merge takes everybody, so that there are no others to tell apart."""
    return any(len(part.members) == everyone for part in shown)


def sentence(shown: Sequence[PartShown], everyone: int) -> str:
    """What sending this would do, in one sentence."""
    if not shown:
        return _("Choose at least two contacts for a merge.")
    chosen = sum(len(part.members) for part in shown)
    words = ngettext(
        "{count} merge of {some} contacts", "{count} merges of {some} contacts", len(shown)
    )
    said = words.format(count=len(shown), some=chosen)
    left = everyone - chosen
    if not left:
        return _("{merges}, nobody left out.").format(merges=said)
    words = ngettext(
        "{merges}, {left} contact left out.", "{merges}, {left} contacts left out.", left
    )
    return words.format(merges=said, left=left)


def button(shown: Sequence[PartShown]) -> str:
    """What the button says."""
    if not shown:
        return _("Ask for the merges")
    words = ngettext("Ask for {count} merge", "Ask for {count} merges", len(shown))
    return words.format(count=len(shown))
