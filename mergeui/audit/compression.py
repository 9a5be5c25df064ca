"""Personal data are compressed by PostgreSQL; verifying a long history unpacks all of them."""

from contextlib import suppress

from django.db import DatabaseError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

_SET = "ALTER TABLE audit_payload ALTER COLUMN data_text SET COMPRESSION "


def prefer_quick(connection: BaseDatabaseWrapper) -> None:
    """Has new payloads packed by lz4, which takes a third of the server's share off verifying.

    What is there stays as it is, and so does all on a server that was built without lz4 or is older
    than version 14. Bytes are the same: how they are packed is below what is hashed.
    """
    _say(connection, "lz4")


def prefer_default(connection: BaseDatabaseWrapper) -> None:
    """As the server has it by itself."""
    _say(connection, "default")


def _say(connection: BaseDatabaseWrapper, method: str) -> None:
    if connection.vendor != "postgresql":
        return
    with suppress(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SET + method)
