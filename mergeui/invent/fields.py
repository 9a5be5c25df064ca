"""How single JSON fields are read: tolerant where nothing is lost, exact where it matters.

Each takes a clean value and says with `path` (and `key`) where it stood, for Malformed.
These run for each of hundreds of thousands of contacts: `texts` looks at all texts of one at once
and leaves the loop to the interpreter's own, which makes reading three times as quick.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from mergeui.invent.clean import too_deep
from mergeui.invent.errors import BOOLEAN, ID, LIST, OBJECT, SHALLOW, TEXT, Malformed

_CONTAINERS = frozenset({dict, list})
_TEXT_OR_NULL = frozenset({str, type(None)})


def record(value: Any, path: str, apart: tuple[str, ...] = ()) -> dict[str, Any]:
    """`value` as a JSON object whose values, those at the keys `apart` aside, are not too deep."""
    if type(value) is not dict:
        raise Malformed(path, OBJECT(), value)
    if _CONTAINERS.isdisjoint(map(type, value.values())):
        return value
    for key, item in value.items():
        if item.__class__ in _CONTAINERS and item and key not in apart and too_deep(item):
            raise Malformed(f"{path}.{key}"[:80], SHALLOW(), item)
    return value


def items(value: Any, path: str, key: str) -> list[Any]:
    """`value` as a list; null or absent is an empty one."""
    if type(value) is list:
        return value
    if value is None:
        return []
    raise Malformed(f"{path}.{key}", LIST(), value)


def identifier(value: Any, path: str, key: str | None = "id") -> str:
    """`value` as an id: text, not empty, and as Invent sent it.

    A replaced character makes it another id than the one in Invent, so it is refused.
    """
    if type(value) is str and value and "\ufffd" not in value:
        return value
    raise Malformed(f"{path}.{key}" if key else path, ID(), value)


def texts(raw: dict[str, Any], path: str, keys: tuple[str, ...]) -> tuple[str | None, ...]:
    """The values of `raw` at `keys` as text or None; a number becomes its digits."""
    values = tuple(map(raw.get, keys))
    if _TEXT_OR_NULL.issuperset(map(type, values)):
        return values
    return tuple(_text(value, f"{path}.{key}") for key, value in zip(keys, values, strict=True))


def _text(value: Any, path: str) -> str | None:
    if value is None or type(value) is str:
        return value
    if type(value) is int or type(value) is float:
        return str(value)
    raise Malformed(path, TEXT(), value)


def flag(value: Any, path: str, key: str) -> bool:
    """`value` as true or false; null or absent is false."""
    return maybe_flag(value, path, key) or False


def maybe_flag(value: Any, path: str, key: str) -> bool | None:
    """`value` as true, false or not known. Nothing else is guessed at: consent hangs on it."""
    if value is None or value is True or value is False:
        return value
    raise Malformed(f"{path}.{key}", BOOLEAN(), value)


def instant(value: Any) -> datetime | None:
    """An ISO 8601 date-time in UTC (without an offset it is taken as UTC); else None."""
    if type(value) is not str:
        return None
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is UTC:
            return moment
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
