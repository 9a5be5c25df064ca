"""The vendor's shapes as frozen dataclasses, read tolerantly (invent-api.md, Shapes).

Unknown keys and unknown values of `type` and `color` are kept, missing optional keys and nulls
are None, numbers where text is documented become text, dates that can't be read are None. What
can't be read without guessing (an id that is no text, `blocked: "false"`) raises Malformed with
the path of the place. `raw` is the JSON as received, made storable (see clean.py).

`parse` takes any JSON value; `read` takes one that decode_json or clean_json has cleaned.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self, TypeVar

from mergeui.invent.clean import clean_json
from mergeui.invent.errors import LIST, Malformed
from mergeui.invent.fields import flag, identifier, instant, items, maybe_flag, record, texts

T = TypeVar("T")
Raw = dict[str, Any]

_CHANNEL_TEXTS = (
    "type", "user_id", "name", "username", "email", "phone", "avatar", "country", "agent", "ip",
    "language", "link",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Segment:
    """A label on contacts. `color` is the vendor's word, known or not; None when absent."""

    id: str
    name: str | None
    color: str | None
    raw: Raw = field(repr=False)

    @property
    def contacts_count(self) -> int | None:
        """How many contacts have it, as Invent counts."""
        count = self.raw.get("contacts_count")
        return count if type(count) is int else None

    @classmethod
    def parse(cls, value: Any) -> Self:
        """A segment from its JSON; raises Malformed."""
        return cls.read(clean_json(value))

    @classmethod
    def read(cls, value: Any, path: str = "segment") -> Self:
        """A segment from clean JSON found at `path`; raises Malformed."""
        raw = record(value, path)
        name, color = texts(raw, path, ("name", "color"))
        return cls(identifier(raw.get("id"), path), name, color, raw)


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to reach a contact. `user_id` with `type` is what duplicates are matched by."""

    id: str
    type: str
    user_id: str | None
    name: str | None
    username: str | None
    email: str | None
    phone: str | None
    avatar: str | None
    country: str | None
    agent: str | None
    ip: str | None
    language: str | None
    link: str | None
    raw: Raw = field(repr=False)

    @property
    def is_external(self) -> bool:
        """Whether it can link duplicates: every type but `internal`, unknown ones too."""
        return self.type != "internal"

    @property
    def created_at(self) -> datetime | None:
        """When Invent first saw it, in UTC."""
        return instant(self.raw.get("created_at"))

    @property
    def updated_at(self) -> datetime | None:
        """When Invent last changed it, in UTC."""
        return instant(self.raw.get("updated_at"))

    @classmethod
    def parse(cls, value: Any) -> Self:
        """A channel from its JSON; raises Malformed."""
        return cls.read(clean_json(value))

    @classmethod
    def read(cls, value: Any, path: str = "channel") -> Self:
        """A channel from clean JSON found at `path`; raises Malformed."""
        raw = record(value, path)
        kind, user_id, name, username, email, phone, *others = texts(raw, path, _CHANNEL_TEXTS)
        avatar, country, agent, ip, language, link = others
        return cls(
            id=identifier(raw.get("id"), path),
            type=kind or "",
            user_id=user_id,
            name=name,
            username=username,
            email=email,
            phone=phone,
            avatar=avatar,
            country=country,
            agent=agent,
            ip=ip,
            language=language,
            link=link,
            raw=raw,
        )


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact. `unsubscribed` is None when Invent did not say; the other flags default to no."""

    id: str
    name: str | None
    blocked: bool
    unsubscribed: bool | None
    is_admin: bool
    channels: tuple[Channel, ...]
    segments: tuple[Segment, ...]
    created_at: datetime | None
    updated_at: datetime | None
    blocked_at: datetime | None
    unsubscribed_at: datetime | None
    unsubscribe_reason: str | None
    unsubscribe_feedback: str | None
    raw: Raw = field(repr=False)

    @property
    def external_channels(self) -> tuple[Channel, ...]:
        """The channels that are not `internal`."""
        return tuple(channel for channel in self.channels if channel.is_external)

    @classmethod
    def parse(cls, value: Any) -> Self:
        """A contact from its JSON; raises Malformed."""
        return cls.read(clean_json(value))

    @classmethod
    def read(cls, value: Any, path: str = "contact") -> Self:
        """A contact from clean JSON found at `path`; raises Malformed."""
        raw = record(value, path, apart=("channels", "segments"))
        get = raw.get
        name, reason, feedback = texts(
            raw, path, ("name", "unsubscribe_reason", "unsubscribe_feedback")
        )
        return cls(
            id=identifier(get("id"), path),
            name=name,
            blocked=flag(get("blocked"), path, "blocked"),
            unsubscribed=maybe_flag(get("unsubscribed"), path, "unsubscribed"),
            is_admin=flag(get("is_admin"), path, "is_admin"),
            channels=_each(Channel.read, get("channels"), path, "channels"),
            segments=_each(Segment.read, get("segments"), path, "segments"),
            created_at=instant(get("created_at")),
            updated_at=instant(get("updated_at")),
            blocked_at=instant(get("blocked_at")),
            unsubscribed_at=instant(get("unsubscribed_at")),
            unsubscribe_reason=reason,
            unsubscribe_feedback=feedback,
            raw=raw,
        )


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Contacts that Invent takes for one person, with the primary that it recommends."""

    primary: Contact
    duplicates: tuple[Contact, ...]
    raw: Raw = field(repr=False)

    @property
    def members(self) -> tuple[Contact, ...]:
        """The primary, then the duplicates, each contact once."""
        by_id = {self.primary.id: self.primary}
        for contact in self.duplicates:
            by_id.setdefault(contact.id, contact)
        return tuple(by_id.values())

    @classmethod
    def parse(cls, value: Any) -> Self:
        """A group from its JSON; raises Malformed."""
        return cls.read(clean_json(value))

    @classmethod
    def read(cls, value: Any, path: str = "group") -> Self:
        """A group from clean JSON found at `path`; raises Malformed."""
        raw = record(value, path, apart=("primary", "duplicates"))
        primary = Contact.read(raw.get("primary"), f"{path}.primary")
        return cls(primary, _each(Contact.read, raw.get("duplicates"), path, "duplicates"), raw)


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What Invent says that a merge did: the surviving contact and the ids it took in.

    `merged_contact_ids` is as received: fewer than were sent, or more, means a merge in part.
    """

    merged: Contact
    merged_contact_ids: tuple[str, ...]
    raw: Raw = field(repr=False)

    @classmethod
    def parse(cls, value: Any) -> Self:
        """A merge's result from its JSON, both keys required; raises Malformed."""
        return cls.read(clean_json(value))

    @classmethod
    def read(cls, value: Any, path: str = "answer") -> Self:
        """A merge's result from clean JSON found at `path`; raises Malformed."""
        raw = record(value, path, apart=("merged", "merged_contact_ids"))
        ids = raw.get("merged_contact_ids")
        if not isinstance(ids, list):
            raise Malformed(f"{path}.merged_contact_ids", LIST(), ids)
        places = [f"{path}.merged_contact_ids[{n}]" for n in range(len(ids))]
        return cls(
            Contact.read(raw.get("merged"), f"{path}.merged"),
            tuple(identifier(one, place, None) for one, place in zip(ids, places, strict=True)),
            raw,
        )


@dataclass(frozen=True, slots=True)
class SubOrg:
    """A sub-organisation that the key reaches (invent-api.md, Other documented calls)."""

    id: str
    name: str | None
    raw: Raw = field(repr=False)

    @classmethod
    def read(cls, value: Any, path: str = "org") -> Self:
        """A sub-organisation from clean JSON found at `path`; raises Malformed."""
        raw = record(value, path)
        (name,) = texts(raw, path, ("name",))
        return cls(identifier(raw.get("id"), path), name, raw)


def _each(read: Callable[[Any, str], T], value: Any, path: str, key: str) -> tuple[T, ...]:
    listed = enumerate(items(value, path, key))
    return tuple([read(item, f"{path}.{key}[{n}]") for n, item in listed])
