"""Lines of the log: one a record whatever is in it, with the id of the request, without data.

The message of an error often names the value that it stumbled over, such as the row that a database
refused, and those belong to people: of an error stand here its class and the places that it came
through, and what it says only where that can't be data.
"""

import json
import logging
import re
import traceback
from datetime import UTC, datetime
from typing import Any

from django.db import InterfaceError, OperationalError

from mergeui import tracing

# What begins a new line in some viewer, or commands a terminal.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
# Who has the link of an invitation may join (web/views/join.py), and Django logs addresses.
_SECRET = re.compile(r"(?<=/join/)[^/\s]+")
# These name what is in the code, or how the connection to the database is.
TELLING = (AttributeError, TypeError, NameError, ImportError, AssertionError, OperationalError,
           InterfaceError)  # fmt: skip


def plain(text: str) -> str:
    """`text` with control characters spelt out; line ends become a bar."""
    spelt = _CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", text.replace("\r", ""))
    return spelt.replace("\n", " | ")


def message_of(record: logging.LogRecord) -> str:
    """What a record says, without the secret part of an address."""
    return _SECRET.sub("***", record.getMessage())


def said_by(error: BaseException) -> str:
    """The class of an error, and its message where that speaks of the program and not of data."""
    name = type(error).__name__
    if isinstance(error, OSError):
        return f"{name}: {error.strerror}" if error.strerror else name
    if isinstance(error, TELLING) or type(error).__module__.startswith("mergeui."):
        return f"{name}: {str(error).partition(chr(10))[0]}"
    return f"{name} (what it says is left out: it may hold somebody's data)"


def trace(error: BaseException | None) -> list[str]:
    """The places that an error came through, the causes first; no values."""
    if error is None:
        return []
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return [*trace(before), *places, said_by(error)]


class Lines(logging.Formatter):
    """A line to read: time, level, logger, message, id of the request."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line, and one for each place of an error."""
        at = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%d %H:%M:%S")
        message = plain(message_of(record))
        request_id = f" [{tracing.current()}]" if tracing.current() else ""
        line = f"{at} {record.levelname} {record.name} {message}{request_id}"
        error = record.exc_info[1] if record.exc_info else None
        return "\n    ".join([line, *map(plain, trace(error))])


class Json(logging.Formatter):
    """A line to be collected: a JSON object, with the fields that collectors expect."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON on one line."""
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": message_of(record),
            "process": record.process,
            "thread": record.threadName,
        }
        if request_id := tracing.current():
            fields["request_id"] = request_id
        if record.exc_info and record.exc_info[1]:
            fields["error"] = trace(record.exc_info[1])
        return json.dumps(fields, ensure_ascii=True)
