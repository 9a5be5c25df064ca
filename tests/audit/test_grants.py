"""docs/history.md, PostgreSQL: the app's role can write history and can't unwrite it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from mergeui.audit.erase import erase
from mergeui.audit.verify import verify
from tests.audit.history import a_contact, ana, sql, write

pytestmark = pytest.mark.django_db

DOCS = Path(__file__).parents[2] / "docs" / "history.md"


def grants() -> str:
    """The statements as the page gives them, for the database of the test."""
    found = re.search(r"```sql\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def as_the_app() -> Iterator[None]:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no roles: who may write the file may do anything to it")
    ana()
    sql("CREATE ROLE mergeui_app")
    sql(grants())
    sql("SET ROLE mergeui_app")
    yield
    if not connection.needs_rollback:
        sql("RESET ROLE")


def test_the_role_can_do_its_work(as_the_app: None) -> None:
    write(facts={"primary": "ct_1"}, personal={"contacts": [a_contact()]})
    erase(["ct_1"], by_user=ana())
    result = verify()
    assert result.holds
    assert result.redacted == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET subject = 'x'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry CASCADE",
        "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
        "DROP TRIGGER audit_entry_update ON audit_entry",
        "DROP TABLE audit_entry CASCADE",
        "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN RETURN NEW; END $$",
        "SET session_replication_role = replica",
        "DELETE FROM audit_payload",
        "DELETE FROM audit_erasure",
        "CREATE TABLE audit_entry_2 (id int)",
    ],
)
def test_the_role_can_not_lift_the_guard(as_the_app: None, statement: str) -> None:
    write(personal={"note": "n"})
    refused = pytest.raises(DatabaseError, match=r"permission denied|must be owner|append-only")
    with refused, transaction.atomic():
        sql(statement)
    assert verify().entries == 1
