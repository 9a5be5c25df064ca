"""`manage.py verify_audit` (interface.md, Commands)."""

import io
import json
from pathlib import Path
from unittest import mock

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

from mergeui.audit import triggers
from mergeui.audit.erase import erase
from mergeui.audit.verify import verify
from tests.audit.history import (
    a_contact,
    ana,
    as_the_owner_of_the_database,
    sql,
    tamper,
    write,
    write_some,
)

COMMAND = "mergeui.audit.management.commands.verify_audit"

pytestmark = pytest.mark.django_db


def verified(*arguments: str) -> str:
    out = io.StringIO()
    call_command("verify_audit", *arguments, stdout=out)
    return out.getvalue()


def broken(*arguments: str) -> str:
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("verify_audit", *arguments, stdout=out)
    assert ended.value.code == 1
    return out.getvalue()


def test_a_history_that_holds() -> None:
    last = write_some(5)[-1]
    write(facts={"primary": "ct_9"}, personal={"contacts": [a_contact("ct_9")]})
    mark = erase(["ct_9"], by_user=ana())
    assert verified().splitlines() == [
        "The history holds.",
        "Entries: 7",
        f"Head: 7 {mark.hash}",
        "Erased payloads: 1",
    ]
    assert mark.number == last.number + 2


def test_an_empty_history_holds() -> None:
    assert verified().startswith("The history holds.\nEntries: 0\nHead: 0 000")


def test_a_broken_history_names_the_first_break() -> None:
    write_some(5)
    tamper("UPDATE audit_entry SET subject = 'request:9' WHERE number IN (3, 4)")
    said = broken().splitlines()
    assert said[0] == (
        "The history is broken at entry 3: its content is not what was hashed (changed)."
    )
    assert said[1] == "Entries that hold before the break: 2"


def test_an_anchor_is_written_met_and_moved_on(tmp_path: Path) -> None:
    path = tmp_path / "anchor.json"
    write_some(3)
    assert f"Anchor written: {path}" in verified("--write-anchor", str(path))
    assert json.loads(path.read_text())["number"] == 3
    write()
    assert "Anchor met: 3" in verified("--anchor", str(path))
    said = verified("--anchor", str(path), "--write-anchor", str(path))
    assert said.count("Anchor met: 3") == 1
    assert json.loads(path.read_text())["number"] == 4


def test_a_cut_history_is_found_and_overwrites_no_anchor(tmp_path: Path) -> None:
    path = tmp_path / "anchor.json"
    write_some(4)
    verified("--write-anchor", str(path))
    noted = path.read_text()
    with as_the_owner_of_the_database():
        sql("DELETE FROM audit_reference WHERE entry_id = 4")
        sql("DELETE FROM audit_entry WHERE number = 4")
    assert "(cut)" in broken("--anchor", str(path))
    assert "(cut)" in broken("--write-anchor", str(path))
    assert path.read_text() == noted
    assert verified().startswith("The history holds.")


def test_a_missing_or_bad_anchor_is_one_line(tmp_path: Path) -> None:
    write()
    missing, bad = tmp_path / "missing.json", tmp_path / "bad.json"
    bad.write_text("{}")
    for arguments in (["--anchor", str(missing)], ["--anchor", str(bad)]):
        with pytest.raises(CommandError) as refused:
            verified(*arguments)
        assert str(refused.value).startswith(f"Anchor {tmp_path}")
        assert "\n" not in str(refused.value)
    with pytest.raises(CommandError, match="No such file"):
        verified("--write-anchor", str(tmp_path / "no" / "where.json"))


def test_a_long_history_is_shared_among_processes() -> None:
    write_some(3)
    with mock.patch(f"{COMMAND}.SLICE", 2), mock.patch(f"{COMMAND}.verify_together") as together:
        together.side_effect = lambda jobs, **options: verify(**options)
        assert "Entries: 3" in verified("--jobs", "2")
        assert together.call_args.args == (2,)
        assert "Entries: 3" in verified("--jobs", "1")
    together.assert_called_once()


def test_lifted_triggers_are_told() -> None:
    write()
    connection.check_constraints()
    with triggers.lifted(connection):
        said = verified()
    assert said.startswith("The history holds.")
    assert "no longer guards the history" in said
    assert "audit_entry_update" in said


@pytest.mark.parametrize(
    ("command", "reads"),
    [
        (["verify_audit"], f"{COMMAND}.verify"),
        (["export_audit", "--format", "csv"], "mergeui.audit.export.describe"),
    ],
)
def test_a_database_that_can_not_be_read_is_one_line(command: list[str], reads: str) -> None:
    write()
    gone = OperationalError("no such table: audit_entry\nLINE 1: SELECT")
    with (
        mock.patch(reads, side_effect=gone),
        pytest.raises(
            CommandError, match=r"^The history can't be read: no such table: audit_entry"
        ),
    ):
        call_command(*command, stdout=io.StringIO())
