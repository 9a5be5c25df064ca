"""The rows of the history as they are verified: plain SQL, which an auditor can run as well.

The ORM would take half of the time. The two databases differ in how they write a moment as text.
"""

from collections.abc import Generator
from functools import cache
from typing import Any, NamedTuple

from django.db import connection

BATCH = 10_000  # entries to a query
PORTION = 100  # entries made into objects at a time: more would not stay in the processor's cache

# The bound stands twice, because PostgreSQL would read the payloads from the first one on.
_ROWS = """
SELECT number, CAST({at} AS text), action, COALESCE(CAST(organization_id AS text), ''),
    COALESCE(CAST(actor_id AS text), ''), actor_name, actor_role, address, request_id, subject,
    facts_text, payload_mac, previous_hash, hash, key, data_text
FROM audit_entry
LEFT JOIN audit_payload ON entry_id = number AND entry_id > %s
WHERE number > %s
ORDER BY number
LIMIT %s
"""
_SQLITE = _ROWS.format(at="at")
# Without the zone behind it: else each of a million has to be shortened.
_POSTGRESQL = _ROWS.format(at="at AT TIME ZONE 'UTC'")


class Row(NamedTuple):
    """What is selected of an entry. The loop over a million of them takes it apart unnamed."""

    number: int
    at: str
    action: str
    organization: str
    actor: str
    actor_name: str
    actor_role: str
    address: str
    request_id: str
    subject: str
    facts: str
    payload_mac: str
    previous_hash: str
    hash: str
    key: str | None
    data: str | None


def read(after: int, count: int) -> Generator[tuple[Any, ...], None, None]:
    """The next `count` entries after a number, in order, each as the fields of Row.

    Until the last one is taken, the connection can't be asked anything else. Raises DatabaseError
    for what the database can't read.
    """
    parameters = [after, after, count]
    if connection.vendor == "postgresql":
        yield from _streamed(parameters)
        return
    with connection.cursor() as cursor:
        cursor.execute(_SQLITE, parameters)
        while rows := cursor.fetchmany(PORTION):
            yield from rows


def _streamed(parameters: list[int]) -> Generator[tuple[Any, ...], None, None]:
    """A portion at a time while the server goes on: a third of the time of a whole answer."""
    connection.ensure_connection()
    assert connection.connection is not None  # noqa: S101 - ensured the line before
    with connection.wrap_database_errors, connection.connection.cursor() as cursor:
        yield from cursor.stream(_POSTGRESQL, parameters, size=_portion())


@cache
def _portion() -> int:
    """PORTION where libpq can hand over several rows at once: from version 17 on."""
    from psycopg import pq

    return PORTION if pq.version() >= 170_000 else 1
