"""Days in words: in the language and the time zone of whoever reads."""

from datetime import datetime

from django.utils import timezone
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

SHORT_MONTHS = (
    pgettext_lazy("month", "Jan"),
    pgettext_lazy("month", "Feb"),
    pgettext_lazy("month", "Mar"),
    pgettext_lazy("month", "Apr"),
    pgettext_lazy("month", "May"),
    pgettext_lazy("month", "Jun"),
    pgettext_lazy("month", "Jul"),
    pgettext_lazy("month", "Aug"),
    pgettext_lazy("month", "Sep"),
    pgettext_lazy("month", "Oct"),
    pgettext_lazy("month", "Nov"),
    pgettext_lazy("month", "Dec"),
)


def day(moment: datetime) -> str:
    """A day: "23 November 2026"."""
    local = timezone.localtime(moment)
    return _("{day} {month} {year}").format(
        day=local.day, month=MONTHS[local.month], year=local.year
    )


def short_day(moment: datetime) -> str:
    """A day: "23 Nov 2026"."""
    local = timezone.localtime(moment)
    return _("{day} {short_month} {year}").format(
        day=local.day, short_month=SHORT_MONTHS[local.month - 1], year=local.year
    )
