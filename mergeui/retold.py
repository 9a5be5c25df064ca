"""What was stored in English, in the language of whoever looks (said.py)."""

import re

from django.utils.translation import get_language, gettext, ngettext

from mergeui.said import ALL

ENGLISH = "en"
NESTED = "sentence"


def retold(text: str) -> str:
    """`text` in the language that is active; as it is when nothing is known to say just that."""
    if not text or (get_language() or ENGLISH) == ENGLISH:
        return text
    for said in sorted(ALL, key=lambda one: -one.weight):
        values = said.values_in(text)
        if values is None:
            continue
        if NESTED in values:
            values[NESTED] = retold(values[NESTED])
        if not said.many:
            return gettext(said.words).format(**values)
        count = int(re.sub(r"\D", "", values["count"]) or 0)
        return ngettext(said.words, said.many, count).format(**values)
    return text
