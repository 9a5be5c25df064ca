"""The exact text that is stored and hashed: the same bytes for the same content, for ever.

An entry's hash is the SHA-256 of 14 lines (docs/history.md lists them), joined by line feeds. No
field holds a control character, so no content can move from one line to another unseen.
"""

import hashlib
import hmac
import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

FORMAT = "1"
GENESIS = "0" * 64  # the "hash" before entry 1
LINES = 14
MOMENT = 26  # characters of a time

_BLOCK = 64  # bytes of SHA-256
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ESCAPED = re.compile(r"\\u(?:0000|d[89a-f])")  # perhaps of a pair that is whole: no harm
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def one_line(text: object, limit: int) -> str:
    """`text` on one line of at most `limit` characters, with nothing that a database refuses."""
    return _UNSTORABLE.sub("\ufffd", _CONTROL.sub(" ", str(text)))[:limit]


def json_text(value: object) -> str:
    """`value` as JSON on one line: sorted keys, no spaces, ASCII alone.

    ASCII, because then its bytes are the same whatever a database's encoding, no reader sees a line
    end where there is none, and verifying need not encode it, which takes longer than hashing.
    What JSON can't hold becomes text, and NUL and lone surrogates, which no page can show, U+FFFD.
    Never fails on parsed JSON.
    """
    try:
        text = _dump(value)
    except (TypeError, ValueError):
        return _dump(_storable(value))
    return _dump(_storable(value)) if _ESCAPED.search(text) else text


def _dump(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _storable(value: object) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {_storable(str(key)): _storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((_storable(item) for item in value), key=str)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return _UNSTORABLE.sub("\ufffd", str(value))


def moment(at: datetime) -> str:
    """`at` in UTC to the microsecond, always 26 characters: 2026-11-23 18:10:00.000000."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def stored_moment(text: str) -> str:
    """`moment`, from what a database shows for a time: "+00" behind, zeros of the fraction gone."""
    text = text.removesuffix("+00")
    if len(text) == MOMENT:
        return text
    return text.ljust(26, "0") if "." in text else f"{text}.000000"


def entry_hash(lines: str) -> str:
    """The SHA-256 (64 hex digits) of an entry's lines."""
    return hashlib.sha256(lines.encode()).hexdigest()


def payload_mac(key: str, data: str) -> str:
    """The HMAC-SHA256 (64 hex digits) of a payload under the entry's own `key` (64 hex digits).

    A bare hash of a name or a phone number could be found by trying; once the key is deleted with
    the data, the HMAC tells nothing (design.md, rule 9).
    """
    return hmac.digest(bytes.fromhex(key), data.encode(), "sha256").hex()


def quick_mac(key: str, data: str) -> str:
    """`payload_mac`, by the definition of HMAC (RFC 2104) over two digests: for verifying.

    OpenSSL sets an HMAC up anew each time, which takes longer than the rest of it.
    """
    padded = bytes.fromhex(key).ljust(_BLOCK, b"\0")
    if len(padded) > _BLOCK:
        raise ValueError("the key is longer than a block")
    inner = hashlib.sha256(padded.translate(_INNER) + data.encode()).digest()
    return hashlib.sha256(padded.translate(_OUTER) + inner).hexdigest()
