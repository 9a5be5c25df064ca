"""How far two names agree, for contacts that share a channel already. Pure.

Strict on purpose: a family on one WhatsApp number and colleagues behind one office phone share a
channel and often a surname, so every word of the shorter name has to be found in the longer one.
How often it is right: docs/grades.md.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from rapidfuzz.distance import OSA

from mergeui.review.nicknames import are_nicknames
from mergeui.review.text import LONGEST_NAME, latin

# What one comparison takes grows with the words of both, and a stranger types as many as they like.
MOST_WORDS = 12
# One person isn't called by more names, so a group that has more is not one person's.
MOST_NAMES = 60
SHORTEST_SHORT_FORM = 3
LEAST_LEFT_OUT = 3
SHORTEST_WITH_TYPO = 5
SHORTEST_FAMILY_WITH_TYPO = 4
FEWEST_CONSONANTS = 2
FEWEST_IN_A_RUN = 4

TITLES = frozenset(
    ("dr", "prof", "mr", "mrs", "ms", "miss", "sir", "herr", "frau", "sr", "sra", "srta", "don",
     "dona", "mme", "mlle", "sig", "signora", "ing")
)  # fmt: skip
_WORD = re.compile(r"[a-z0-9]+")
# Each is a syllable of its own: 张敏 is Zhang Min, 박하은 is Park Ha Eun.
_SYLLABLE = re.compile(r"([\u3400-\u9fff\uf900-\ufaff\uac00-\ud7a3])")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_ABJAD = re.compile(r"[\u0590-\u06ff]")
# One letter stands for p and f, one for b and v; in Korean for g and k, d and t.
_CONSONANTS = str.maketrans("cfgdbv", "kpktpp", "aeiouwy")
_BREATHED = re.compile(r"(?<=[ckst])h")
# What makes another first name of one: Paul and Paulina, Antoine and Antoinette.
_FEMININE = ("ina", "ine", "ette", "tte", "etta", "ella", "elle")
# Umlauts as they are written where a keyboard has none: Müller is Mueller.
_UMLAUT = re.compile(r"([aou])e")
_SOUNDS = str.maketrans("cyjwz", "kiivs")
_SILENT = re.compile(r"(?<=[aeiouckst])h")
_DOUBLED = re.compile(r"(.)\1+")


class Agreement(StrEnum):
    """How far two names agree, the most first."""

    FULL = "full"
    PART = "part"
    MISSING = "missing"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class _Name:
    """The words of a name in Latin letters, and at which of them the family name is expected."""

    words: tuple[str, ...]
    family: int
    abjad: bool
    hangul: bool
    syllables: bool


@dataclass(frozen=True, slots=True)
class _Pair:
    """A word of the shorter name with its own one of the longer."""

    short: int
    long: int
    initial: bool


def names_agree(one: str, other: str) -> Agreement:
    """How far two names agree; a name without letters (an emoji, dots) counts as missing.

    Full: the same words, whatever their order, case, accents and script. Part: one has words that
    the other lacks, a nickname, a short form, or a slip of the pen. Missing: one says no first
    name, or nothing but initials. Conflict: a word of the shorter one has no like in the longer.
    """
    return _agreement(one[:LONGEST_NAME], other[:LONGEST_NAME])


@lru_cache(maxsize=4096)
def _agreement(one: str, other: str) -> Agreement:
    """Kept: a group's links, its whole and its risks ask for the same names."""
    first, second = _parsed(one), _parsed(other)
    if len(first.words) > len(second.words):
        first, second = second, first
    short, long = first.words, second.words
    if not short:
        return Agreement.MISSING
    if sorted(map(_plain, short)) == sorted(map(_plain, long)):
        return Agreement.FULL if len(short) > 1 else Agreement.PART
    if len(long) > 1 and _same_run("".join(short), "".join(long)):
        return Agreement.FULL
    pairs = _pairs(first, second)
    if pairs is not None:
        return _judged(pairs, second)
    if (first.abjad or second.abjad) and _same_skeletons(short, long):
        return Agreement.PART
    if first.hangul or second.hangul:
        one, other = _skeleton("".join(short)), _skeleton("".join(long))
        if len(one) >= FEWEST_IN_A_RUN and _same_run(one, other):
            return Agreement.PART
    return Agreement.CONFLICT


def names_conflict(one: str, other: str) -> bool:
    """Whether two names, both given, can hardly be the same person's."""
    return names_agree(one, other) is Agreement.CONFLICT


@lru_cache(maxsize=8192)
def _parsed(name: str) -> _Name:
    before, comma, after = name.partition(",")
    if comma and before.strip() and after.strip():  # García, Ana
        name = f"{after} {before}"
    abjad, syllables = bool(_ABJAD.search(name)), bool(_SYLLABLE.search(name))
    words = _WORD.findall(latin(_SYLLABLE.sub(r" \1 ", name)))[:MOST_WORDS]
    if not abjad:  # where Omar is written mr
        words = [word for word in words if word not in TITLES] or words
    family_first = syllables and not comma
    return _Name(
        words=tuple(words),
        family=0 if family_first else len(words) - 1,
        abjad=abjad,
        hangul=bool(_HANGUL.search(name)),
        syllables=syllables,
    )


@lru_cache(maxsize=8192)
def _plain(word: str) -> str:
    return _UMLAUT.sub(r"\1", word)


@lru_cache(maxsize=8192)
def _sound(word: str) -> str:
    """Spellings of one sound made the same: Sara and Sarah, Mark and Marc, Juri and Yuri."""
    key = _SILENT.sub("", word.replace("ph", "f")).translate(_SOUNDS)
    return _DOUBLED.sub(r"\1", key)


def _same_run(one: str, other: str) -> bool:
    """Whether they are the same letters, words joined or swapped: Yutong Wang, Wang Yu Tong."""
    return len(one) == len(other) and one in other + other


def _pairs(short: _Name, long: _Name) -> list[_Pair] | None:
    """For each word of `short` one of its own in `long`; None when one has none.

    The same words are taken out first, so that an initial doesn't take another word's place.
    """
    found: list[_Pair] = []
    left_short, left_long = dict(enumerate(short.words)), dict(enumerate(long.words))
    # A syllable is a word of its own, and each is like many others.
    ways = (_same,) if short.syllables or long.syllables else (_same, _alike, _initial)
    for agree in ways:
        for i, word in list(left_short.items()):
            first = i == 0
            match = next((j for j, w in left_long.items() if agree(word, w, first or j == 0)), None)
            if match is not None:
                found.append(_Pair(i, match, agree is _initial))
                del left_short[i], left_long[match]
    return None if left_short else found


def _judged(pairs: list[_Pair], long: _Name) -> Agreement:
    """What is left of an agreement when initials and a family name alone are taken for little."""
    whole = [pair for pair in pairs if not pair.initial]
    if not whole:
        return Agreement.MISSING
    only_family = len(whole) == 1 and whole[0].long == long.family
    if only_family and len(long.words) > 1:
        return Agreement.MISSING
    return Agreement.PART


def _same(one: str, other: str, _: bool) -> bool:
    return _plain(one) == _plain(other)


def _initial(one: str, other: str, _: bool) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) == 1 and long.startswith(short)


def _alike(one: str, other: str, first: bool) -> bool:
    """The same word in another spelling or form. `first` is where a first name is expected.

    Brothers and sisters have a family name in common and often first names of like sound, so a
    first name may differ by less: Maria and Mario, Daniel and Daniela are two people.
    """
    if min(len(one), len(other)) < 2:
        return False
    heard = sorted((_sound(one), _sound(other)), key=len)
    if heard[0] == heard[1] or are_nicknames(one, other):
        return True
    short, long = sorted((one, other), key=len)
    left_out = len(long) - len(short)
    if len(short) >= SHORTEST_SHORT_FORM and left_out >= LEAST_LEFT_OUT and long.startswith(short):
        return long[len(short) :] not in _FEMININE
    short, long = heard
    if len(short) < (SHORTEST_WITH_TYPO if first else SHORTEST_FAMILY_WITH_TYPO):
        return False
    slips = 2 if len(short) >= 10 else 1
    if OSA.distance(short, long, score_cutoff=slips) > slips:
        return False
    return not first or (short[0] == long[0] and short[:-2] != long[: len(short) - 2])


def _same_skeletons(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    """Whether the consonants agree: Hebrew and Arabic write few vowels.

    A word of one consonant says too little: Noa and Hanna have the same.
    """
    left = [_skeleton(word) for word in long]
    for word in short:
        skeleton = _skeleton(word)
        if len(skeleton) < FEWEST_CONSONANTS or skeleton not in left:
            return False
        left.remove(skeleton)
    return True


@lru_cache(maxsize=8192)
def _skeleton(word: str) -> str:
    return _DOUBLED.sub(r"\1", _BREATHED.sub("", word).translate(_CONSONANTS))
