"""The terms that a group is found by: made of its contacts, and asked for. Pure.

A word is found by its beginning, a phone number also by its end: both are the beginning of a term,
the number turned round. So what somebody types is a short range of an index, where looking inside
of text would read every group (finding.py has the index). What the queue is filtered by are terms
too, so that an index alone knows how many groups there are for any search with any filters.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import blake2s

import regex

from mergeui.audit.references import looks_like_phone, ways_to_dial
from mergeui.invent import Channel, Contact
from mergeui.review.evidence import Link
from mergeui.review.text import searchable

MOST_WORDS = 8  # of what somebody typed
MOST_TERMS = 2_000
LONGEST_VALUE = 1_000
# What is longer is found by its first so many characters; the end of a term has to fit in an index.
LONGEST_TERM = 80
MOST_PARTS = 12
# Stands before the digits of a number from its end; no word begins with it.
TURNED = "<"
# Stands before the first letter of a name: a tenth of all terms begin with any one letter, and
# somebody who types one is about to type the next.
FIRST = "^"
LONGEST_NUMBER = 15  # digits, by E.164
SHORTEST_END = 3  # digits: of fewer, every number would be found

# How large a group is, as the queue tells it apart: from, to.
SIZES = {"2": (2, 2), "3-5": (3, 5), "6-20": (6, 20), "21+": (21, None)}

_UNSEEN = regex.compile(r"[\p{C}\p{Z}]+")
# Where a word begins inside of a longer one: after a sign, and at each letter of the scripts that
# don't part their words.
_BEGINS = regex.compile(
    r"(?<![^\W_])[^\W_]|[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}]"
)
# Most of what contacts have is ASCII, which takes a tenth of the work.
_PARTS_OF_ASCII = re.compile(r"[^\W_]+", re.ASCII)
_AROUND = regex.compile(r"^[\W_]+|[\W_]+$")
# The index takes these for the marks of its own language.
_QUOTES = str.maketrans({"'": "’", '"': "”"})


def terms_of(contacts: Sequence[Contact], links: Iterable[Link]) -> list[str]:
    """All terms that a group of these contacts is found by, each once; `links`: what they share.

    Those that change with a decision are not among them: the index adds them (finding.py).
    """
    found: dict[str, None] = {}
    values: dict[str, None] = {}
    names: dict[str, None] = {}
    for link in links:
        found[channel_term(link.type)] = None
    for contact in contacts:
        for segment in contact.segments:
            found[segment_term(segment.id)] = None
    found[size_term(len(contacts))] = None
    for contact in contacts:
        values[contact.id] = None
        names[contact.name or ""] = None
        for channel in contact.channels:
            names[channel.name or ""] = None
            numbers, others = _parted(channel)
            values.update(dict.fromkeys(others))
            for number in numbers:
                found.update(dict.fromkeys(_both_ways(_digits(number))))
    for text in _together(names):
        words = _words(text)
        found.update(dict.fromkeys(words))
        found.update(dict.fromkeys([FIRST + word[0] for word in words]))
    for text in _together(values):
        found.update(dict.fromkeys(_words(text)))
    return list(found)[:MOST_TERMS]


def _together(texts: Iterable[str]) -> list[str]:
    """The texts, those of ASCII as one: it has the same words, found in one go."""
    plain: list[str] = []
    others: list[str] = []
    for text in texts:
        (plain if text.isascii() and text.isprintable() else others).append(text[:LONGEST_VALUE])
    return [" ".join(plain), *others]


def channel_term(type_: str) -> str:
    """Two contacts share a channel of this type."""
    return f"#c{_short(type_)}"


def segment_term(segment_id: str) -> str:
    """One of the contacts is in this segment."""
    return f"#s{_short(segment_id)}"


def size_term(count: int) -> str:
    """So many contacts."""
    fits = (name for name, (low, high) in SIZES.items() if low <= count <= (high or count))
    return f"#n{next(fits, '0')}"


@lru_cache(maxsize=4096)
def _short(value: str) -> str:
    """Stands for a value of the vendor's, in the letters of every index."""
    return blake2s(value.encode(errors="replace"), digest_size=6).hexdigest()


def _parted(channel: Channel) -> tuple[list[str], list[str]]:
    """The numbers of a channel, and what else it is found by. An e-mail address is no number."""
    numbers: dict[str, None] = {}
    others: dict[str, None] = {}
    for value in (channel.phone, channel.user_id, channel.username):
        if value and value not in numbers and value not in others:
            (numbers if looks_like_phone(value) else others)[value] = None
    if channel.email and not looks_like_phone(channel.email):
        others[channel.email] = None
    return list(numbers), list(others)


def _both_ways(digits: str) -> list[str]:
    """A number from its beginning and from its end; nobody knows the end of a network's id."""
    return [digits, TURNED + digits[::-1]] if len(digits) <= LONGEST_NUMBER else [digits]


def _words(text: str) -> list[str]:
    """The words of a text, and what follows a sign inside of each: o'connor and connor."""
    words: list[str] = []
    for word in _plain(text).split():
        if word.isascii() and word.isalnum():  # most words, in a fraction of the time
            words.append(word[:LONGEST_TERM])
            continue
        begins = _PARTS_OF_ASCII if word.isascii() else _BEGINS
        starts = [found.start() for found in begins.finditer(word)][:MOST_PARTS]
        words += [word[start:][:LONGEST_TERM] for start in starts or [0]]
    return words


def _plain(text: str) -> str:
    if text.isascii() and text.isprintable():
        plain = text.lower()
    else:
        plain = searchable(text)
        if not plain.isprintable():  # which nothing is that nobody sees, but the space
            plain = str(_UNSEEN.sub(" ", plain))
    return plain.translate(_QUOTES) if "'" in plain or '"' in plain else plain


def _digits(text: str) -> str:
    digits = text
    if not (text.isascii() and text.isdecimal()):
        digits = "".join(str(int(char)) for char in text if char.isdecimal())
    return digits.lstrip("0")[:LONGEST_TERM]


def asked(text: str) -> list[list[str]]:
    """What a group has to have: for each word that somebody typed, the beginnings of terms of
    which one is enough. A phone number is one word, however it is spaced."""
    if looks_like_phone(text):
        return _number_or_words(text)
    words = [_spellings(word) for word in text.split()[:MOST_WORDS]]
    return [spellings for spellings in words if spellings]


def _number_or_words(text: str) -> list[list[str]]:
    """The number as a whole; or a name with such digits, so all of them: never some of them."""
    number = _ends(text)
    parts = list(_parts(text))[:MOST_WORDS]
    return [list(dict.fromkeys([part, *number])) for part in parts]


def _spellings(word: str) -> list[str]:
    found = _parts(word)
    if word.lstrip("+").isdecimal():
        found |= dict.fromkeys(_ends(word))
    return list(found)


def _parts(text: str) -> dict[str, None]:
    """The beginnings of terms of names and values that the text asks for."""
    parts = [(_AROUND.sub("", one) or one)[:LONGEST_TERM] for one in _plain(text).split()]
    return dict.fromkeys(FIRST + part if len(part) == 1 else part for part in parts)


def _ends(number: str) -> list[str]:
    """The beginnings of terms that a number is asked for by."""
    found = []
    for digits in map(_digits, ways_to_dial(number)):
        found += [digits] if len(digits) > 1 else []
        found += [TURNED + digits[::-1]] if len(digits) >= SHORTEST_END else []
    return found
