"""Whether two names can be one person's. Pure.

Strict on purpose: a family on one WhatsApp number and colleagues behind one office phone share a
channel and often a surname, so every word of the shorter name has to be found in the longer one.
"""

import re
from functools import lru_cache

from rapidfuzz.fuzz import ratio

from mergeui.review.text import LONGEST_NAME, latin

# A letter or two of difference in a word of usual length, such as García and Garzia.
ALIKE = 80
SHORTEST_NICKNAME = 3

_WORD = re.compile(r"[a-z0-9]+")
# Each is a syllable of its own: 张敏 is Zhang Min.
_IDEOGRAPH = re.compile(r"([\u3400-\u9fff\uf900-\ufaff])")
_ABJAD = re.compile(r"[\u0590-\u06ff]")
# One letter stands for p and f, one for b and v.
_CONSONANTS = str.maketrans("fv", "pb", "aeiouwy")


@lru_cache(maxsize=4096)
def name_words(name: str) -> tuple[str, ...]:
    """The words of a name, in Latin letters, without accents and case."""
    return tuple(_WORD.findall(latin(_IDEOGRAPH.sub(r" \1 ", name))))


def names_conflict(one: str, other: str) -> bool:
    """Whether two names, both given, can hardly be the same person's.

    Order, accents, script, initials, shortened first names and a missing word are no conflict. A
    name without letters (an emoji, dots) says nothing, so it conflicts with nothing.
    """
    one, other = one[:LONGEST_NAME], other[:LONGEST_NAME]
    short, long = sorted((name_words(one), name_words(other)), key=len)
    if not short or _contained(short, long) or _same_run("".join(short), "".join(long)):
        return False
    if _ABJAD.search(one) or _ABJAD.search(other):
        # Hebrew and Arabic write few vowels, so only the consonants can be compared.
        return not _contained(*sorted((_skeletons(short), _skeletons(long)), key=len))
    return True


def _contained(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    """Whether each word of `short` has a word of its own in `long`."""
    left = list(long)
    for word in short:
        match = next((w for w in left if _words_agree(word, w)), None)
        if match is None:
            return False
        left.remove(match)
    return True


def _same_run(one: str, other: str) -> bool:
    """Whether they are the same letters, words joined or swapped: Yutong Wang, Wang Yu Tong."""
    return len(one) == len(other) and one in other + other


def _skeletons(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(filter(None, (word.translate(_CONSONANTS) for word in words)))


def _words_agree(one: str, other: str) -> bool:
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    shortened = len(short) == 1 or len(short) >= SHORTEST_NICKNAME
    return (shortened and long.startswith(short)) or ratio(one, other) >= ALIKE
