"""What links the members of a group: the channels that two or more of them share. Pure.

invent-api.md, list duplicate contact groups: contacts "that share at least one external channel".
The vendor doesn't say which, so this is our reading of it: same type and same user_id.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from mergeui.invent import Channel, Contact
from mergeui.review.text import channel_address, channel_name, display_name

# A number or an address that so many contacts hold is hardly one person's.
CROWD = 5


@dataclass(frozen=True, slots=True)
class Link:
    """One shared channel. `holders` are the ids of the contacts that have it, in their order."""

    type: str
    user_id: str
    address: str
    holders: tuple[str, ...]

    @property
    def channel(self) -> str:
        """The channel type's name for people."""
        return channel_name(self.type)


def links(contacts: Sequence[Contact]) -> tuple[Link, ...]:
    """The shared external channels, those that most contacts hold first."""
    held: dict[tuple[str, str], tuple[Channel, list[str]]] = {}
    for contact in contacts:
        for channel in contact.external_channels:
            if not channel.user_id:
                continue
            _channel, holders = held.setdefault((channel.type, channel.user_id), (channel, []))
            if contact.id not in holders:
                holders.append(contact.id)
    found = [
        Link(type_, user_id, channel_address(channel), tuple(holders))
        for (type_, user_id), (channel, holders) in held.items()
        if len(holders) > 1
    ]
    return tuple(sorted(found, key=lambda link: -len(link.holders)))


def unlinked(contacts: Sequence[Contact], found: Sequence[Link]) -> tuple[str, ...]:
    """The ids of the contacts that share no channel with any other of the group."""
    linked = {holder for link in found for holder in link.holders}
    return tuple(contact.id for contact in contacts if contact.id not in linked)


def indirect(contacts: Sequence[Contact], found: Sequence[Link]) -> bool:
    """Whether two contacts are linked through a third only (A –e-mail– B –phone– C)."""
    neighbours: dict[str, set[str]] = {contact.id: {contact.id} for contact in contacts}
    for link in found:
        for holder in link.holders:
            neighbours[holder].update(link.holders)
    linked = {holder for link in found for holder in link.holders}
    return any(neighbours[holder] & linked != linked for holder in linked)


def sentence(link: Link, contacts: Sequence[Contact], names: Mapping[str, str]) -> str:
    """Why the holders are suggested, in words: "Ana and Ana G. both have WhatsApp +1 555 …".

    `names` has what each of the contacts is called, by its id (risk.called).
    """
    held, everyone = len(link.holders), len(contacts)
    one = other = ""
    if held == everyone > 2:
        words = _("All {everyone} contacts have {channel} {address}")
    elif held == 2:
        one, other = (names[c.id] for c in contacts if c.id in link.holders)
        words = _("{one} and {other} both have {channel} {address}")
        if everyone == 2 and display_name(contacts[0]) == display_name(contacts[1]):
            words = _("Both have {channel} {address}")
    else:
        words = _("{held} of {everyone} contacts have {channel} {address}")
    return words.format(
        one=one,
        other=other,
        held=held,
        everyone=everyone,
        channel=link.channel,
        address=link.address,
    )
