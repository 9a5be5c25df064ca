"""Makes contacts, channels and segments with ids, numbers and addresses that occur once.

Everything follows from the seed. Addresses are under example.com, .org and .net, numbers are
555-01xx ones: nobody can be reached by them.
"""

from __future__ import annotations

import random
import string
from datetime import UTC, datetime, timedelta
from typing import Any

from mergeui.sandbox.directory import Json
from mergeui.sandbox.names import Name

START = datetime(2024, 1, 8, 9, 0, tzinfo=UTC)
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_DOMAINS = ("example.com", "example.org", "example.net", "mail.example.com", "shop.example.org")
_SEGMENTS = {
    "VIP": "amber", "Newsletter": "sky", "Trial": "lime", "Churn risk": "red",
    "Wholesale": "indigo", "Onboarding": "teal", "Beta testers": "violet",
    "Late payer": "orange", "Press": "pink", "Kundenbeirat": "rose", "Do not call": "neutral",
    "عملاء الجملة": "green",
}  # fmt: skip
_AGENTS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
)
_COUNTRIES = ("DE", "ES", "FR", "US", "GB", "PL", "TR", "AE", "IL", "UA", "GR", "JP", "KR", "IN")


class Maker:
    """A seeded source of all that a world needs."""

    def __init__(self, seed: int | str) -> None:
        self.pick = random.Random(f"sandbox {seed}")  # noqa: S311  # nosec - a made-up world
        self._phones = 0
        self._addresses: dict[str, int] = {}
        self.segments = [self.segment(name, color) for name, color in _SEGMENTS.items()]

    def new_id(self, kind: str) -> str:
        """An opaque id: the kind and 22 base-62 characters (invent-api.md, Conventions)."""
        return f"{kind}_" + "".join(self.pick.choices(_BASE62, k=22))

    def moment(self) -> datetime:
        """A moment of the two years that this world is old."""
        return START + timedelta(seconds=self.pick.randrange(63_000_000), milliseconds=123)

    def phone(self) -> str:
        """A fictional number, e.g. +12015550100, that occurs once."""
        number, self._phones = self._phones, self._phones + 1
        return f"+{1 + number // 80_000}{200 + number // 100 % 800}55501{number % 100:02}"

    def email(self, name: Name) -> str:
        """An address for a name that occurs once."""
        local = name.address.replace("'", "")
        count = self._addresses[local] = self._addresses.get(local, 0) + 1
        return f"{local}{count if count > 1 else ''}@{_DOMAINS[count % len(_DOMAINS)]}"

    def segment(self, name: str, color: str) -> Json:
        """A segment."""
        created = stamp(START - timedelta(days=self.pick.randrange(300)))
        return {
            "id": self.new_id("segment"),
            "name": name,
            "color": color,
            "contacts_count": self.pick.randrange(3, 900),
            "created_at": created,
            "updated_at": created,
        }

    def some_segments(self) -> list[Json]:
        """None, one or a few segments."""
        count = self.pick.choices((0, 1, 2, 3), (50, 30, 15, 5))[0]
        return self.pick.sample(self.segments, count)

    def contact(self, name: str | None, channels: list[Json], **fields: Any) -> Json:
        """A contact with these channels, made at some moment; `fields` replace any of its own."""
        created = self.moment()
        updated = created + timedelta(hours=self.pick.randrange(1, 4_000))
        return {
            "id": self.new_id("contact"),
            "name": name,
            "blocked": False,
            "unsubscribed": False,
            "is_admin": False,
            "channels": channels,
            "segments": self.some_segments(),
            "created_at": stamp(created),
            "updated_at": stamp(updated),
            "blocked_at": None,
            "unsubscribed_at": None,
            "unsubscribe_reason": None,
            "unsubscribe_feedback": None,
        } | fields

    def channel(self, kind: str, user_id: str, name: str | None = None, **fields: Any) -> Json:
        """A channel of any type; `fields` replace any of its own."""
        created = self.moment()
        return {
            "id": self.new_id("channel"),
            "type": kind,
            "user_id": user_id,
            "avatar": None,
            "name": name,
            "username": None,
            "email": None,
            "phone": None,
            "country": self.pick.choice(_COUNTRIES),
            "agent": None,
            "ip": None,
            "language": self.pick.choice(("en", "de", "es", "fr", None)),
            "platform_data": {},
            "created_at": stamp(created),
            "updated_at": stamp(created + timedelta(days=self.pick.randrange(90))),
            "link": None,
        } | fields

    def by_email(self, address: str, name: str | None = None) -> Json:
        """An e-mail channel."""
        return self.channel("gmail", address, name, email=address)

    def by_phone(self, kind: str, number: str, name: str | None = None) -> Json:
        """A WhatsApp, Twilio or Telnyx channel; WhatsApp's ids have no plus."""
        user_id = number.removeprefix("+") if kind == "whatsapp_bot" else number
        return self.channel(kind, user_id, name, phone=number)

    def by_handle(self, kind: str, name: Name) -> Json:
        """A channel of a network with numeric ids and, mostly, user names."""
        number = str(self.pick.randrange(10**9, 10**16))
        handle = f"{name.address.replace('.', '_')}{self.pick.randrange(100)}"
        return self.channel(
            kind,
            number,
            name.full,
            username=None if kind == "messenger_bot" else handle,
            avatar=f"https://avatars.example.net/{number}.jpg",
            link=f"https://{kind.partition('_')[0]}.example.com/{handle}",
            platform_data={"locale": self.pick.choice(("en_US", "de_DE", "es_ES"))},
        )

    def by_chat(self, name: Name, email: str | None = None) -> Json:
        """The web chat: `internal`, with a browser, and an id that no other contact has."""
        return self.channel(
            "internal",
            self.new_id("visitor"),
            name.given,
            email=email,
            agent=self.pick.choice(_AGENTS),
            ip=f"198.51.100.{self.pick.randrange(1, 255)}",
        )


def stamp(moment: datetime) -> str:
    """A moment as Invent writes it."""
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
