"""What is stored with a group so that lists and searches need nothing else. Pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mergeui.invent import Contact, fingerprint
from mergeui.review.evidence import Link, links
from mergeui.review.grades import Grader
from mergeui.review.risk import cautions, joined
from mergeui.review.terms import terms_of
from mergeui.review.text import display_name, shortened, sort_key, visible

# A list shows the first few; the rest is told as a number.
NAMES_SHOWN = 4
LINKS_SHOWN = 3
SEGMENTS_SHOWN = 6
LINKS_GRADED = 100
# What is stored of a group is made by rules. When they change, this does: then every group counts
# as changed once, and the next sync stores it anew. 4: grades. 5: heaps
# of marks in names, and what hides in those of segments.
RULES = b"5"


@dataclass(frozen=True, slots=True)
class MemberDigest:
    """One member as it is stored: its contact, the name to show and its fingerprint."""

    contact: Contact
    name: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class GroupDigest:
    """A group as it is stored. `fields` are columns of `review.models.Group`."""

    members: tuple[MemberDigest, ...]
    links: tuple[Link, ...]
    fingerprint: str
    evidence: dict[str, Any]
    fields: dict[str, Any]


def digest(contacts: Sequence[Contact], prints: Sequence[str] | None = None) -> GroupDigest:
    """All that is stored of a group of `contacts`, the recommended primary first.

    `prints` are their fingerprints, where they have been made already.
    """
    if prints is None:
        prints = tuple(map(fingerprint, contacts))
    named = zip(contacts, prints, strict=True)
    members = tuple(MemberDigest(one, display_name(one), mark) for one, mark in named)
    found = links(contacts)
    evidence = evidence_of(contacts, found)
    grader = Grader(contacts)
    risks = [caution.risk.value for caution in cautions(contacts, found)]
    names = list(dict.fromkeys(member.name for member in members))
    labels = list(
        {s.id: (s.name or s.id, s.color or "") for c in contacts for s in c.segments}.values()
    )
    fields: dict[str, Any] = {
        "primary_contact_id": contacts[0].id,
        "member_count": len(members),
        "names": [shortened(name, 80) for name in names[:NAMES_SHOWN]],
        "links": [
            [link.type, link.channel, shortened(link.address, 60), len(link.holders)]
            for link in found[:LINKS_SHOWN]
        ],
        "segment_labels": [
            [visible(shortened(name, 40)), color] for name, color in labels[:SEGMENTS_SHOWN]
        ],
        "risks": joined(risks),
        "risky": bool(risks),
        "grade": grader.group(found).value,
        "graded_links": [link.as_json() for link in grader.links(found[:LINKS_GRADED])],
        "sort_name": sort_key(names[0]),
        "search_text": search_text(contacts, found),
    }
    return GroupDigest(members, found, whole(prints), evidence, fields)


def whole(prints: Sequence[str]) -> str:
    """The fingerprint of a group from those of its members in their order, and from the rules."""
    made = hashlib.sha256(RULES)
    made.update("".join(prints).encode())
    return made.hexdigest()


def evidence_of(contacts: Sequence[Contact], found: Sequence[Link]) -> dict[str, Any]:
    """Who is suggested and why, to tell whether a decision still stands (design.md, States)."""
    return {
        "members": sorted(contact.id for contact in contacts),
        "links": sorted([link.type, link.user_id, *sorted(link.holders)] for link in found),
    }


def search_text(contacts: Sequence[Contact], found: Sequence[Link]) -> str:
    """What the queue is searched and filtered by: a term a line (terms.py)."""
    return "\n".join(terms_of(contacts, found))
