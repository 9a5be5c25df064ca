"""The fingerprint changes with what an operator is shown, and with nothing else."""

from typing import Any

import pytest

from mergeui.invent import Contact, fingerprint
from tests.invent.people import channel, contact, segment


def of(**fields: Any) -> str:
    return fingerprint(Contact.parse(contact(**fields)))


def test_it_is_the_same_in_every_release():
    # Stored with every merge request: a change of it makes all of those stale.
    assert of() == "d7651a38e222c23b0d347fdcd3e49812e039c2ce8f1764a639b5a841878c679a"


@pytest.mark.parametrize(
    "seen",
    [
        {"id": "contact_2"},
        {"name": "Ana Garcia"},
        {"name": None},
        {"blocked": True},
        {"unsubscribed": False},
        {"unsubscribed": None},
        {"is_admin": True},
        {"blocked_at": "2024-01-01T00:00:00Z"},
        {"unsubscribed_at": None},
        {"unsubscribe_reason": "Other"},
        {"unsubscribe_feedback": "Please stop"},
        {"channels": []},
        {"channels": [channel(), channel(id="channel_2")]},
        {"segments": [segment(name="VIPs")]},
        {"segments": [segment(id="segment_2")]},
        *[
            {"channels": [channel(**{key: "other"})]}
            for key in ("id", "type", "user_id", "name", "username", "email", "phone", "link")
        ],
    ],
)
def test_it_changes_with_what_is_seen(seen: dict[str, Any]):
    assert of(**seen) != of()


@pytest.mark.parametrize(
    "churning",
    [
        {"updated_at": "2025-01-01T00:00:00Z"},
        {"created_at": None},
        {"new_key": 1},
        {"blocked": None},
        {"unsubscribed_at": "2023-11-07T06:31:56.500+01:00"},
        {"segments": [segment(contacts_count=124, color="blue", updated_at=None)]},
        {"channels": [channel(avatar=None, ip="::1", agent="x", country=None, language=None)]},
    ],
)
def test_it_does_not_change_with_what_churns(churning: dict[str, Any]):
    assert of(**churning) == of()


def test_the_order_of_channels_and_segments_does_not_matter():
    channels = [channel(), channel(id="channel_2", name=None)]
    segments = [segment(), segment(id="segment_2")]
    assert of(channels=channels, segments=segments) == of(
        channels=channels[::-1], segments=segments[::-1]
    )


def test_a_channel_is_never_taken_for_a_segment():
    assert of(channels=[], segments=[segment()]) != of(channels=[channel()], segments=[])
