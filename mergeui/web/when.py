"""Moments in words for people: in their language, and in their time zone, which is named."""

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache

from django.utils import timezone
from django.utils.formats import get_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from mergeui.dates import SHORT_MONTHS, day, short_day

__all__ = [
    "ago",
    "ahead",
    "clock",
    "contacts",
    "day",
    "exact",
    "groups",
    "number",
    "seconds",
    "short_day",
    "zone",
    "zone_name",
]

# Phrases that a process keeps, some hundred bytes each.
KEPT = 5_000

# The units, the longest first, and each as a phrase.
AGO: tuple[tuple[timedelta, Callable[[int], str]], ...] = (
    (timedelta(days=365), lambda n: ngettext("{count} year ago", "{count} years ago", n)),
    (timedelta(days=30), lambda n: ngettext("{count} month ago", "{count} months ago", n)),
    (timedelta(days=1), lambda n: ngettext("{count} day ago", "{count} days ago", n)),
    (timedelta(hours=1), lambda n: ngettext("{count} hour ago", "{count} hours ago", n)),
    (timedelta(minutes=1), lambda n: ngettext("{count} minute ago", "{count} minutes ago", n)),
)

AHEAD: tuple[tuple[timedelta, Callable[[int], str]], ...] = (
    (timedelta(days=1), lambda n: ngettext("in {count} day", "in {count} days", n)),
    (timedelta(hours=1), lambda n: ngettext("in {count} hour", "in {count} hours", n)),
    (timedelta(minutes=1), lambda n: ngettext("in {count} minute", "in {count} minutes", n)),
)


def ago(then: datetime, now: datetime) -> str:
    """How long ago in one unit: "3 minutes ago", "2 days ago"; "just now" under a minute."""
    passed = now - then
    for unit, (step, _words) in enumerate(AGO):
        if passed >= step:
            return _ago(unit, passed // step, get_language())
    return _("just now")


@lru_cache(maxsize=KEPT)
def _ago(unit: int, count: int, language: str | None) -> str:
    """Kept: every row of a list says how old it is, many the same."""
    return AGO[unit][1](count).format(count=number(count))


def ahead(then: datetime, now: datetime) -> str:
    """How far off in one unit, rounded: "in 3 days"; "any moment now" under a minute."""
    left = then - now
    for step, words in AHEAD:
        if left >= step:
            count = round(left / step)
            return words(count).format(count=number(count))
    return _("any moment now")


def clock(moment: datetime) -> str:
    """A time of day: "18:25"."""
    return f"{timezone.localtime(moment):%H:%M}"


def exact(moment: datetime, *, to_second: bool = False) -> str:
    """A moment: "23 Nov 2026, 18:25 UTC"; with its seconds `to_second`."""
    return _exact(moment, timezone.get_current_timezone(), get_language(), to_second)


@lru_cache(maxsize=KEPT)
def _exact(moment: datetime, zone_: tzinfo, language: str | None, to_second: bool) -> str:
    """Kept: every row of a list says a moment, and putting it into words takes 15 µs."""
    local = timezone.localtime(moment, zone_)
    return _("{day} {short_month} {year}, {time} {zone}").format(
        day=local.day,
        short_month=SHORT_MONTHS[local.month - 1],
        year=local.year,
        time=f"{local:%H:%M:%S}" if to_second else f"{local:%H:%M}",
        zone=zone(local),
    )


def zone(local: datetime) -> str:
    """How far a local time is from UTC: "UTC", "UTC+1", "UTC-3:30".

    The usual short names are no help: IST is Irish, Israeli and Indian time.
    """
    minutes = round((local.utcoffset() or timedelta()).total_seconds() / 60)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours}{f':{rest:02}' if rest else ''}"


def zone_name() -> str:
    """The zone of the reader by its name: "Europe/Madrid"."""
    return timezone.get_current_timezone_name()


def number(count: int) -> str:
    """A whole number with its thousands parted: "2,140"."""
    text = f"{count:,}"
    return text if len(text) < 5 else text.replace(",", str(get_format("THOUSAND_SEPARATOR")))


def contacts(count: int) -> str:
    """How many contacts: "1 contact", "2,140 contacts"."""
    return _contacts(count, get_language())


@lru_cache(maxsize=KEPT)
def _contacts(count: int, language: str | None) -> str:
    """Kept: every row of a list says it."""
    return ngettext("{count} contact", "{count} contacts", count).format(count=number(count))


def groups(count: int) -> str:
    """How many groups: "1 group", "2,140 groups"."""
    return ngettext("{count} group", "{count} groups", count).format(count=number(count))


def seconds(count: int) -> str:
    """How many seconds: "1 second", "10 seconds"."""
    return ngettext("{count} second", "{count} seconds", count).format(count=number(count))
