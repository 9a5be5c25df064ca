"""The boxes of the queue: ticking groups, their page, or all that match."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mergeui.merging.bulk.prepare import MOST_GROUPS
from mergeui.web.queue import Row
from mergeui.web.when import number


@dataclass(frozen=True, slots=True)
class Ticking:
    """What the list's form says beside its boxes.

    `page` holds the numbers of the groups on the page, `all` the words of the box for all that
    match, empty when they are all on the page. The last three are what the bar says of the ticks;
    a script puts the number in.
    """

    query: str
    page: str
    all: str
    one: str
    many: str
    everything: str


def ticking(rows: Sequence[Row], *, alone: bool, total: str, query: str) -> Ticking:
    """The words for a page of the list; `total` is how many groups match, as the list says it."""
    if alone:
        everything = ""
    elif total.endswith("+"):
        everything = _("All that match, {count} at most").format(count=number(MOST_GROUPS))
    else:
        everything = _("All {count} that match").format(count=total)
    return Ticking(
        query=query,
        page=",".join(row.pk for row in rows),
        all=everything,
        one=ngettext("{count} ticked", "{count} ticked", 1),
        many=ngettext("{count} ticked", "{count} ticked", 2),
        everything=everything,
    )
