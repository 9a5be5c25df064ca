"""Reading settings from the environment, with one clear line for a bad value.

interface.md, Environment: "A bad value stops the start with one line that names the variable, what
it got and what it takes." A library would give its own words, so these few parsers are ours.
"""

import os
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}


def read(
    name: str, default: T, parse: Callable[[str], T], takes: str, *, secret: bool = False
) -> T:
    """The parsed value of the variable `name`, or `default` when it is not set.

    Ends the program with one line on standard error when `parse` raises ValueError. The value
    itself is left out of that line for a `secret`, and where an @ may end a password.
    """
    raw = os.environ.get(name)
    if raw is None:
        return default
    try:
        return parse(raw.strip())
    except ValueError:
        got = "a value that is not shown" if secret or "@" in raw else repr(raw[:100])
        raise SystemExit(f"{name}: got {got}, but it takes {takes}.") from None


def boolean(name: str, *, default: bool) -> bool:
    """A switch: on or off, in the usual spellings."""

    def parse(raw: str) -> bool:
        if raw.lower() in TRUE | FALSE:
            return raw.lower() in TRUE
        raise ValueError

    return read(name, default, parse, "on or off (1, true, yes; 0, false, no)")


def integer(name: str, default: int, *, low: int, high: int, unit: str) -> int:
    """A whole number from `low` to `high`."""

    def parse(raw: str) -> int:
        # int() would take 1_0 and the digits of every script too.
        if not (raw.isascii() and raw.isdigit() and low <= int(raw) <= high):
            raise ValueError
        return int(raw)

    return read(name, default, parse, f"a whole number of {unit} from {low} to {high}")


def choice(name: str, default: str, options: tuple[str, ...]) -> str:
    """One word out of `options`."""

    def parse(raw: str) -> str:
        if raw not in options:
            raise ValueError
        return raw

    return read(name, default, parse, f"one of {', '.join(options)}")


def words(raw: str) -> list[str]:
    """The words of a list that is separated by commas."""
    return [word.strip() for word in raw.split(",") if word.strip()]
