"""Moments in words."""

from datetime import UTC, datetime, timedelta

import pytest

from mergeui.web.when import ago, day, exact, plural

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
    assert plural(1, "group") == "1 group"
    assert plural(2_140, "group") == "2,140 groups"
    assert plural(2, "entry", "entries") == "2 entries"
