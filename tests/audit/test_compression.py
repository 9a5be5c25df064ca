"""How PostgreSQL packs personal data: quickly, where it can, and nothing else changes."""

import pytest
from django.db import connection

from mergeui.audit import compression
from mergeui.audit.verify import verify
from tests.audit.history import write

pytestmark = pytest.mark.django_db


def packed_by() -> str:
    """ "l" for lz4; empty for the server's default, and where nothing is packed."""
    if connection.vendor != "postgresql":
        return ""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attcompression FROM pg_attribute"
            " WHERE attrelid = 'audit_payload'::regclass AND attname = 'data_text'"
        )
        return str(cursor.fetchone()[0])


def test_it_can_be_changed_back_and_forth_while_the_history_stands() -> None:
    at_first = packed_by()
    note()
    compression.prefer_default(connection)
    assert packed_by() == ""
    note()
    compression.prefer_quick(connection)
    assert packed_by() == at_first
    note()
    assert verify().entries == 3


def note() -> None:
    write(personal={"note": "n" * 5_000})
    connection.check_constraints()  # PostgreSQL alters no table while a check is still due


def test_a_server_that_can_not_do_it_stays_as_it_is() -> None:
    before = packed_by()
    compression._say(connection, "a_method_that_nobody_has")
    assert packed_by() == before
    write()
    assert verify().holds
