"""The channels of several contacts as rows: what is the same stands in one row. Pure.

Same means same type and same user id, as Invent matches (invent-api.md). What only may be the same
(alike.py) is put into the same row where it fits, and said to be so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mergeui.invent import Channel, Contact
from mergeui.review.alike import Address, Sort, address_of, relation
from mergeui.review.rows import About, Cell, Kind, Row, Verdict
from mergeui.review.spelling import Piece, closest, pieces
from mergeui.review.text import channel_address, channel_name, shortened, visible, within


@dataclass(frozen=True, slots=True)
class _Same:
    """One channel and who has it, by column: the same contact may stand beside itself, as seen
    before and now."""

    type: str
    holders: dict[int, Channel]

    @property
    def any(self) -> Channel:
        return next(iter(self.holders.values()))


def channel_rows(contacts: Sequence[Contact], most: int | None = None) -> tuple[Row, ...]:
    """A row for each distinct channel: the shared ones first, then what may be the same.

    At most so many channels, of each contact its first ones.
    """
    found = _distinct(contacts)
    if most is not None and len(found) > most:
        found = _spread(found, contacts)[:most]
    rows = [_row(row, len(contacts)) for row in _aligned(found)]
    return tuple(sorted(rows, key=lambda row: row.rank))


def distinct_channels(contacts: Sequence[Contact]) -> int:
    """How many different channels they have."""
    return len(_distinct(contacts))


def _spread(found: list[_Same], contacts: Sequence[Contact]) -> list[_Same]:
    """The shared ones as before, of the others first that which each contact has first."""
    place = {
        id(channel): number
        for contact in contacts
        for number, channel in enumerate(contact.channels)
    }
    return sorted(
        found,
        key=lambda one: (-len(one.holders), one.type == "internal", place[id(one.any)]),
    )


def _distinct(contacts: Sequence[Contact]) -> list[_Same]:
    """Each distinct channel, those that most contacts have first and internal ones last."""
    held: dict[tuple[str, str], _Same] = {}
    for column, contact in enumerate(contacts):
        for channel in contact.channels:
            key = (channel.type, channel.user_id or f"\0{contact.id}{channel.id}")
            held.setdefault(key, _Same(channel.type, {})).holders.setdefault(column, channel)
    return sorted(held.values(), key=lambda one: (-len(one.holders), one.type == "internal"))


@dataclass(frozen=True, slots=True)
class _Together:
    """What stands in one row, and the row before with the same address that it did not fit into."""

    channels: list[_Same]
    twin: _Same | None = None


def _aligned(distinct: Sequence[_Same]) -> Iterator[_Together]:
    """Channels of one address stand together, as long as no contact has two of them."""
    rows: list[_Together] = []
    of_address: dict[Address, list[_Together]] = {}
    for one in distinct:
        address = address_of(one.any)
        places = of_address.setdefault(address, []) if address else []
        free = (
            place
            for place in places
            if not any(one.holders.keys() & other.holders.keys() for other in place.channels)
        )
        place = next(free, None)
        if place:
            place.channels.append(one)
        else:
            rows.append(_Together([one], places[0].channels[0] if places else None))
            places.append(rows[-1])
    yield from rows


def _row(row: _Together, everyone: int) -> Row:
    together = row.channels
    verdict, words = _judged(together, everyone)
    types = list(dict.fromkeys(channel_name(one.type) for one in together))
    held = {
        column: _cell(channel, one, together)
        for one in together
        for column, channel in one.holders.items()
    }
    cells = tuple(held.get(column, Cell()) for column in range(everyone))
    internal = together[0].type == "internal"
    note = _("Internal channels never link contacts.") if internal else ""
    label, kind = ", ".join(types), Kind.CHANNEL
    return Row(About.CHANNEL, label, kind, verdict, words, cells, note, _hint(row))


def _hint(row: _Together) -> str:
    if not row.twin:
        return ""
    channel = row.twin.any
    other = f"{channel_name(channel.type)} {channel_address(channel)}"
    return _("{how}: see {other}").format(how=_how([row.channels[0], row.twin]), other=other)


def _judged(together: Sequence[_Same], everyone: int) -> tuple[Verdict, str]:
    count = len(together[0].holders)
    others = sum(len(one.holders) for one in together[1:])
    if count == everyone:
        return Verdict.SAME, _("Shared by both") if everyone == 2 else _("Shared by all")
    if count > 1:
        shared = _("Shared by {some} of {all}").format(some=count, all=everyone)
        return Verdict.SHARED, f"{shared}; {_also(together, others)}" if others else shared
    if not others:
        return Verdict.SINGLE, _("Only in one")
    words = _how(together)
    if count + others < everyone:
        words += " (" + _("{some} of {all}").format(some=count + others, all=everyone) + ")"
    return Verdict.ALIKE, words


def _also(together: Sequence[_Same], others: int) -> str:
    how = _how(together)
    said = ngettext("{count} more: {how}", "{count} more: {how}", others)
    return said.format(count=others, how=within(how))


def _how(together: Sequence[_Same]) -> str:
    address = address_of(together[0].any)
    assert address is not None  # noqa: S101 - what has none stands alone
    types = [one.type for one in together]
    return relation(address.sort, types, [channel_address(one.any) for one in together])


def _cell(channel: Channel, one: _Same, together: Sequence[_Same]) -> Cell:
    address = channel_address(channel)
    return Cell(
        text=address,
        channel=channel_name(channel.type),
        marked=len(one.holders) > 1,
        pieces=_marks(address, channel, [channel_address(other.any) for other in together]),
        details=_details(channel),
        link=channel.link or "",
    )


def _marks(address: str, channel: Channel, others: Sequence[str]) -> tuple[Piece, ...]:
    """The letters that differ; none for a number, of which spaces and signs are no part."""
    near = closest(address, others) if len(others) > 1 else ""
    if not near or near.casefold() == address.casefold():
        return ()
    read = address_of(channel)
    return () if read is None or read.sort is Sort.PHONE else pieces(address, near)


def _details(channel: Channel) -> tuple[tuple[str, str], ...]:
    address = channel_address(channel)
    given = {
        _("Name"): channel.name,
        _("User name"): channel.username,
        _("E-mail"): channel.email,
        _("Phone"): channel.phone,
        _("Country"): channel.country,
        _("Language"): channel.language,
        _("User id"): channel.user_id,
    }
    return tuple(
        (name, visible(shortened(value, 320)))
        for name, value in given.items()
        if value and visible(shortened(value, 320)) != address
    )
