"""Tampering by somebody who may do anything to the database: each way is found and named."""

import json
from datetime import UTC, datetime
from unittest import mock

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from mergeui.audit import canonical, rows
from mergeui.audit.anchor import Anchor
from mergeui.audit.erase import erase
from mergeui.audit.models import Entry, Erasure, Payload
from mergeui.audit.verify import START, Break, Verification, head, meets, verify
from tests.audit.history import ana, as_the_owner_of_the_database, sql, tamper, write, write_some

pytestmark = pytest.mark.django_db

COLUMNS = ", ".join(str(f.column) for f in Entry._meta.concrete_fields if not f.primary_key)


def broken(result: Verification) -> Break:
    assert not result.holds
    assert result.broken is not None
    return result.broken


def forge(number: int, **changes: object) -> None:
    """Changes an entry and hashes it anew, as somebody would who has read this code."""
    entry = Entry.objects.get(number=number)
    for name, value in changes.items():
        setattr(entry, name, value)
    sql(
        "UPDATE audit_entry SET subject = %s, previous_hash = %s, hash = %s WHERE number = %s",
        entry.subject,
        entry.previous_hash,
        canonical.entry_hash(entry.lines()),
        number,
    )


def delete(*numbers: int) -> None:
    """Deletes entries with all that belongs to them."""
    gone = ", ".join(map(str, numbers))
    with as_the_owner_of_the_database():
        sql(f"DELETE FROM audit_payload WHERE entry_id IN ({gone})")
        sql(f"DELETE FROM audit_reference WHERE entry_id IN ({gone})")
        sql(f"DELETE FROM audit_entry WHERE number IN ({gone})")


def rebuild_from(number: int, **changes: object) -> None:
    """Changes an entry and hashes it and all that follow anew."""
    forge(number, **changes)
    for entry in Entry.objects.filter(number__gt=number).order_by("number"):
        forge(entry.number, previous_hash=Entry.objects.get(number=entry.number - 1).hash)


def test_an_empty_history_holds() -> None:
    assert verify() == Verification(0, START, 0, None)


def test_a_history_that_nobody_touched_holds() -> None:
    last = write_some(7)[-1]
    seen: list[int] = []
    result = verify(progress=seen.append)
    assert result == Verification(7, Anchor(7, last.hash), 0, None)
    assert seen == [7]


@pytest.mark.parametrize("batch", [1, 2, 3, 7])
def test_it_is_read_in_batches(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "BATCH", batch)
    write_some(7)
    assert verify().entries == 7
    delete(2, 4)
    assert broken(verify()) == (2, "missing", "entry 2 is missing")


ONE_BYTE = {
    "at": "2020-01-01 00:00:00.000001",
    "action": "merge_approved",
    "organization_id": 99,
    "actor_id": None,
    "actor_name": "Ana Lopez",
    "actor_role": "admin",
    "address": "192.0.2.8",
    "request_id": "r-2",
    "subject": "request:30",
    "facts_text": '{"after":"proposed","primary":"ct_4"}',
    "payload_mac": "",
    "previous_hash": "1" * 64,
    "hash": "1" * 64,
}


@pytest.mark.parametrize("column", ONE_BYTE)
def test_a_changed_byte_is_found(column: str) -> None:
    write_some(5)
    moment = "+00" if column == "at" and connection.vendor == "postgresql" else ""
    value = f"{ONE_BYTE[column]}{moment}" if moment else ONE_BYTE[column]
    tamper(f"UPDATE audit_entry SET {column} = %s WHERE number = 3", value)
    result = verify()
    assert broken(result)[:2] == (3, "changed")
    assert result.entries == 2
    assert result.head.number == 2


def test_what_moves_from_one_column_to_the_next_is_found() -> None:
    """Only "a" and "b" on a line each are hashed: the border between them must not move."""
    write(subject="a", facts={})
    tamper("UPDATE audit_entry SET request_id = 'r-1' || chr(10) || 'a', subject = ''") if (
        connection.vendor == "postgresql"
    ) else tamper("UPDATE audit_entry SET request_id = 'r-1' || char(10) || 'a', subject = ''")
    assert broken(verify())[:2] == (1, "changed")


def test_what_hides_behind_a_nul_is_found() -> None:
    if connection.vendor == "postgresql":
        pytest.skip("PostgreSQL stores no NUL")
    write_some(2)
    tamper("UPDATE audit_entry SET actor_name = actor_name || char(0) || 'x' WHERE number = 2")
    assert broken(verify())[:2] == (2, "changed")


@pytest.mark.parametrize(
    ("gone", "found"),
    [
        ([1], (1, "missing", "entry 1 is missing")),
        ([4], (4, "missing", "entry 4 is missing")),
        ([2, 3, 4], (2, "missing", "entries 2 to 4 are missing")),
    ],
)
def test_a_deleted_row_is_found(gone: list[int], found: Break) -> None:
    write_some(6)
    delete(*gone)
    assert broken(verify()) == found


def test_a_gap_of_many_batches_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "BATCH", 2)
    write_some(2)
    with as_the_owner_of_the_database():
        sql(
            f"INSERT INTO audit_entry (number, {COLUMNS})"
            f" SELECT 1000000000, {COLUMNS} FROM audit_entry WHERE number = 2"
        )
    assert broken(verify()) == (3, "missing", "entries 3 to 999999999 are missing")


def test_two_swapped_rows_are_found() -> None:
    write_some(6)
    with as_the_owner_of_the_database():
        sql("DELETE FROM audit_payload WHERE entry_id IN (2, 5)")
        sql("DELETE FROM audit_reference WHERE entry_id IN (2, 5)")
        for old, new in ((2, -2), (5, 2), (-2, 5)):
            sql("UPDATE audit_entry SET number = %s WHERE number = %s", new, old)
    number, kind, why = broken(verify())
    assert (number, kind) == (2, "swapped")
    assert why == "what was written as entry 5 is in its place"


def test_an_entry_that_was_hashed_anew_is_found_by_the_next_one() -> None:
    write_some(5)
    with as_the_owner_of_the_database():
        forge(3, subject="request:1")
    result = broken(verify())
    assert result[:2] == (3, "rewritten")
    assert "entry 4 still follows what it was" in result.why


def test_a_fork_is_found() -> None:
    write_some(5)
    with as_the_owner_of_the_database():
        forge(5, previous_hash=Entry.objects.get(number=2).hash)
    assert broken(verify()) == (5, "forked", "it follows entry 2 instead of entry 4")


def test_a_first_entry_that_follows_something_is_found() -> None:
    write()
    with as_the_owner_of_the_database():
        forge(1, previous_hash="a" * 64)
    assert broken(verify())[:2] == (1, "cut")


def test_an_entry_before_the_first_is_found() -> None:
    write()
    tamper(f"INSERT INTO audit_entry (number, {COLUMNS}) SELECT 0, {COLUMNS} FROM audit_entry")
    assert broken(verify())[:2] == (0, "foreign")


def test_a_cut_tail_is_found_by_the_anchor_alone() -> None:
    anchor = Anchor(6, write_some(6)[-1].hash)
    delete(5, 6)
    assert verify().holds
    assert broken(verify(anchors=[anchor]))[:2] == (5, "cut")


def test_a_rebuilt_chain_is_found_by_the_anchor_alone() -> None:
    anchor = Anchor(6, write_some(6)[-1].hash)
    with as_the_owner_of_the_database():
        rebuild_from(3, subject="request:1")
    assert verify().holds
    assert broken(verify(anchors=[anchor]))[:2] == (6, "rewritten")


def test_an_anchor_in_a_gap_is_found() -> None:
    anchor = Anchor(4, write_some(6)[3].hash)
    delete(4)
    assert broken(verify(anchors=[anchor]))[:2] == (4, "missing")


def test_a_restored_backup_is_seen_at_once() -> None:
    assert head() == START
    assert meets(head()) is None
    write_some(4)
    mark = head()
    assert meets(mark) is None
    write()
    assert meets(mark) is None
    delete(4, 5)
    assert meets(mark) == (4, "cut", "the history ends at 3, but entry 4 had been noted")


def test_what_was_verified_need_not_be_read_again() -> None:
    write_some(4)
    first = verify()
    tamper("UPDATE audit_entry SET subject = 'x' WHERE number = 2")
    write()
    assert verify(start=first.head).holds
    assert verify(start=first.head).entries == 1
    tamper("UPDATE audit_entry SET subject = 'x' WHERE number = 5")
    assert broken(verify(start=first.head))[:2] == (5, "changed")
    assert broken(verify(start=Anchor(4, "0" * 64)))[:2] == (4, "rewritten")


PAYLOADS = {
    "changed": "UPDATE audit_payload SET data_text = '{}' WHERE entry_id = 3",
    "key changed": "UPDATE audit_payload SET key = replace(key, 'a', 'b') WHERE entry_id = 3",
    "no key at all": "UPDATE audit_payload SET key = 'x' WHERE entry_id = 3",
    "deleted": "DELETE FROM audit_payload WHERE entry_id = 3",
}


@pytest.mark.parametrize("statement", PAYLOADS.values(), ids=PAYLOADS)
def test_changed_or_lost_personal_data_are_found(statement: str) -> None:
    write_some(5)
    with as_the_owner_of_the_database():
        sql("UPDATE audit_payload SET key = %s WHERE entry_id = 3", "a" * 64)
        payload = Payload.objects.get(entry_id=3)
        entry = Entry.objects.get(number=3)
        entry.payload_mac = canonical.payload_mac(payload.key, payload.data_text)
        sql("UPDATE audit_entry SET payload_mac = %s WHERE number = 3", entry.payload_mac)
        rebuild_from(3)
        assert verify().holds
        sql(statement)
    assert broken(verify())[:2] == (3, "payload")


def test_personal_data_put_beside_an_entry_without_any_are_found() -> None:
    write_some(2)
    sql("INSERT INTO audit_payload (entry_id, key, data_text) VALUES (2, %s, '{}')", "a" * 64)
    assert broken(verify())[:2] == (2, "payload")


def test_a_mark_without_its_entry_excuses_nothing() -> None:
    write_some(3)
    by = write()
    Erasure.objects.bulk_create([Erasure(entry_id=3, by=by)])
    Payload.objects.filter(entry_id=3).erase()
    assert broken(verify())[:2] == (3, "payload")


def test_of_two_breaks_in_a_batch_the_first_is_named() -> None:
    """What is gone is looked at when a batch is read; what comes after it must not hide it."""
    before = write_some(6)[1]
    with as_the_owner_of_the_database():
        sql("DELETE FROM audit_payload WHERE entry_id = 3")
        sql("UPDATE audit_payload SET data_text = '{}' WHERE entry_id = 5")
        sql("UPDATE audit_entry SET subject = 'x' WHERE number = 6")
    result = verify()
    assert broken(result)[:2] == (3, "payload")
    assert (result.entries, result.head) == (2, Anchor(2, before.hash))


def test_of_many_that_are_gone_the_one_that_no_erasure_names_is_found() -> None:
    write_some(9)
    erase(["ct_1", "ct_3", "ct_5"], by_user=ana())
    erase(["ct_7"], by_user=ana())
    assert (verify().holds, verify().redacted) == (True, 4)
    delete_payload = "DELETE FROM audit_payload WHERE entry_id = 9"
    tamper(delete_payload)
    result = verify()
    assert broken(result)[:2] == (9, "payload")
    assert result.redacted == 4


@pytest.mark.parametrize("fraction", [0, 1, 123, 120_000, 123_400, 123_456, 999_999])
def test_every_moment_is_hashed_as_it_was(fraction: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL leaves the zeros of a fraction out, SQLite the whole of one that is none."""
    at = datetime(2099, 1, 1, 0, 0, 0, fraction, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: at)
    write()
    assert verify().holds


def test_what_a_database_can_not_even_read_is_found() -> None:
    write_some(5)
    if connection.vendor == "sqlite":
        tamper("UPDATE audit_entry SET subject = CAST(X'ff41' AS text) WHERE number = 4")
        assert broken(verify())[:2] == (4, "unreadable")
    read = rows.read

    def damaged(after: int, count: int) -> object:
        if after < 2 <= after + count:
            raise DatabaseError("disk I/O error")
        return read(after, count)

    with mock.patch.object(rows, "read", damaged):
        result = verify()
    assert broken(result) == (2, "unreadable", "the database can't read it: disk I/O error")
    assert result.entries == 1


def test_what_can_be_read_on_a_second_try_is_no_break() -> None:
    write_some(3)
    read = rows.read
    tries: list[int] = []

    def late(after: int, count: int) -> object:
        tries.append(count)
        if len(tries) == 1:
            raise DatabaseError("interrupted")
        return read(after, count)

    with mock.patch.object(rows, "read", late):
        assert verify().entries == 3


def test_facts_that_are_no_object_break_no_page() -> None:
    write()
    tamper("UPDATE audit_entry SET facts_text = %s", json.dumps([1]))
    assert Entry.objects.get().facts == {}
    tamper("UPDATE audit_entry SET facts_text = %s", "{no json")
    assert Entry.objects.get().facts == {}
