"""One look at Invent: where are the contacts of a request now? By documented calls only.

invent-api.md: `…/contacts/{id}/segments` gives 404 for a contact that is gone (inferred), and
`…/contacts?user_id=` says who has a channel now. What one says the other has to confirm.
"""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from mergeui.invent import Contact, InventClient, NotFound
from mergeui.merging.models import MergeRequest, Source
from mergeui.review.text import display_name


class Fate(StrEnum):
    """What a look says of one contact."""

    LIVE = "live"
    MERGED = "merged"
    GONE = "gone"
    LOST = "lost"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One contact: whether it `exists`, and the ids of those who have its channels now.

    `owners` has (channel, contact ids) pairs for its external channels.
    """

    contact_id: str
    name: str
    fate: Fate
    exists: bool
    owners: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def sentence(self) -> str:
        """What the look says, for people."""
        words = {
            Fate.LIVE: "still exists as a contact of its own",
            Fate.MERGED: "is gone, and its channels belong to the contact that was kept",
            Fate.GONE: "is gone, and it has no channel to look for",
            Fate.LOST: "is gone, and its channels do not belong to the contact that was kept",
            Fate.UNCLEAR: "can't be judged: Invent's answers contradict each other",
        }
        return f"{self.name} {words[self.fate]}."

    def as_json(self) -> dict[str, Any]:
        """As it is kept as evidence."""
        return {**asdict(self), "sentence": self.sentence}


def look(client: InventClient, request: MergeRequest) -> list[Sighting]:
    """The primary, then every source that was sent and is not known to be merged.

    Raises InventError when Invent can't be read.
    """
    contacts = {raw["id"]: Contact.parse(raw) for raw in request.snapshot}
    open_ids = list(
        request.sources.filter(state__in=[Source.State.SENT, Source.State.LOST]).values_list(
            "contact_id", flat=True
        )
    )
    owners: dict[str, tuple[str, ...]] = {}
    primary = contacts[request.primary_contact_id]
    found = [_sight(client, primary, primary.id, owners)]
    found += [_sight(client, contacts[i], primary.id, owners) for i in open_ids]
    return found


def _sight(
    client: InventClient, contact: Contact, primary_id: str, owners: dict[str, tuple[str, ...]]
) -> Sighting:
    try:
        client.contact_segments(contact.id)
        exists = True
    except NotFound:
        exists = False
    held: list[tuple[str, tuple[str, ...]]] = []
    for user_id in {c.user_id: None for c in contact.external_channels if c.user_id}:
        if user_id not in owners:
            owners[user_id] = _owners(client, user_id)
        held.append((user_id, owners[user_id]))
    fate = _fate(contact.id, primary_id, exists, [ids for _, ids in held])
    return Sighting(contact.id, display_name(contact), fate, exists, tuple(held))


def _owners(client: InventClient, user_id: str) -> tuple[str, ...]:
    """The ids of the contacts that really have a channel with this user_id.

    Whether Invent matches exactly is unknown, so what comes is looked at.
    """
    return tuple(
        contact.id
        for contact in client.contacts_by_user_id(user_id)
        if any(channel.user_id == user_id for channel in contact.channels)
    )


def _fate(contact_id: str, primary_id: str, exists: bool, owners: list[tuple[str, ...]]) -> Fate:
    listed = any(contact_id in ids for ids in owners)
    if exists:
        return Fate.LIVE if listed or not owners else Fate.UNCLEAR
    if listed:
        return Fate.UNCLEAR
    if not owners:
        return Fate.GONE
    if contact_id == primary_id:
        return Fate.GONE
    return Fate.MERGED if all(primary_id in ids for ids in owners) else Fate.LOST
