"""Sentences that are stored, and who reads them later is not known: written in English.

The worker has no reader, and a record whose language changed from line to line could neither be
searched nor compared. So what is stored is made from one of these, in English, and retold.py finds
the one that it was made from to say it in the language of whoever looks. Plain, so that the client
of the vendor can use it, which knows no Django.
"""

import re
import string
from collections.abc import Iterator
from functools import cached_property

ALL: list["Said"] = []


class Said:
    """A sentence with `{placeholders}`, perhaps with a second form for any `count` but 1.

    Called with the values, it gives the English text. A placeholder that retold.NESTED names holds
    another one of these.
    """

    def __init__(self, words: str, many: str = "") -> None:
        self.words = words
        self.many = many
        ALL.append(self)

    def __call__(self, **values: object) -> str:
        words = self.many if self.many and values.get("count") != 1 else self.words
        return words.format(**values)

    def values_in(self, text: str) -> dict[str, str] | None:
        """What stands in `text` for the placeholders; None when it was not made from this."""
        for pattern in self._patterns:
            if found := pattern.fullmatch(text):
                return found.groupdict()
        return None

    @cached_property
    def weight(self) -> int:
        """How many characters are its own: of two that fit a text, the heavier one is meant."""
        return sum(len(literal) for literal, *_ in string.Formatter().parse(self.words))

    @cached_property
    def _patterns(self) -> list[re.Pattern[str]]:
        forms = [self.words, self.many] if self.many else [self.words]
        return [re.compile("".join(_pattern(words)), re.DOTALL) for words in forms]


def _pattern(words: str) -> Iterator[str]:
    seen: set[str] = set()
    for literal, name, *_ in string.Formatter().parse(words):
        yield re.escape(literal)
        if name:
            yield f"(?P={name})" if name in seen else f"(?P<{name}>.*?)"
            seen.add(name)
