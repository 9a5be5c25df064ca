"""What an operator was shown of a group, and what differs from it now.

design.md, rule 5: what was seen is what is merged. A page carries the fingerprint of what it
shows; a merge request keeps every contact as it was shown.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from mergeui.invent import Contact, fingerprint
from mergeui.review.compare import compare
from mergeui.review.models import Group
from mergeui.review.rows import About, Verdict
from mergeui.review.text import display_name


def contacts_of(group: Group) -> tuple[Contact, ...]:
    """The members as they were last read, the recommended primary first."""
    return tuple(Contact.parse(member.raw) for member in group.members.all())


def fingerprint_of(contacts: Iterable[Contact]) -> str:
    """The fingerprint (64 hex digits) of several contacts as shown, whatever their order."""
    return hashlib.sha256("".join(sorted(map(fingerprint, contacts))).encode()).hexdigest()


def changes(before: Sequence[Contact], now: Mapping[str, Contact | None]) -> tuple[str, ...]:
    """What differs from what was shown, one sentence each; empty when nothing does.

    `now` gives each contact by its id, None for one that Invent no longer has.
    """
    found: list[str] = []
    for contact in before:
        present = now.get(contact.id)
        if present is None:
            found.append(f"{display_name(contact)} is no longer found in Invent.")
        elif fingerprint(present) != fingerprint(contact):
            found.extend(_differences(contact, present))
    return tuple(found)


def _differences(before: Contact, after: Contact) -> list[str]:
    name = display_name(before)
    sentences: list[str] = []
    rows = compare([before, after]).rows
    for row in rows:
        old, new = row.cells
        if row.foldable or row.about is About.UPDATED:
            continue
        if old.text == new.text:
            if row.verdict is Verdict.ALIKE:
                sentences.append(f"{name}: {row.label} {new.text} has another id now.")
            continue
        if old.text and new.text:
            sentences.append(f"{name}: {row.label} was {old.text} and is now {new.text}.")
        elif old.text:
            sentences.append(f"{name}: {row.label} {old.text} is gone.")
        else:
            sentences.append(f"{name}: {row.label} {new.text} is new.")
    return sentences or [f"{name} changed in a detail; look at the contact again."]
