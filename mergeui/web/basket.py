"""The contacts that somebody is putting together by hand, kept in their session."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

from django.core import signing
from django.http import HttpRequest
from django.utils.translation import gettext as _

from mergeui.errors import Invalid
from mergeui.invent import Contact
from mergeui.review.byhand import MOST_BY_HAND
from mergeui.review.text import display_name

KEY = "basket"
WAYS_KEPT = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """A contact in the basket: its id, and how to find it again in Invent.

    There is no documented call that gives a contact by its id, so what finds it is kept: the user
    ids of its channels, and its name for one that has none.
    """

    SALT: ClassVar = "basket"

    id: str
    name: str
    address: str
    user_ids: tuple[str, ...]
    called: str

    @classmethod
    def of(cls, contact: Contact) -> Self:
        """The entry of a contact as it was found."""
        channels = sorted(contact.channels, key=lambda channel: not channel.is_external)
        found = dict.fromkeys(channel.user_id for channel in channels if channel.user_id)
        ids = [one for one in found if one and len(one) <= 400]
        return cls(
            id=contact.id,
            name=display_name(contact),
            address=ids[0] if ids else "",
            user_ids=tuple(ids[:WAYS_KEPT]),
            called=(contact.name or "").strip()[:200],
        )

    @classmethod
    def signed(cls, token: str) -> Self:
        """The entry of a token of ours; raises Invalid for anything else."""
        try:
            fields = signing.loads(token, salt=cls.SALT)
        except signing.BadSignature:
            raise Invalid(
                _("One of these contacts could not be read. Search for it once more.")
            ) from None
        return cls.kept(fields)

    @classmethod
    def kept(cls, fields: dict[str, Any]) -> Self:
        """From its JSON."""
        return cls(**{**fields, "user_ids": tuple(fields["user_ids"])})

    def as_json(self) -> dict[str, Any]:
        """As a session and a token keep it."""
        return asdict(self)


def entries(request: HttpRequest) -> list[Entry]:
    """What is in the basket, in the order in which it was put there."""
    return [Entry.kept(fields) for fields in request.session.get(KEY, ())]


def change(request: HttpRequest, *, put: Sequence[Entry], out: Iterable[str]) -> None:
    """Takes the contacts with the ids `out` away, and puts others in. Raises Invalid when full."""
    gone = {*out} - {entry.id for entry in put}
    kept = {entry.id: entry for entry in entries(request) if entry.id not in gone}
    kept |= {entry.id: entry for entry in put}
    if len(kept) > MOST_BY_HAND:
        raise Invalid(
            _("At most {most} contacts can be put together at once.").format(most=MOST_BY_HAND)
        )
    request.session[KEY] = [entry.as_json() for entry in kept.values()]


def empty(request: HttpRequest) -> None:
    """Forgets all of it."""
    request.session.pop(KEY, None)
