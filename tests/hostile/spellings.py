"""Hostile strings: those of strings.json, and others made by rule in all their spellings."""

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path

SECTIONS: dict[str, list[str]] = json.loads(
    Path(__file__).with_name("strings.json").read_text("ascii")
)
STRINGS = [text for section in SECTIONS.values() for text in section]
MEGABYTE = 1_000_000

# What runs or leads away when it is taken for an address.
SCHEMES = ("javascript", "vbscript", "data", "blob", "file", "feed", "intent", "ftp", "mailto")
# What browsers drop from an address, at its ends or inside (WHATWG URL, 4.4).
DROPPED = (*map(chr, range(33)), "\x7f", "\x85", "\xa0", "\u2028", "\u200b", "\ufeff")
CELL_STARTS = "=+-@\t\r\n＝＋－＠"


def addresses() -> Iterator[str]:
    """Addresses that must be no links: each scheme in every spelling that somebody came up with."""
    for scheme in SCHEMES:
        for spelt in (scheme, scheme.upper(), scheme.title(), scheme.swapcase()):
            yield f"{spelt}:alert(1)"
            yield f"{spelt}://example.com/%0aalert(1)"
        for char in DROPPED:
            for place in (0, 1, len(scheme) // 2, len(scheme)):
                yield f"{scheme[:place]}{char}{scheme[place:]}:alert(1)//https://example.com"
        for colon in ("&colon;", "&#58;", "&#x3a", "%3A", "\uff1a", "\u2236", "\\x3a", "\\u003a"):
            yield f"{scheme}{colon}alert(1)"
        yield "".join(f"&#{ord(char)};" for char in scheme) + ":alert(1)"
        yield "".join(f"%{ord(char):02x}" for char in scheme) + ":alert(1)"
        yield "".join(chr(ord(char) + 0xFEE0) for char in scheme) + ":alert(1)"
    for slashes in map("".join, product("/\\", repeat=2)):
        for host in ("evil.example", "\tevil.example", "user@evil.example", ""):
            yield f"{slashes}{host}"
            yield f"https:{slashes[0]}{host}"
            yield f"https:\\{slashes}{host}"


def cells() -> Iterator[str]:
    """Cells that a spreadsheet could take for a formula, behind what it passes over."""
    for start in CELL_STARTS:
        for before in ("", " ", "\t", "\n", "\r\n", "\x0b", "\xa0", "\u3000", "  \t "):
            yield f"{before}{start}1+1"


def hostile() -> list[str]:
    """All of them but the megabyte, in a fixed order, each once."""
    return list(dict.fromkeys([*STRINGS, *addresses(), *cells()]))
