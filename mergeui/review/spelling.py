"""Texts that are almost the same: how they relate, and which letters differ. Pure.

A letter here is what a reader takes for one (a grapheme), so that no accent is torn from its letter
and no emoji into its parts. Scripts whose letters join are compared by words.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import regex
from django.utils.translation import gettext as _
from rapidfuzz import process
from rapidfuzz.distance import Indel, Levenshtein

from mergeui.review.text import latin

# Below this share of equal letters, marking the others would mark the whole name.
NEAR = 0.6
PIECES_TOLD = 6

_WORD = regex.compile(r"\w+")
_UNITS = regex.compile(
    # A character as text.visible names it; a word of a script whose letters join; a letter.
    r"⟨(?:\p{L} )?U\+[0-9A-F]+⟩"
    r"|[\p{Arabic}\p{Syriac}\p{Nko}\p{Mongolian}\p{Mandaic}\p{M}\u200c\u200d\u0640]+"
    r"|\X"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of letters of a text; `differs`: the text that it is compared with has others here."""

    text: str
    differs: bool


def closest(text: str, others: Iterable[str]) -> str:
    """The one of `others` that is almost `text`; empty when none is near enough."""
    choices = [other for other in others if other and other != text]
    folded = [choice.casefold() for choice in choices]
    found = process.extractOne(
        text.casefold(), folded, scorer=Levenshtein.normalized_similarity, score_cutoff=NEAR
    )
    return choices[found[2]] if found else ""


def pieces(text: str, other: str) -> tuple[Piece, ...]:
    """`text` in pieces, those marked that differ from `other`; together they are `text` again."""
    ours = _units(text)
    found: list[Piece] = []
    for step in Indel.opcodes(ours, _units(other)):
        if run := "".join(ours[step.src_start : step.src_end]):
            found.append(Piece(run, step.tag != "equal"))
    return tuple(found)


def told(found: Sequence[Piece]) -> str:
    """What differs, in words for those who don't see the marks; empty when nothing is marked."""
    differing = [piece.text for piece in found if piece.differs]
    shown = [text if text.strip() else _("a space") for text in differing[:PIECES_TOLD]]
    if len(differing) > PIECES_TOLD:
        shown.append("…")
    return ", ".join(shown)


def relation(one: str, other: str) -> str:
    """How two different names relate, in a few words; empty when they are simply different."""
    if one.casefold() == other.casefold():
        return _("Only capitals differ")
    if _bare(one) == _bare(other):
        return _("Only accents differ")
    if _letters(one) == _letters(other):
        return _("Only spaces or signs differ")
    if latin(one).strip() == latin(other).strip():
        return _("Same in another script")
    words, others = _WORD.findall(latin(one)), _WORD.findall(latin(other))
    if sorted(words) == sorted(others):
        return _("Same words, in another order")
    if words and others and (set(words) <= set(others) or set(others) <= set(words)):
        return _("One has more words")
    return _("Some letters differ") if closest(one, [other]) else ""


@lru_cache(maxsize=4096)
def _units(text: str) -> tuple[str, ...]:
    return tuple(_UNITS.findall(text))


def _bare(text: str) -> str:
    """Without case and accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _letters(text: str) -> str:
    """The letters and digits alone."""
    return "".join(char for char in _bare(text) if char.isalnum())
