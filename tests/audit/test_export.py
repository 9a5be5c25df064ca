"""The export: every entry, exactly, one at a time, and nothing in it runs in a spreadsheet."""

import csv
import gc
import io
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from unittest import mock

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from mergeui.audit import canonical, export
from mergeui.audit.actions import Action
from mergeui.audit.describe import describe
from mergeui.audit.erase import erase
from mergeui.audit.export import everything, harmless, rows
from mergeui.audit.models import Entry, Payload
from tests.audit.history import ana, write, write_some

pytestmark = pytest.mark.django_db


def exported(*arguments: str) -> str:
    out = io.StringIO()
    call_command("export_audit", *arguments, stdout=out)
    return out.getvalue()


def test_jsonl_has_everything_exactly() -> None:
    odd = {"note": 'línea\u2028 "x"', "float": 1e-7, "big": 2**70, "names": {"ct_1": "Ana"}}
    entry = write(subject="request:1", facts={"primary": "ct_1"}, personal=odd)
    write(Action.SYNCED)
    first, second = exported("--format", "jsonl").splitlines()
    line = json.loads(first)
    assert line["number"] == 1
    assert datetime.fromisoformat(line["at"]) == entry.at
    assert line["facts"] == {"primary": "ct_1"}
    assert line["personal"] == odd
    assert line["hash"] == entry.hash
    assert line["actor_name"] == "Ana López"
    assert Payload.objects.get().data_text in first
    assert json.loads(second)["personal"] is None
    assert json.loads(second)["previous_hash"] == entry.hash


def test_an_exported_line_proves_itself() -> None:
    """An auditor with the file alone can follow the chain."""
    write_some(3)
    for text in exported("--format", "jsonl").splitlines():
        line = json.loads(text)
        at = datetime.fromisoformat(line["at"]).strftime("%Y-%m-%d %H:%M:%S.%f")
        ids = (str(line[key] or "") for key in ("organization", "actor"))
        texts = (line[k] for k in ("actor_name", "actor_role", "address", "request_id", "subject"))
        facts = canonical.json_text(line["facts"])
        mac, previous = line["payload_mac"], line["previous_hash"]
        lines = ["1", str(line["number"]), at, line["action"], *ids, *texts, facts, mac, previous]
        assert canonical.entry_hash("\n".join(lines)) == line["hash"]


def test_csv_has_a_sentence_for_each_entry() -> None:
    entry = write(subject="request:1", facts={"primary": "ct_1", "sources": ["ct_2"]})
    found = list(csv.DictReader(io.StringIO(exported("--format", "csv"), newline="")))
    assert len(found) == 1
    assert found[0]["number"] == "1"
    assert found[0]["sentence"] == describe(entry)
    assert found[0]["actor"] == "Ana López"
    assert found[0]["erased"] == ""


def test_what_was_erased_says_so() -> None:
    write(facts={"primary": "ct_1"}, personal={"note": "n"})
    erase(["ct_1"], by_user=ana())
    assert json.loads(exported("--format", "jsonl").splitlines()[0])["erased"] is True
    first, _ = csv.DictReader(io.StringIO(exported("--format", "csv")))
    assert first["erased"] == "yes"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "＝", "＠"])
def test_no_cell_is_taken_for_a_formula(start: str) -> None:
    assert harmless(f"{start}1+1") == f"'{start}1+1"


def test_other_cells_stay_as_they_are() -> None:
    for cell in ("", "a=b", "Ana -", "'=1"):
        assert harmless(cell) == cell


def test_a_hostile_name_is_harmless_in_the_file() -> None:
    user = ana().user
    assert user is not None
    user.first_name, user.last_name = "=HYPERLINK(1)", ""
    user.save()
    write(Action.SIGNED_IN)
    found = list(csv.DictReader(io.StringIO(exported("--format", "csv"))))
    assert found[0]["actor"] == "'=HYPERLINK(1)"
    assert found[0]["sentence"].startswith("'=")


def test_since_and_until() -> None:
    days = [datetime(2031, 5, day, 12, tzinfo=UTC) for day in (1, 2, 3)]
    for moment in days:
        with mock.patch("mergeui.audit.log.timezone.now", return_value=moment):
            write()

    def found(*arguments: str) -> list[int]:
        text = exported("--format", "jsonl", *arguments)
        return [json.loads(line)["number"] for line in text.splitlines()]

    assert found("--since", "2031-05-02") == [2, 3]
    assert found("--until", "2031-05-03") == [1, 2]
    assert found("--since", "2031-05-02T12:00:00", "--until", "2031-05-03T14:00:00+02:00") == [2]
    assert found("--since", "2032-01-01") == []


@pytest.mark.parametrize("bad", ["", "yesterday", "2031-13-01", "2031-02-30", "01.05.2031", "nan"])
def test_a_bad_date_is_refused_in_one_line(bad: str) -> None:
    with pytest.raises(CommandError) as refused:
        exported("--format", "csv", "--since", bad)
    assert str(refused.value).startswith("--since: got")
    assert "\n" not in str(refused.value)


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(CommandError, match="--format"):
        exported("--format", "xml")
    with pytest.raises(KeyError):
        rows([], "xml")


def test_batches_follow_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "BATCH", 2)
    write_some(5)
    assert [entry.number for entry in everything()] == [1, 2, 3, 4, 5]


def test_no_more_than_a_batch_is_ever_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "BATCH", 2)
    write_some(9)

    def alive() -> int:
        gc.collect()  # entry and payload point at each other
        return sum(type(thing) is Entry for thing in gc.get_objects())

    before = alive()
    held = [alive() - before for _ in rows(everything(), "jsonl")]
    assert len(held) == 9
    assert max(held) <= 2 * 2


def test_nothing_is_read_before_it_is_wanted() -> None:
    def endless() -> Iterator[Entry]:
        entry = Entry(number=1, at=datetime(2031, 1, 1, tzinfo=UTC), facts_text="{}")
        return itertools.repeat(entry)

    for form in ("csv", "jsonl"):
        assert len(list(itertools.islice(rows(endless(), form), 5))) == 5


def test_a_pipe_that_closes_ends_the_command() -> None:
    write()
    closed = mock.Mock(isatty=lambda: False, write=mock.Mock(side_effect=BrokenPipeError))
    with mock.patch("os.dup2") as put_in_place:
        call_command("export_audit", "--format", "csv", stdout=closed)
    put_in_place.assert_called_once()


@pytest.mark.django_db(transaction=True)
def test_a_reader_that_has_enough_ends_it_quietly() -> None:
    with transaction.atomic():
        for _ in range(20):
            write(personal={"note": "x" * 10_000})  # in all more than a pipe takes at once
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "mergeui.settings"}
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        environment["DATABASE_URL"] = f"sqlite:///{database['NAME']}"
    else:
        environment["DATABASE_URL"] = environment["DATABASE_URL"].rsplit("/", 1)[0] + (
            f"/{database['NAME']}"
        )
    command = f"{sys.executable} manage.py export_audit --format jsonl | head -1"
    done = subprocess.run(
        ["/bin/sh", "-c", command], capture_output=True, text=True, env=environment, check=True
    )
    assert json.loads(done.stdout)["number"] == 1
    assert done.stderr == ""
