"""JSON as Invent sends it, for tests: keyword factories."""

from typing import Any

Json = dict[str, Any]


def channel(**fields: Any) -> Json:
    """A channel with all documented keys."""
    return {
        "id": "channel_1",
        "type": "whatsapp_bot",
        "user_id": "15550100",
        "avatar": "https://avatars.example.net/1.png",
        "name": "Ana",
        "username": "ana",
        "email": "ana@example.com",
        "phone": "+15550100",
        "country": "ES",
        "agent": "Browser",
        "ip": "198.51.100.7",
        "language": "es",
        "platform_data": {"a": [1, {"b": None}]},
        "created_at": "2023-11-07T05:31:56Z",
        "updated_at": "2023-11-07T05:31:56.123456Z",
        "link": "https://example.com/ana",
    } | fields


def segment(**fields: Any) -> Json:
    """A segment with all documented keys."""
    return {
        "id": "segment_1",
        "name": "VIP",
        "color": "red",
        "contacts_count": 123,
        "created_at": "2023-11-07T05:31:56Z",
        "updated_at": "2023-11-07T05:31:56Z",
    } | fields


def contact(**fields: Any) -> Json:
    """A contact with all documented keys."""
    return {
        "id": "contact_1",
        "name": "Ana García",
        "blocked": False,
        "unsubscribed": True,
        "is_admin": False,
        "channels": [channel()],
        "segments": [segment()],
        "created_at": "2023-11-07T05:31:56Z",
        "updated_at": "2023-11-07T05:31:56Z",
        "blocked_at": None,
        "unsubscribed_at": "2023-11-07T05:31:56.5Z",
        "unsubscribe_reason": "Too many",
        "unsubscribe_feedback": None,
    } | fields
