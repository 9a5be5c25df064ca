"""What is written stays as it is: the models refuse, and the database refuses (rule 9)."""

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction

from mergeui.audit import triggers
from mergeui.audit.append_only import AppendOnlyError
from mergeui.audit.models import Entry, Erasure, Payload, Reference
from mergeui.audit.verify import verify
from tests.audit.history import sql, write

pytestmark = pytest.mark.django_db

IN_CODE: dict[str, Callable[[Entry], object]] = {
    "save": lambda entry: entry.save(),
    "save some fields": lambda entry: Entry().save(update_fields=["subject"]),
    "delete": lambda entry: entry.delete(),
    "update": lambda entry: Entry.objects.update(subject="x"),
    "delete all": lambda entry: Entry.objects.all().delete(),
    "bulk update": lambda entry: Entry.objects.bulk_update([entry], ["subject"]),
    "update or create": lambda entry: Entry.objects.update_or_create(number=1),
    "pass over conflicts": lambda entry: Entry.objects.bulk_create([entry], ignore_conflicts=True),
    "overwrite": lambda entry: Entry.objects.bulk_create(
        [entry], update_conflicts=True, update_fields=["subject"], unique_fields=["number"]
    ),
    "base manager": lambda entry: Entry._base_manager.update(subject="x"),
    "payload": lambda entry: Payload.objects.update(data_text="{}"),
    "delete payload": lambda entry: Payload.objects.all().delete(),
    "delete references": lambda entry: Reference.objects.all().delete(),
    "delete marks": lambda entry: Erasure.objects.all().delete(),
}


@pytest.mark.parametrize("change", IN_CODE.values(), ids=IN_CODE)
def test_the_code_refuses(change: Callable[[Entry], object]) -> None:
    entry = write(subject="request:1", personal={"note": "n"})
    with pytest.raises(AppendOnlyError, match="append-only"):
        change(entry)
    assert Entry.objects.get().subject == "request:1"


def test_an_entry_with_a_number_that_exists_overwrites_nothing() -> None:
    entry = write(subject="request:1")
    twin = Entry(**{f.attname: getattr(entry, f.attname) for f in Entry._meta.concrete_fields})
    twin.subject = "request:2"
    with pytest.raises(DatabaseError), transaction.atomic():
        twin.save()
    assert Entry.objects.get().subject == "request:1"


REST = ", ".join(str(f.column) for f in Entry._meta.concrete_fields if not f.primary_key)
EVERYWHERE = [
    "UPDATE audit_entry SET subject = 'x'",
    "DELETE FROM audit_entry",
    "UPDATE audit_payload SET data_text = '{}'",
    "DELETE FROM audit_payload",
    "UPDATE audit_reference SET value = 'x'",
    "DELETE FROM audit_reference",
    f"INSERT INTO audit_entry (number, {REST}) SELECT number + 5, {REST} FROM audit_entry",
]
SQLITE = [
    "INSERT OR REPLACE INTO audit_entry SELECT * FROM audit_entry",
    "INSERT OR REPLACE INTO audit_payload SELECT * FROM audit_payload",
    "UPDATE OR REPLACE audit_entry SET number = 1",
]
POSTGRESQL = [
    "TRUNCATE audit_entry CASCADE",
    "TRUNCATE audit_payload",
    "TRUNCATE audit_reference",
    "TRUNCATE audit_erasure",
    "INSERT INTO audit_entry SELECT * FROM audit_entry ON CONFLICT (number)"
    " DO UPDATE SET subject = 'x'",
]


@pytest.mark.parametrize("statement", EVERYWHERE + SQLITE + POSTGRESQL)
def test_the_database_refuses(statement: str) -> None:
    if statement in (POSTGRESQL if connection.vendor == "sqlite" else SQLITE):
        pytest.skip("the other database's own")
    write(subject="request:1", personal={"note": "n"})
    connection.check_constraints()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql(statement)
    assert verify().entries == 1
    assert verify().holds


def test_the_database_keeps_marks_of_erasure() -> None:
    by = write()
    entry = write()
    Erasure.objects.bulk_create([Erasure(entry=entry, by=by)])
    for statement in ("UPDATE audit_erasure SET by_id = 2", "DELETE FROM audit_erasure"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            sql(statement)
    assert str(Erasure.objects.get()) == "2 erased by 1"


def test_the_triggers_can_be_seen_lifted_and_put_back() -> None:
    assert triggers.missing(connection) == []
    with triggers.lifted(connection):
        assert "audit_entry_delete" in triggers.missing(connection)
    assert triggers.missing(connection) == []
    triggers.install(connection)
    assert triggers.missing(connection) == []


def test_rows_have_names_for_a_shell() -> None:
    write(subject="request:7", personal={"note": "n"})
    assert str(Payload.objects.get()) == "payload of 1"
    assert str(Reference.objects.get()) == "request of 1"
