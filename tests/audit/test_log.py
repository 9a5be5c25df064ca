"""Writing the history: `record`."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from mergeui.accounts.models import Role
from mergeui.audit import canonical
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.canonical import json_text
from mergeui.audit.inserting import AT_ONCE
from mergeui.audit.log import OutsideTransaction, append_all, entries_last, prepare, record
from mergeui.audit.models import Entry, Kind, Payload, Reference
from mergeui.audit.references import Ref
from mergeui.audit.verify import verify
from mergeui.review.decisions import dismiss
from tests.audit.history import a_contact, ana, our_team, write
from tests.contacts import contact, email, whatsapp
from tests.desk import Desk, actor

pytestmark = pytest.mark.django_db

# Two for a savepoint; the end of the chain, with the lock; three tables, together on PostgreSQL.
AT_MOST = {"sqlite": 6, "postgresql": 4}


def test_an_entry_says_who_did_what_when_and_to_what() -> None:
    before = timezone.now()
    number = write(
        subject="request:12",
        facts={"group": 3, "after": "proposed"},
        personal={"note": "same person"},
    ).number

    entry = Entry.objects.select_related("payload", "actor", "organization").get(number=number)
    assert before <= entry.at <= timezone.now()
    assert entry.action == Action.MERGE_REQUESTED
    assert entry.action_label == "Merge asked for"
    assert entry.organization == our_team()
    assert entry.actor == ana().user
    assert (entry.actor_name, entry.actor_role) == ("Ana López", "operator")
    assert (entry.address, entry.request_id) == ("192.0.2.7", "r-1")
    assert (entry.subject_kind, entry.subject_id, entry.request_pk) == ("request", "12", 12)
    assert entry.group_pk == 3
    assert entry.facts == {"group": 3, "after": "proposed"}
    assert entry.personal == {"note": "same person"}
    assert not entry.is_erased
    assert str(entry) == f"{number} merge_requested request:12"


def test_nobody_in_person_is_the_system() -> None:
    entry = write(Action.SYNCED, by_user=Actor.system(None))
    assert (entry.actor_name, entry.actor_role) == ("The system", "system")
    assert entry.organization_id is None
    assert entry.actor_id is None
    assert entry.request_pk is None
    assert entry.group_pk is None
    assert entry.personal == {}


def test_each_entry_follows_the_one_before() -> None:
    first, second, third = write(), write(), write()
    assert [first.number, second.number, third.number] == [1, 2, 3]
    assert first.previous_hash == canonical.GENESIS
    assert second.previous_hash == first.hash
    assert third.previous_hash == second.hash


def test_the_hash_is_the_sha256_of_fourteen_plain_lines() -> None:
    """docs/history.md tells auditors so; they check it with their own tools."""
    entry = write(subject="request:1", facts={"b": 1, "a": "é"})
    lines = entry.lines().split("\n")
    assert len(lines) == canonical.LINES
    assert lines[:2] == ["1", "1"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", lines[2])
    assert lines[11] == '{"a":"\\u00e9","b":1}'
    assert canonical.entry_hash("\n".join(lines)) == entry.hash


@pytest.mark.django_db(transaction=True)
def test_outside_of_a_transaction_nothing_is_written() -> None:
    with pytest.raises(OutsideTransaction):
        record(Action.SYNCED, by_user=Actor.system(None))


def test_state_that_rolls_back_takes_its_history_along_and_leaves_no_gap() -> None:
    def fail_after_recording() -> None:
        with transaction.atomic():
            record(Action.MERGE_APPROVED, by_user=ana(), personal={"note": "x"})
            raise ZeroDivisionError

    write()
    with pytest.raises(ZeroDivisionError):
        fail_after_recording()
    assert write().number == 2
    assert verify().holds


def test_a_failure_that_is_caught_does_not_leave_the_state_without_its_history() -> None:
    """Nobody can commit what belongs to an entry that was not written."""
    taken = (1, canonical.GENESIS, timezone.now())

    def go_on_all_the_same() -> None:
        with transaction.atomic():
            with mock.patch("mergeui.audit.log._next", return_value=taken), suppress(DatabaseError):
                record(Action.MERGE_APPROVED, by_user=ana())
            Entry.objects.count()

    write()
    with pytest.raises(transaction.TransactionManagementError):
        go_on_all_the_same()
    assert Entry.objects.count() == 1


def test_nothing_is_put_together_while_others_wait() -> None:
    """Between BEGIN and COMMIT there are the statements alone: texts and MACs are ready by then."""
    desk = Desk(contact("Ana", whatsapp("+15550101")), contact("Ana", whatsapp("+15550101")))
    desk.sync()
    inside: list[bool] = []

    def watched(value: object) -> str:
        inside.append(connection.in_atomic_block and len(connection.savepoint_ids) > depth)
        return json_text(value)

    depth = len(connection.savepoint_ids)
    with mock.patch("mergeui.audit.canonical.json_text", side_effect=watched):
        dismiss(desk.group(), by_user=actor(Role.OPERATOR), note="brothers")

    assert inside == [False, False]  # facts and personal data


def test_more_references_than_a_statement_takes() -> None:
    many = [contact("Ana", email(f"ana{n}@example.com")) for n in range(AT_ONCE)]

    entry = write(personal={"contacts": many})

    assert Reference.objects.filter(entry=entry, kind=Kind.CONTACT).count() == AT_ONCE
    assert Reference.objects.filter(entry=entry, kind=Kind.EMAIL).count() == AT_ONCE
    assert verify().holds


def test_time_never_goes_back_when_the_clock_does() -> None:
    later = timezone.now() + timedelta(hours=1)
    with mock.patch("mergeui.audit.log.timezone.now", return_value=later):
        write()
    assert write().at == later


def test_a_whole_second_verifies_too() -> None:
    """SQLite leaves out a fraction of zero, PostgreSQL its last zeros."""
    for microsecond in (0, 120_000, 7):
        moment = datetime(2031, 5, 6, 7, 8, 9, microsecond, UTC) + timedelta(microsecond)
        with mock.patch("mergeui.audit.log.timezone.now", return_value=moment):
            write()
    assert verify().entries == 3
    assert verify().holds


HOSTILE = {
    "nul": "a\x00b",
    "half a character": "\ud83d alone",
    "direction": "\u202eevil",
    "emoji": "👩‍👩‍👧",
    "number": 10**40,
    "float": 0.1 + 0.2,
    "none": None,
    "not a number": float("nan"),
    "endless": float("-inf"),
    "deep": [{"a": [1, {"b": "\x00"}]}],
    3: "a key that is no text",
    "when": datetime(2026, 1, 2, tzinfo=UTC),
    "set": {"b", "a"},
    "object": re.compile("x"),
}


def test_anything_that_a_stranger_sends_is_stored_and_verifies() -> None:
    write(
        subject="contact:line\nbreak\x00\ud800",
        facts=HOSTILE,
        personal=HOSTILE,
        references=[Ref(Kind.NAME, "x" * 200)],
    )
    assert verify().holds

    entry = Entry.objects.select_related("payload").get()
    assert entry.subject == "contact:line break \ufffd"
    assert entry.facts == entry.personal
    assert entry.facts["nul"] == "a\ufffdb"
    assert entry.facts["half a character"] == "\ufffd alone"
    assert entry.facts["number"] == 10**40
    assert entry.facts["float"] == 0.1 + 0.2
    assert entry.facts["not a number"] == "nan"
    assert entry.facts["3"] == "a key that is no text"
    assert entry.facts["set"] == ["a", "b"]


def test_an_actor_with_an_endless_name_is_cut_not_refused() -> None:
    actor = Actor(organization=our_team(), role="x" * 500, address="y" * 500, request_id="z" * 500)
    entry = write(by_user=actor, subject="s" * 999)
    assert [len(entry.actor_role), len(entry.address), len(entry.subject)] == [40, 100, 300]
    assert verify().holds


def test_an_entry_is_found_by_its_subject_its_contacts_and_its_names() -> None:
    entry = write(
        subject="request:12",
        facts={"group": 3, "primary": "ct_1", "sources": ["ct_2"]},
        personal={
            "contacts": [a_contact("ct_1", "Ána GARCÍA", user_id="+34 600 111 222")],
            "names": {"ct_2": "Ana G."},
        },
        references=[Ref(Kind.EMAIL, "ana@example.com")],
    )
    found = set(Reference.objects.filter(entry=entry).values_list("kind", "value"))
    assert found == {
        ("request", "12"),
        ("group", "3"),
        ("contact", "ct_1"),
        ("contact", "ct_2"),
        ("name", "ana"),
        ("name", "garcia"),
        ("name", "g"),
        ("user_id", "+34 600 111 222"),
        ("phone", "600111222"),
        ("phone", "0111222"),
        ("email", "ana@example.com"),
    }


def test_without_an_organisation_nothing_refers_to_it() -> None:
    write(by_user=Actor.system(None), subject="request:1")
    assert not Reference.objects.exists()


def test_no_payload_without_personal_data() -> None:
    entry = write(facts={"after": "proposed"}, personal={})
    assert entry.payload_mac == ""
    assert not Payload.objects.exists()


def test_an_entry_costs_few_queries(django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    actor = ana()
    with django_assert_max_num_queries(AT_MOST[connection.vendor]):
        write(by_user=actor, subject="request:1", personal={"contacts": [a_contact()]})


def test_several_go_in_as_one_by_one_in_the_statements_of_one(
    django_assert_max_num_queries,  # type: ignore[no-untyped-def]
) -> None:
    actor = ana()
    first = prepare(Action.MERGE_REQUESTED, by_user=actor, personal={"contacts": [a_contact()]})
    then = prepare(Action.MERGE_PASSED, by_user=actor, facts={"primary": "ct_1"})
    with django_assert_max_num_queries(AT_MOST[connection.vendor]), transaction.atomic():
        entries = append_all([first, then], subject="request:12")
    assert list(Entry.objects.order_by("number").values_list("action", "subject")) == [
        ("merge_requested", "request:12"),
        ("merge_passed", "request:12"),
    ]
    found = Reference.objects.filter(kind=Kind.REQUEST, value="12")
    assert set(found.values_list("entry", flat=True)) == {entry.number for entry in entries}
    assert Payload.objects.get().entry == entries[0]
    assert verify().holds


@pytest.mark.django_db(transaction=True)
def test_fifty_writers_make_one_chain() -> None:
    actor = ana()

    def one(number: int) -> None:
        try:
            for step in range(2):
                write(by_user=actor, subject=f"request:{number}", personal={"step": step})
        finally:
            connection.close()

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(one, range(50)))

    numbers = list(Entry.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, 101))
    result = verify()
    assert result.holds
    assert result.entries == 100


@given(key=st.binary(max_size=64), data=st.text(st.characters(codec="utf-8"), max_size=300))
def test_the_quick_hmac_is_the_hmac(key: bytes, data: str) -> None:
    assert canonical.quick_mac(key.hex(), data) == canonical.payload_mac(key.hex(), data)


@pytest.mark.parametrize("key", ["x", "ab" * 65])
def test_what_can_not_be_a_key_is_none(key: str) -> None:
    with pytest.raises(ValueError, match=r"hexadecimal|longer than a block"):
        canonical.quick_mac(key, "")


def test_entries_last_are_written_at_the_end_in_their_order() -> None:
    before = Entry.objects.count()

    with entries_last():
        write(subject="request:1")
        with entries_last():
            write(subject="request:2")
        write(subject="request:3")
        assert Entry.objects.count() == before

    found = Entry.objects.order_by("number").values_list("subject", flat=True)
    assert list(found)[before:] == ["request:1", "request:2", "request:3"]
    assert verify().holds
    write(subject="request:4")
    assert Entry.objects.latest("number").subject == "request:4"


def test_what_was_taken_back_leaves_no_entry() -> None:
    before = Entry.objects.count()

    with suppress(ValueError), entries_last():
        write(subject="request:1")
        raise ValueError
    with entries_last():
        write(subject="request:2")
        with suppress(ValueError), entries_last():
            write(subject="request:3")
            raise ValueError

    found = Entry.objects.order_by("number").values_list("subject", flat=True)
    assert list(found)[before:] == ["request:2"]
