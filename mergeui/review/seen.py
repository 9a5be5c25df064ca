"""What an operator was shown of a group, and what differs from it now.

design.md, rule 5: what was seen is what is merged. A page carries the fingerprint of what it
shows; a merge request keeps every contact as it was shown.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from mergeui.invent import Contact, fingerprint
from mergeui.retold import tell
from mergeui.review.compare import compare
from mergeui.review.models import Group
from mergeui.review.rows import About, Verdict
from mergeui.review.text import display_name
from mergeui.said import Said

# The worker keeps these with a request that it did not send; an approver reads them at once.
GONE = Said("{name} is no longer found in Invent.")
OTHER_ID = Said("{name}: {label} {value} has another id now.")
WAS_IS = Said("{name}: {label} was {old} and is now {new}.")
LOST = Said("{name}: {label} {old} is gone.")
NEW = Said("{name}: {label} {new} is new.")
DETAIL = Said("{name} changed in a detail; look at the contact again.")


def contacts_of(group: Group) -> tuple[Contact, ...]:
    """The members as they were last read, the recommended primary first."""
    # Clean since they came in (invent.decode_json).
    return tuple(Contact.read(member.raw) for member in group.members.all())


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
            found.append(tell(GONE, name=display_name(contact)))
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
                sentences.append(tell(OTHER_ID, name=name, label=row.label, value=new.text))
            continue
        if old.text and new.text:
            said = tell(WAS_IS, name=name, label=row.label, old=old.text, new=new.text)
        elif old.text:
            said = tell(LOST, name=name, label=row.label, old=old.text)
        else:
            said = tell(NEW, name=name, label=row.label, new=new.text)
        sentences.append(said)
    return sentences or [tell(DETAIL, name=name)]
