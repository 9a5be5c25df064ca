"""Channels that may be the same in another spelling."""

from typing import Any

import pytest

from mergeui.invent import Channel
from mergeui.review.alike import address_of
from tests.contacts import channel, email, whatsapp


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether both are recognised, and as the same."""
    first, second = (address_of(Channel.parse(raw)) for raw in (one, other))
    return first is not None and first == second


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (whatsapp("+34 600-111-222"), whatsapp("+34600111222")),
        (whatsapp("600 111 222", country="ES"), whatsapp("+34600111222")),
        (whatsapp("0034600111222"), whatsapp("+34600111222")),
        (channel("whatsapp_bot", "34600111222"), whatsapp("+34600111222")),
        (whatsapp("+34600111222"), channel("twilio", "+34600111222")),
        (channel("custom", "x", phone="+34600111222"), whatsapp("+34600111222")),
        (email("Ana.Garcia@Gmail.com"), email("anagarcia@gmail.com")),
        (email("ana+news@gmail.com"), channel("google_calendar", "ana@gmail.com")),
        (channel("custom", "x", email="ana@x.org"), email("ana@x.org")),
        (
            channel("instagram_dm", "1", username="@Ana"),
            channel("instagram_dm", "2", username="ana"),
        ),
    ],
)
def test_the_same_in_another_spelling(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (whatsapp("+34600111222"), whatsapp("+34600111223")),
        (whatsapp("600111222", country="ES"), whatsapp("600111222", country="FR")),
        (whatsapp("600111222"), whatsapp("600 111 222")),
        (whatsapp("+1 555 010 0100 ext 5"), whatsapp("+1 555 010 0100 ext 6")),
        (whatsapp("not a number"), whatsapp("not a number")),
        (whatsapp("+1"), whatsapp("+1")),
        (channel("telnyx", None), channel("telnyx", None)),
        (email("ana@x.org"), email("ana@y.org")),
        (email("+news@x.org"), email("+other@x.org")),
        (email("nobody"), email("nobody")),
        (
            channel("instagram_dm", "1", username="ana"),
            channel("telegram_bot", "1", username="ana"),
        ),
        (channel("internal", "1", email="ana@x.org"), channel("internal", "2", email="ana@x.org")),
        (channel("slack_bot", "U1"), channel("slack_bot", "U1")),
    ],
)
def test_nothing_is_assumed(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert not same(one, other)
