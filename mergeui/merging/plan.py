"""What a merge is expected to do. Pure.

invent-api.md, last table: only channels and segments are predicted; what becomes of the flags is
"decided by Invent"; what else moves is unknown, and the page says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mergeui.invent import MAX_SOURCES, Contact, Segment
from mergeui.review.text import channel_address, channel_name, display_name, shortened, visible


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
        what = f"{count} contacts" if count > 1 else "1 contact"
        verb = "disappear" if count > 1 else "disappears"
        return (
            f"{what} will be merged into {self.primary} and {verb}; this can't be undone."
            if count
            else f"Tick at least one contact to merge into {self.primary}."
        )

    def as_json(self) -> dict[str, Any]:
        """As it is stored with a request."""
        return {**asdict(self), "sentence": self.sentence}


def chunks(source_ids: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The sources by the calls that they take: 50 at most in one (invent-api.md, POST merge)."""
    return tuple(
        tuple(source_ids[start : start + MAX_SOURCES])
        for start in range(0, len(source_ids), MAX_SOURCES)
    )


def predict(primary: Contact, sources: Sequence[Contact]) -> Prediction:
    """What merging `sources` into `primary` is expected to give."""
    everyone = (primary, *sources)
    channels: dict[tuple[str, str], Gain] = {}
    segments: dict[str, Gain] = {}
    for contact in everyone:
        whose = "" if contact is primary else display_name(contact)
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
            "Invent doesn't say what becomes of notes, conversations and other details"
            " of the contacts that disappear.",
        )
        if sources
        else (),
        calls=len(chunks([contact.id for contact in sources])),
    )


def _flags(everyone: Sequence[Contact]) -> tuple[str, ...]:
    found = []
    for name, one, other in (
        ("unsubscribed", "unsubscribed", "receives messages"),
        ("blocked", "blocked", "not blocked"),
        ("is_admin", "a team member", "a customer"),
    ):
        values = {bool(getattr(contact, name)) for contact in everyone}
        if len(values) > 1:
            found.append(f"Whether the result is {one} or {other}.")
    return tuple(found)


def _lost(primary: Contact, sources: Sequence[Contact]) -> tuple[str, ...]:
    kept = display_name(primary)
    named = (display_name(c) for c in sources if c.name and c.name.strip())
    found = [
        f"The name {name}: the result is called {kept}."
        for name in dict.fromkeys(named)
        if name != kept
    ]
    if any(contact.created_at for contact in sources):
        found.append("When the contacts that disappear were created.")
    if any(contact.unsubscribe_reason or contact.unsubscribe_feedback for contact in sources):
        found.append("Why somebody unsubscribed, as they wrote it.")
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
        "channel",
    )
    found += _missing(
        {s.id: _segment_name(s) for contact in everyone for s in contact.segments},
        {s.id for s in merged.segments},
        "segment",
    )
    if primary.name != merged.name:
        found.append(
            f"The name was expected to stay {display_name(primary)}"
            f" and is now {display_name(merged)}."
        )
    if any(c.unsubscribed for c in everyone) and merged.unsubscribed is None:
        found.append("Invent doesn't say whether the opt-out was kept: look at the contact there.")
    elif any(c.unsubscribed for c in everyone) and not merged.unsubscribed:
        found.append("An opt-out was lost: the result receives messages again.")
    if any(c.blocked for c in everyone) and not merged.blocked:
        found.append("A block was lost: the result is no longer blocked.")
    if not primary.unsubscribed and merged.unsubscribed:
        found.append("The result is unsubscribed; the primary was not.")
    if not primary.blocked and merged.blocked:
        found.append("The result is blocked; the primary was not.")
    if primary.is_admin != merged.is_admin:
        what = "a member of your team" if merged.is_admin else "no member of your team any more"
        found.append(f"The result is {what}.")
    return tuple(found)


def lost_opt_outs(primary: Contact, sources: Sequence[Contact], merged: Contact) -> tuple[str, ...]:
    """The flags that one of the merged contacts had and the result has not, or doesn't say."""
    return tuple(
        flag
        for flag in ("unsubscribed", "blocked")
        if any(getattr(contact, flag) for contact in (primary, *sources))
        and getattr(merged, flag) is not True
    )


def _segment_name(segment: Segment) -> str:
    return visible(shortened(segment.name or segment.id, 80))


def _missing(expected: Mapping[Any, str], got: set[Any], what: str) -> list[str]:
    return [
        f"The {what} {name} was expected and is not there."
        for key, name in expected.items()
        if key not in got
    ]
