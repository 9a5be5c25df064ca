"""Whether two names can be one person's. Pure.

Strict on purpose: a family on one WhatsApp number and colleagues behind one office phone share a
channel and often a surname, so every word of the shorter name has to be found in the longer one.
"""

import re
from functools import lru_cache

from anyascii import anyascii
from rapidfuzz.fuzz import ratio

# A letter or two of difference in a word of usual length, such as García and Garzia.
ALIKE = 80
SHORTEST_NICKNAME = 3

_WORD = re.compile(r"[a-z0-9]+")


@lru_cache(maxsize=4096)
def name_words(name: str) -> tuple[str, ...]:
    """The words of a name, in Latin letters, without accents and case."""
    return tuple(_WORD.findall(anyascii(name).casefold()))


def names_conflict(one: str, other: str) -> bool:
    """Whether two names, both given, can hardly be the same person's.

    Order, accents, script, initials, shortened first names and a missing word are no conflict. A
    name without letters (an emoji, dots) says nothing, so it conflicts with nothing.
    """
    short, long = sorted((name_words(one), name_words(other)), key=len)
    if not short:
        return False
    left = list(long)
    for word in short:
        match = next((w for w in left if _words_agree(word, w)), None)
        if match is None:
            return True
        left.remove(match)
    return False


def _words_agree(one: str, other: str) -> bool:
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    shortened = len(short) == 1 or len(short) >= SHORTEST_NICKNAME
    return (shortened and long.startswith(short)) or ratio(one, other) >= ALIKE
