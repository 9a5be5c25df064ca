"""What is stored in English, in the language of whoever looks (said.py)."""

import re
from functools import cache
from importlib import import_module

from django.utils.translation import get_language, gettext, ngettext

from mergeui.said import ALL, Said

ENGLISH = "en"
# Placeholders that hold words of ours: another sentence, the label of a row, what stands in it.
NESTED = ("sentence", "reason", "wanted", "seen")
LABEL = "label"
# Who has sentences that a process of the web server speaks of and otherwise has no use for.
SPEAKERS = (
    "audit.verify",
    "audit.watch",
    "merging.claimed",
    "merging.execution",
    "merging.gap",
    "merging.outcome",
    "merging.unwritten",
)
VALUES = ("old", "new")


def tell(said: Said, **values: object) -> str:
    """The sentence in the language that is active: English in the worker, which has no reader."""
    words = gettext(said.words)
    if said.many:
        count = int(re.sub(r"\D", "", str(values["count"])) or 0)
        words = ngettext(said.words, said.many, count)
    return words.format(**values)


def retold(text: str) -> str:
    """`text` in the language that is active; as it is when nothing is known to say just that."""
    if not text or (get_language() or ENGLISH) == ENGLISH:
        return text
    _hear_all()
    for said in sorted(ALL, key=lambda one: -one.weight):
        values = said.values_in(text)
        if values is None:
            continue
        return tell(said, **{**values, **_our_words(values)})
    return text


@cache
def _hear_all() -> None:
    """Has every sentence in ALL that can have been stored, whichever process stored it."""
    for name in SPEAKERS:
        import_module(f"mergeui.{name}")


def _our_words(values: dict[str, str]) -> dict[str, str]:
    """Those of the values that are words of ours, told too; a contact's name is not."""
    told: dict[str, str] = {}
    told |= {key: retold(values[key]) for key in NESTED if key in values}
    if LABEL in values:
        told[LABEL] = gettext(values[LABEL])
        if values[LABEL] != "Name":
            told |= {key: gettext(values[key]) for key in VALUES if key in values}
    return told
