"""Moments in words."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone, translation

from mergeui.web.when import ago, contacts, day, exact, number

NOW = datetime(2026, 11, 3, 9, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "just now"), (59, "just now"), (60, "1 minute ago"), (3_599, "59 minutes ago"),
        (3_600, "1 hour ago"), (86_400 * 2, "2 days ago"), (86_400 * 31, "1 month ago"),
        (86_400 * 800, "2 years ago"),
    ],
)  # fmt: skip
def test_how_long_ago(seconds: int, words: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == words


def test_days_and_moments() -> None:
    assert day(NOW) == "3 November 2026"
    assert exact(NOW) == "3 Nov 2026, 09:05 UTC"


def test_counts() -> None:
    assert contacts(1) == "1 contact"
    assert contacts(2_140) == "2,140 contacts"


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("Europe/Madrid", "3 nov 2026, 10:05 UTC+1"),
        ("Asia/Kolkata", "3 nov 2026, 14:35 UTC+5:30"),
        ("America/St_Johns", "3 nov 2026, 05:35 UTC-3:30"),
        ("Europe/London", "3 nov 2026, 09:05 UTC"),
        ("Pacific/Kiritimati", "3 nov 2026, 23:05 UTC+14"),
    ],
)
def test_in_another_language_and_zone(zone: str, words: str) -> None:
    with translation.override("es"), timezone.override(zone):
        assert exact(NOW) == words
        assert day(NOW) == "3 de noviembre de 2026"
        assert ago(NOW - timedelta(hours=3), NOW) == "hace 3 horas"
        assert number(2_140) == "2\xa0140"
        assert contacts(1) == "1 contacto"


def test_a_day_is_that_of_the_reader() -> None:
    with timezone.override("Pacific/Kiritimati"):
        assert day(NOW + timedelta(hours=1)) == "4 November 2026"
