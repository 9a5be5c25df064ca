"""Contacts as Invent gives them, for tests: plain functions that make its JSON."""

from itertools import count
from typing import Any

from mergeui.invent import Contact

_numbers = count(1)


def channel(type_: str, user_id: str | None, **fields: Any) -> dict[str, Any]:
    """A channel's JSON."""
    return {"id": f"chan_{next(_numbers)}", "type": type_, "user_id": user_id, **fields}


def whatsapp(phone: str, **fields: Any) -> dict[str, Any]:
    """A WhatsApp number."""
    return channel("whatsapp_bot", phone, phone=phone, **fields)


def email(address: str, **fields: Any) -> dict[str, Any]:
    """A Gmail address."""
    return channel("gmail", address, email=address, **fields)


def segment(name: str, color: str = "blue") -> dict[str, Any]:
    """A segment's JSON; the name makes the id."""
    return {"id": f"seg_{name.lower()}", "name": name, "color": color, "contacts_count": 3}


def contact(
    name: str | None = "Ana García", *channels: dict[str, Any], **fields: Any
) -> dict[str, Any]:
    """A contact's JSON with these channels."""
    return {
        "id": f"contact_{next(_numbers):06d}",
        "name": name,
        "blocked": False,
        "unsubscribed": False,
        "is_admin": False,
        "channels": list(channels),
        "segments": [],
        "created_at": "2024-05-03T10:00:00Z",
        "updated_at": "2024-06-03T10:00:00.123Z",
        **fields,
    }


def parsed(*contacts: dict[str, Any]) -> list[Contact]:
    """The same as the client gives them."""
    return [Contact.parse(raw) for raw in contacts]
