"""What was seen is what is merged (design.md, rule 5)."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

import msgspec

from mergeui.invent.types import Contact

_encoder = msgspec.json.Encoder()


def fingerprint(contact: Contact) -> str:
    """The SHA-256 (64 hex digits) of all that an operator is shown and a merge would touch.

    Left out is what changes by itself: updated_at, contacts_count, avatar, ip, agent, country,
    language. The order of channels and segments does not matter. The value is stored and
    compared across releases: a change of this function makes every waiting request stale.
    """
    encode = _encoder.encode
    channels = [
        encode([c.id, c.type, c.user_id, c.name, c.username, c.email, c.phone, c.link])
        for c in contact.channels
    ]
    segments = [encode([s.id, s.name]) for s in contact.segments]
    seen = [
        contact.id,
        contact.name,
        contact.blocked,
        contact.unsubscribed,
        contact.is_admin,
        _moment(contact.blocked_at),
        _moment(contact.unsubscribed_at),
        contact.unsubscribe_reason,
        contact.unsubscribe_feedback,
        len(channels),
    ]
    lines = [encode(seen), *sorted(channels), *sorted(segments)]
    return sha256(b"\n".join(lines)).hexdigest()


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
