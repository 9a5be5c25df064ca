"""Contacts that are made of hostile strings, in every field that a stranger can fill."""

from typing import Any

from tests.contacts import channel, contact
from tests.hostile.spellings import STRINGS

A_GROUP = 24
_TEXTS = ("name", "username", "email", "phone", "avatar", "country", "agent", "ip", "language",
          "link")  # fmt: skip


def _turn(strings: list[str], number: int) -> str:
    return strings[number % len(strings)]


def hostile_contact(number: int, shared: dict[str, Any], strings: list[str]) -> dict[str, Any]:
    """A contact whose every text is the next of `strings`, beginning with its name."""
    own = {field: _turn(strings, number + n) for n, field in enumerate(_TEXTS, 1)}
    labels = [
        {
            "id": f"seg_{number % 40}",
            "name": _turn(strings, number % 40 + 11),
            "color": _turn(strings, number % 40 + 12),
            "contacts_count": 3,
        }
    ]
    return contact(
        _turn(strings, number),
        shared | {"id": f"shared-{number}", "link": _turn(strings, number + 13)},
        channel(_turn(strings, number + 14)[:90] or "x", _turn(strings, number + 15), **own)
        | {"platform_data": {_turn(strings, number + 16): _turn(strings, number + 17)}},
        segments=labels,
        unsubscribed=number % 3 == 0,
        unsubscribe_reason=_turn(strings, number + 18),
        unsubscribe_feedback=_turn(strings, number + 19),
    )


def hostile_world(strings: list[str] = STRINGS) -> list[dict[str, Any]]:
    """A contact for each string, in groups of A_GROUP that share a channel of hostile strings."""
    contacts = []
    for number in range(len(strings)):
        group = number // A_GROUP
        key = strings[group * A_GROUP]
        shared = channel("gmail", f"{group}{key}", email=f"{key}", name=key)
        contacts.append(hostile_contact(number, shared, strings))
    return contacts
