"""What a page shows of a text of any length: the beginning, and how much more there is."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mergeui.web.when import number

# Some three hundred lines of JSON: the contacts of a usual group, whole.
MOST = 10_000


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The beginning of a text; `left_out` says how much more there is, empty for nothing."""

    text: str
    left_out: str = ""


def excerpt(text: str, *, whole: bool = False) -> Excerpt:
    """The first MOST characters, up to the end of a line where lines are short; `whole`: all."""
    more = len(text) - MOST
    if whole or more <= 0:
        return Excerpt(text)
    end = text.rfind("\n", MOST // 2, MOST)
    shown = text[: end if end > 0 else MOST]
    more = len(text) - len(shown)
    words = ngettext("{count} more character", "{count} more characters", more)
    told = _("Left out here: {what}.")
    return Excerpt(shown, told.format(what=words.format(count=number(more))))
