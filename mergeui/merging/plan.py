"""What a merge is expected to do. Pure.

invent-api.md, last table: only channels and segments are predicted; what becomes of the flags is
"decided by Invent"; what else moves is unknown, and the page says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mergeui.invent import MAX_SOURCES, Contact, Segment
from mergeui.review.text import channel_address, channel_name, display_name, shortened, visible
from mergeui.said import Said

# How a result differs from what was expected, as it is kept with the request.
CHANNEL_MISSING = Said("The channel {name} was expected and is not there.")
SEGMENT_MISSING = Said("The segment {name} was expected and is not there.")
OTHER_NAME = Said("The name was expected to stay {name} and is now {other}.")
OPT_OUT_UNKNOWN = Said(
    "Invent doesn't say whether the opt-out was kept: look at the contact there."
)
OPT_OUT_LOST = Said("An opt-out was lost: the result receives messages again.")
BLOCK_LOST = Said("A block was lost: the result is no longer blocked.")
NOW_UNSUBSCRIBED = Said("The result is unsubscribed; the primary was not.")
NOW_BLOCKED = Said("The result is blocked; the primary was not.")
NOW_TEAM = Said("The result is a member of your team.")
NO_LONGER_TEAM = Said("The result is no member of your team any more.")


@dataclass(frozen=True, slots=True)
class Gain:
    """A channel or a segment that the primary has or gets; `source` names whom it comes from."""

    kind: str
    name: str
    color: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What to expect, in the order of the page. The last three are sentences."""

    primary: str
    sources: tuple[str, ...]
    channels: tuple[Gain, ...]
    segments: tuple[Gain, ...]
    decided_by_invent: tuple[str, ...]
    lost: tuple[str, ...]
    unknown: tuple[str, ...]
    calls: int

    @property
    def sentence(self) -> str:
        """What will happen, in one sentence."""
        count = len(self.sources)
        if not count:
            return _("Tick at least one contact to merge into {primary}.").format(
                primary=self.primary
            )
        words = ngettext(
            "{count} contact will be merged into {primary} and disappears; this can't be undone.",
            "{count} contacts will be merged into {primary} and disappear; this can't be undone.",
            count,
        )
        return words.format(count=count, primary=self.primary)

    def as_json(self) -> dict[str, Any]:
        """As it is stored with a request."""
        return {**msgspec.to_builtins(self), "sentence": self.sentence}


def chunks(source_ids: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The sources by the calls that they take: 50 at most in one (invent-api.md, POST merge)."""
    return tuple(
        tuple(source_ids[start : start + MAX_SOURCES])
        for start in range(0, len(source_ids), MAX_SOURCES)
    )


def predict(
    primary: Contact, sources: Sequence[Contact], names: Mapping[str, str] | None = None
) -> Prediction:
    """What merging `sources` into `primary` is expected to give.

    `names` has what each source is called where it says what is added, by its id; without it the
    name alone.
    """
    everyone = (primary, *sources)
    channels: dict[tuple[str, str], Gain] = {}
    segments: dict[str, Gain] = {}
    for contact in everyone:
        called = names[contact.id] if names else display_name(contact)
        whose = "" if contact is primary else called
        for channel in contact.channels:
            key = (channel.type, channel.user_id or channel.id)
            text = f"{channel_name(channel.type)} {channel_address(channel)}"
            channels.setdefault(key, Gain("channel", text, source=whose))
        for segment in contact.segments:
            gain = Gain("segment", _segment_name(segment), segment.color or "", whose)
            segments.setdefault(segment.id, gain)
    return Prediction(
        primary=display_name(primary),
        sources=tuple(display_name(contact) for contact in sources),
        channels=tuple(channels.values()),
        segments=tuple(segments.values()),
        decided_by_invent=_flags(everyone),
        lost=_lost(primary, sources),
        unknown=(
            _(
                "Invent doesn't say what becomes of notes, conversations and other details of the"
                " contacts that disappear."
            ),
        )
        if sources
        else (),
        calls=len(chunks([contact.id for contact in sources])),
    )


def _flags(everyone: Sequence[Contact]) -> tuple[str, ...]:
    found = []
    for name, words in (
        ("unsubscribed", _("Whether the result is unsubscribed or receives messages.")),
        ("blocked", _("Whether the result is blocked or not blocked.")),
        ("is_admin", _("Whether the result is a team member or a customer.")),
    ):
        values = {bool(getattr(contact, name)) for contact in everyone}
        if len(values) > 1:
            found.append(words)
    return tuple(found)


def _lost(primary: Contact, sources: Sequence[Contact]) -> tuple[str, ...]:
    kept = display_name(primary)
    named = (display_name(c) for c in sources if c.name and c.name.strip())
    found = [
        _("The name {name}: the result is called {kept}.").format(name=name, kept=kept)
        for name in dict.fromkeys(named)
        if name != kept
    ]
    if any(contact.created_at for contact in sources):
        found.append(_("When the contacts that disappear were created."))
    if any(contact.unsubscribe_reason or contact.unsubscribe_feedback for contact in sources):
        found.append(_("Why somebody unsubscribed, as they wrote it."))
    return tuple(found)


def differences(primary: Contact, sources: Sequence[Contact], merged: Contact) -> tuple[str, ...]:
    """How the contact that Invent returned differs from the prediction; empty when it doesn't.

    design.md, rule 7: a difference is shown and recorded, that of an opt-out above all.
    """
    everyone = (primary, *sources)
    found = _missing(
        {
            (c.type, c.user_id or c.id): f"{channel_name(c.type)} {channel_address(c)}"
            for contact in everyone
            for c in contact.channels
        },
        {(c.type, c.user_id or c.id) for c in merged.channels},
        CHANNEL_MISSING,
    )
    found += _missing(
        {s.id: _segment_name(s) for contact in everyone for s in contact.segments},
        {s.id for s in merged.segments},
        SEGMENT_MISSING,
    )
    if primary.name != merged.name:
        found.append(OTHER_NAME(name=display_name(primary), other=display_name(merged)))
    if any(c.unsubscribed for c in everyone) and merged.unsubscribed is None:
        found.append(OPT_OUT_UNKNOWN())
    elif any(c.unsubscribed for c in everyone) and not merged.unsubscribed:
        found.append(OPT_OUT_LOST())
    if any(c.blocked for c in everyone) and not merged.blocked:
        found.append(BLOCK_LOST())
    if not primary.unsubscribed and merged.unsubscribed:
        found.append(NOW_UNSUBSCRIBED())
    if not primary.blocked and merged.blocked:
        found.append(NOW_BLOCKED())
    if primary.is_admin != merged.is_admin:
        found.append(NOW_TEAM() if merged.is_admin else NO_LONGER_TEAM())
    return tuple(found)


def lost_opt_outs(
    primary: Contact, sources: Sequence[Contact], merged: Contact | None
) -> tuple[str, ...]:
    """The flags that one of the merged contacts had and the result has not, or doesn't say.

    `merged` is None when nothing is known of the result.
    """
    return tuple(
        flag
        for flag in ("unsubscribed", "blocked")
        if any(getattr(contact, flag) for contact in (primary, *sources))
        and getattr(merged, flag, None) is not True
    )


def _segment_name(segment: Segment) -> str:
    return visible(shortened(segment.name or segment.id, 80))


def _missing(expected: Mapping[Any, str], got: set[Any], said: Said) -> list[str]:
    return [said(name=name) for key, name in expected.items() if key not in got]
