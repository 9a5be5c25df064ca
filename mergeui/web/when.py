"""Moments in words for people. All times of the desk are UTC, and say so where it matters."""

from datetime import datetime, timedelta

STEPS = (
    (timedelta(days=365), "year", "years"),
    (timedelta(days=30), "month", "months"),
    (timedelta(days=1), "day", "days"),
    (timedelta(hours=1), "hour", "hours"),
    (timedelta(minutes=1), "minute", "minutes"),
)


def age(then: datetime, now: datetime) -> str:
    """How long ago in one unit: "3 minutes", "2 days"; "just now" under a minute."""
    passed = now - then
    for step, one, many in STEPS:
        if passed >= step:
            count = passed // step
            return f"{count} {one if count == 1 else many}"
    return "just now"


def ago(then: datetime, now: datetime) -> str:
    """`age` as a phrase: "3 minutes ago", "just now"."""
    words = age(then, now)
    return words if words == "just now" else f"{words} ago"


def day(moment: datetime) -> str:
    """A day: "23 November 2026"."""
    return f"{moment.day} {moment:%B %Y}"


def exact(moment: datetime) -> str:
    """A moment: "23 Nov 2026, 18:25 UTC"."""
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def plural(count: int, one: str, many: str = "") -> str:
    """A count with its word: "1 group", "2,140 groups"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
