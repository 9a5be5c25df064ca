"""The history in a table a month: the same numbers, hashes, refusals and answers as in one."""

from datetime import UTC, datetime
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from mergeui.audit import lookup, partitions, triggers
from mergeui.audit.erase import erase
from mergeui.audit.export import everything
from mergeui.audit.models import Entry, Payload
from mergeui.audit.partitions import parted, turn_the_month
from mergeui.audit.verify import verify
from mergeui.merging.worker import watch_history
from tests.audit.history import a_contact, ana, our_team, sql, write, write_some
from tests.audit.test_grants import grants

pytestmark = pytest.mark.django_db
LONG_AGO = datetime(2025, 1, 7, 8, tzinfo=UTC)


@pytest.fixture
def history() -> list[str]:
    """Seven entries of one table, which is parted then; their hashes."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no partitions")
    with patch("django.utils.timezone.now", lambda: LONG_AGO):
        hashes = [entry.hash for entry in write_some(7)]
        call_command("partition_history")
    return hashes


def parts(table: str = "audit_entry") -> dict[str, int]:
    """Each part and how many rows it has."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass"
            " ORDER BY 1",
            [table],
        )
        names = [name for (name,) in cursor.fetchall()]
        rows = {}
        for name in names:
            cursor.execute(f"SELECT count(*) FROM {name}")
            rows[name] = int(cursor.fetchone()[0])
    return rows


def write_in(year: int, month: int, count: int = 2) -> None:
    """Entries of a month, about one contact."""
    with patch("django.utils.timezone.now", lambda: datetime(year, month, 9, tzinfo=UTC)):
        for _ in range(count):
            write(facts={"primary": "ct_x"}, personal={"contacts": [a_contact("ct_x")]})


def test_numbers_and_hashes_stay_and_the_chain_goes_on(history: list[str]) -> None:
    assert parted()
    assert list(Entry.objects.order_by("number").values_list("hash", flat=True)) == history
    write_in(2025, 1)
    assert parts() == {"audit_entry_before": 7, "audit_entry_open": 2}
    assert parts("audit_payload") == {"audit_payload_before": 4, "audit_payload_open": 2}
    found = verify()
    assert (found.broken, found.entries) == (None, 9)
    assert triggers.missing(connection) == []


def test_each_month_that_is_over_is_closed_once(history: list[str]) -> None:
    for month in (1, 2):
        write_in(2025, month)
        assert turn_the_month() == f"2025_{month:02}"
        assert turn_the_month() == ""
    write_in(timezone.now().year + 1, 1)
    assert turn_the_month() == ""  # that month is not over
    assert parts() == {
        "audit_entry_2025_01": 2, "audit_entry_2025_02": 2,
        "audit_entry_before": 7, "audit_entry_open": 2,
    }  # fmt: skip
    assert list(parts("audit_payload").values()) == [2, 2, 4, 2]
    assert verify().entries == 13
    assert triggers.missing(connection) == []


def test_the_worker_turns_the_month(history: list[str]) -> None:
    write_in(2025, 1)
    watch_history()
    assert "audit_entry_2025_01" in parts()


def test_no_part_can_be_changed_either(history: list[str]) -> None:
    write_in(2025, 1)
    turn_the_month()
    others = "at, action, actor_name, actor_role, address, request_id, subject, facts_text"
    hashes = "payload_mac, previous_hash, hash"
    for name in ("audit_entry", "audit_entry_before", "audit_entry_2025_01"):
        for statement in (
            "UPDATE {} SET subject = 'x'",
            "DELETE FROM {}",
            "TRUNCATE {} CASCADE",
            f"INSERT INTO {{}} (number, {others}, {hashes})"
            f" SELECT 8, {others}, {hashes} FROM audit_entry WHERE number = 1",
            f"INSERT INTO {{}} (number, {others}, {hashes})"
            f" SELECT 20, {others}, {hashes} FROM audit_entry WHERE number = 1",
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                sql(statement.format(name))
    assert verify().entries == 9


def test_no_personal_data_go_without_an_erasure(history: list[str]) -> None:
    write_in(2025, 1)
    for name in ("audit_payload", "audit_payload_before", "audit_payload_open"):
        for statement in ("UPDATE {} SET key = 'x'", "DELETE FROM {}", "TRUNCATE {}"):
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                sql(statement.format(name))


def test_personal_data_of_no_entry_are_refused(history: list[str]) -> None:
    with pytest.raises(DatabaseError, match="there is no entry 99"), transaction.atomic():
        Payload(entry_id=99, key="k", data_text="{}").save()


def test_what_was_found_and_exported_still_is(history: list[str]) -> None:
    write_in(2025, 1)
    turn_the_month()
    write_in(2025, 2)
    found = lookup.entries(our_team(), contact="ct_x")
    assert [entry.number for entry in found] == [11, 10, 9, 8]
    assert [entry.number for entry in everything()] == list(range(1, 12))
    erase(["ct_x", "ct_1"], by_user=ana())
    result = verify()
    assert (result.holds, result.redacted) == (True, 5)


def test_a_look_up_reads_the_parts_it_asks_for(history: list[str]) -> None:
    write_in(2025, 1)
    turn_the_month()
    plan = Entry.objects.filter(number=9).explain()
    assert " on audit_entry_2025_01 " in plan
    assert " on audit_entry_before " not in plan
    assert " on audit_entry_open " not in plan


def test_the_app_turns_the_month_though_it_may_not_alter_a_table(history: list[str]) -> None:
    ana()
    sql("CREATE ROLE mergeui_app")
    sql(grants())
    sql("SET ROLE mergeui_app")
    write_in(2025, 1)

    assert turn_the_month() == "2025_01"
    write_in(2025, 2)

    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        sql("TRUNCATE audit_entry_2025_01")
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        sql("DELETE FROM audit_entry_before")
    assert verify().entries == 11
    sql("RESET ROLE")


def test_a_part_without_its_guard_is_missed(history: list[str]) -> None:
    sql("DROP TRIGGER audit_entry_truncate ON audit_entry_before")
    assert triggers.missing(connection) == ["audit_entry_truncate on audit_entry_before"]


def test_a_reader_who_takes_long_puts_it_off(
    history: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(question: str) -> object:
        if "turn" in question:
            raise OperationalError("canceling statement due to lock timeout")
        return True

    monkeypatch.setattr(partitions, "_asked", busy)
    assert turn_the_month() == ""


def test_it_is_parted_once(history: list[str]) -> None:
    with pytest.raises(CommandError, match="already"):
        call_command("partition_history")


def test_sqlite_has_no_partitions() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("this one has")
    assert turn_the_month() == ""
    with pytest.raises(CommandError, match="Only PostgreSQL"):
        call_command("partition_history")


def test_what_the_database_refuses_is_said_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise DatabaseError("must be owner of table audit_entry\nmore")

    monkeypatch.setattr("mergeui.audit.management.commands.partition_history.part", refused)
    with pytest.raises(CommandError, match=r"^Nothing was changed: must be owner of .*entry$"):
        call_command("partition_history")


def test_an_index_is_added_to_each_part(history: list[str]) -> None:
    """As a new version does, whose migration finds a history with parts."""
    write_in(2025, 1)
    turn_the_month()
    loader = MigrationLoader(connection, replace_migrations=False)
    before = loader.project_state(("audit", "0004_quick_compression"))
    migration = loader.get_migration("audit", "0005_what_an_operator_did")
    with connection.schema_editor() as editor:
        editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        migration.unapply(before.clone(), editor)
    assert indexed("entry_by_deed") == {}
    assert set(indexed("entry_by_actor")) == {*parts(), "audit_entry"}

    with connection.schema_editor() as editor:
        # What a run that was broken off has left.
        editor.execute("CREATE INDEX audit_entry_open_entry_by_deed ON audit_entry_open (number)")
        migration.apply(before.clone(), editor)

    for name in ("entry_by_deed", "entry_by_operator"):
        assert indexed(name) == {**dict.fromkeys(parts(), True), "audit_entry": True}
    assert indexed("entry_by_actor") == {}
    write_in(2025, 2)
    assert turn_the_month() == "2025_02"
    assert indexed("entry_by_deed") == {**dict.fromkeys(parts(), True), "audit_entry": True}


def indexed(name: str) -> dict[str, bool]:
    """The tables that an index of the whole is made of, itself too, and whether it counts there."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT x.indrelid::regclass::text, x.indisvalid AND x.indisready FROM pg_index x"
            " JOIN pg_class c ON c.oid = x.indexrelid LEFT JOIN pg_inherits i ON i.inhrelid = c.oid"
            " WHERE c.relname = %s OR i.inhparent = to_regclass(%s)",
            [name, name],
        )
        return dict(cursor.fetchall())
