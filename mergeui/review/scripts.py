"""Letters of another script in the middle of a word: a Cyrillic "а" among Latin letters. Pure.

Unicode TS 39, mixed-script detection: a word whose letters have no script in common was typed to
look like another one, or by accident; either way a reader can't see it. Scripts that are written
together are none such: Han with kana, hangul or bopomofo, and Latin beside those.
"""

from collections import Counter
from functools import lru_cache

import regex

# Those that a word is written in alone.
_SCRIPTS = (
    "Latin", "Cyrillic", "Greek", "Armenian", "Georgian", "Hebrew", "Arabic", "Cherokee", "Coptic",
    "Devanagari", "Bengali", "Gurmukhi", "Gujarati", "Tamil", "Telugu", "Kannada", "Malayalam",
    "Sinhala", "Thai", "Lao", "Khmer", "Myanmar", "Tibetan", "Ethiopic", "Canadian_Aboriginal",
    "Lisu", "Deseret", "Osage", "Tifinagh",
)  # fmt: skip
# What several scripts use counts for each of them (Script_Extensions).
_OF_SCRIPT = {name: regex.compile(rf"\p{{Script_Extensions={name}}}") for name in _SCRIPTS}
_EAST_ASIAN = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Bopomofo}]")
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
# What most texts are: a sync reads a hundred thousand of them.
_LATIN_ALONE = regex.compile(r"[\P{L}\p{Latin}]*+")
LATIN = "Latin"
EAST_ASIAN = "East Asian"


def pointed_out(text: str) -> str:
    """`text` with each letter that is strange to its word named, such as P⟨а U+0430⟩ypal."""
    if _LATIN_ALONE.fullmatch(text):
        return text
    return _WORD.sub(lambda found: _named(found.group()), text)


def mixes_scripts(text: str) -> bool:
    """Whether a word of `text` has letters of scripts that are not written together."""
    return any(_strange(word) for word in _WORD.findall(text))


def _named(word: str) -> str:
    strange = _strange(word)
    if not strange:
        return word
    return "".join(f"⟨{char} U+{ord(char):04X}⟩" if char in strange else char for char in word)


def _strange(word: str) -> set[str]:
    """The letters that are not of the script that most of the word is in; none in most words."""
    if word.isascii():
        return set()
    told = [(char, of) for char in word if (of := _scripts_of(char))]
    count = Counter(script for _, of in told for script in of)
    if count[EAST_ASIAN]:
        own = {EAST_ASIAN, LATIN}
    else:
        own = {script for script, _ in count.most_common(1)}
    return {char for char, of in told if not of & own}


@lru_cache(maxsize=32_768)
def _scripts_of(char: str) -> frozenset[str]:
    """The scripts that a letter tells a word by; none for digits, marks and common letters."""
    if not char.isalpha():
        return frozenset()
    if _EAST_ASIAN.match(char):
        return frozenset({EAST_ASIAN})
    return frozenset(name for name, script in _OF_SCRIPT.items() if script.match(char))
