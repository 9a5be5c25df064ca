"""One look at Invent: where are the contacts of a request now? By documented calls only.

invent-api.md: `…/contacts/{id}/segments` gives 404 for a contact that is gone (inferred), and
`…/contacts?user_id=` says who has a channel now. What one says the other has to confirm.
"""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from mergeui.invent import Contact, InventClient, NotFound
from mergeui.merging.models import MergeRequest, Source
from mergeui.merging.sources import ids_in
from mergeui.review.text import display_name
from mergeui.said import Said


class Fate(StrEnum):
    """What a look says of one contact."""

    LIVE = "live"
    MERGED = "merged"
    GONE = "gone"
    LOST = "lost"
    UNCLEAR = "unclear"


SEEN = {
    Fate.LIVE: Said("{name} still exists as a contact of its own."),
    Fate.MERGED: Said("{name} is gone, and its channels belong to the contact that was kept."),
    Fate.GONE: Said("{name} is gone, and it has no channel to look for."),
    Fate.LOST: Said("{name} is gone, and its channels do not belong to the contact that was kept."),
    Fate.UNCLEAR: Said("{name} can't be judged: Invent's answers contradict each other."),
}


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
        return SEEN[self.fate](name=self.name)

    def as_json(self) -> dict[str, Any]:
        """As it is kept as evidence."""
        return {**asdict(self), "sentence": self.sentence}


@dataclass(frozen=True, slots=True)
class Look:
    """The primary, and every source that was sent and is not known to be merged.

    `waiting` are the sources that were not sent: only what becomes of those that were is judged,
    but the lost answer may have named these as well. `kept` is the primary as Invent has it now,
    None when none of its channels found it.
    """

    primary: Sighting
    sources: tuple[Sighting, ...]
    waiting: tuple[Sighting, ...]
    kept: Contact | None

    @property
    def sightings(self) -> tuple[Sighting, ...]:
        """Everybody, the primary first."""
        return (self.primary, *self.sources, *self.waiting)

    @property
    def merged_ids(self) -> list[str]:
        """The sources that are gone into the primary."""
        found = (*self.sources, *self.waiting)
        return [sighting.contact_id for sighting in found if sighting.fate is Fate.MERGED]


def look(client: InventClient, request: MergeRequest) -> Look:
    """One look at all that is open of a request. Raises InventError when Invent can't be read."""
    contacts = {raw["id"]: Contact.parse(raw) for raw in request.snapshot}
    primary_id = request.primary_contact_id
    eyes = _Eyes(client, primary_id)
    return Look(
        primary=eyes.sight(contacts[primary_id]),
        sources=tuple(eyes.sight(contacts[one]) for one in ids_in(request, Source.State.SENT)),
        waiting=tuple(eyes.sight(contacts[one]) for one in ids_in(request, Source.State.WAITING)),
        kept=eyes.kept,
    )


class _Eyes:
    """Looks at contacts; asks for each channel once."""

    def __init__(self, client: InventClient, primary_id: str) -> None:
        self.client = client
        self.primary_id = primary_id
        self.kept: Contact | None = None
        self._owners: dict[str, tuple[str, ...]] = {}

    def sight(self, contact: Contact) -> Sighting:
        try:
            self.client.contact_segments(contact.id)
            exists = True
        except NotFound:
            exists = False
        user_ids = {c.user_id: None for c in contact.external_channels if c.user_id}
        held = tuple((user_id, self._owners_of(user_id)) for user_id in user_ids)
        fate = _fate(contact.id, self.primary_id, exists, [ids for _, ids in held])
        return Sighting(contact.id, display_name(contact), fate, exists, held)

    def _owners_of(self, user_id: str) -> tuple[str, ...]:
        """The ids of the contacts that really have a channel with this user_id.

        Whether Invent matches exactly is unknown, so what comes is looked at.
        """
        if user_id not in self._owners:
            having = [
                contact
                for contact in self.client.contacts_by_user_id(user_id)
                if any(channel.user_id == user_id for channel in contact.channels)
            ]
            self._owners[user_id] = tuple(contact.id for contact in having)
            self.kept = next((c for c in having if c.id == self.primary_id), self.kept)
        return self._owners[user_id]


def _fate(contact_id: str, primary_id: str, exists: bool, owners: list[tuple[str, ...]]) -> Fate:
    listed = any(contact_id in ids for ids in owners)
    if exists:
        return Fate.LIVE if listed or not owners else Fate.UNCLEAR
    if listed:
        return Fate.UNCLEAR
    if not owners or contact_id == primary_id:
        return Fate.GONE
    return Fate.MERGED if all(primary_id in ids for ids in owners) else Fate.LOST
