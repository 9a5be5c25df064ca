"""Backups by command on either database, and what comes of putting an old one back."""

import io
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from mergeui.accounts.models import Role
from mergeui.audit.verify import verify
from mergeui.merging.alive import Pulse
from mergeui.merging.backup import BackupFailed, _paste, _undump, back_up, check
from mergeui.merging.gap import look_when_wanted
from mergeui.merging.models import Heartbeat, MergeRequest, RequestState
from mergeui.merging.standing import go_on, halted
from mergeui.review.models import Group, MergedContact
from tests import postgres
from tests.desk import Desk, actor
from tests.merging.stage import anas, approved, past

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _programs_of_postgres(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor == "postgresql":
        found = str(postgres.candidates()[0])
        monkeypatch.setenv("PATH", f"{found}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def restore() -> Callable[..., str]:
    def restore(backup: Path, *more: str) -> str:
        out = io.StringIO()
        call_command("restore", str(backup), *more, stdout=out)
        return out.getvalue()

    return restore


def merge(desk: Desk) -> MergeRequest:
    request = approved(desk)
    past(request, execute_after=1)
    desk.work()
    request.refresh_from_db()
    assert request.state == RequestState.MERGED
    return request


def test_an_old_backup_merges_nothing_before_somebody_looked(
    tmp_path: Path, restore: Callable[..., str]
) -> None:
    desk = anas(2)
    before = Group.objects.get().fingerprint
    backup = back_up(tmp_path)
    gone = merge(desk).sources.get().contact_id
    assert desk.counters.merge_calls == 1

    said = restore(backup, "--confirm")

    assert "None is executed before an approver has opened /halt/" in said
    assert not MergeRequest.objects.exists()
    assert Group.objects.get().fingerprint == before
    assert verify().holds
    assert halted(desk.organization)
    # Somebody asks for the same merge anew: it waits, and no second call is made.
    request = approved(desk)
    past(request, execute_after=1)
    desk.work()
    request.refresh_from_db()
    assert request.state == RequestState.APPROVED
    assert desk.counters.merge_calls == 1
    # An approver has the worker look; it finds the contact gone, and remembers it.
    go_on(desk.organization, by_user=actor(Role.APPROVER))
    assert look_when_wanted(desk.organization, client=desk.client)
    assert halted(desk.organization) is None
    assert MergedContact.objects.get().contact_id == gone
    desk.work()
    request.refresh_from_db()
    assert request.state == RequestState.STALE
    assert desk.counters.merge_calls == 1


def test_a_backup_of_now_goes_on_at_once(tmp_path: Path, restore: Callable[..., str]) -> None:
    desk = anas(2)
    merge(desk)
    entries = verify().entries
    said = restore(back_up(tmp_path), "--confirm")
    assert "halt" not in said
    assert halted(desk.organization) is None
    assert verify().entries == entries


def test_what_is_looked_at_and_not_changed(tmp_path: Path, restore: Callable[..., str]) -> None:
    anas(2)
    backup = back_up(tmp_path)
    with pytest.raises(CommandError, match=r"Nothing was changed\. Add --confirm"):
        restore(backup)
    with pytest.raises(CommandError, match="There is no file"):
        restore(tmp_path / "nowhere")
    other = tmp_path / "other"
    other.write_bytes(b"not a backup" * 1000)
    with pytest.raises(CommandError, match=r"is no backup|pg_restore"):
        restore(other, "--confirm")
    cut = tmp_path / "cut"
    cut.write_bytes(backup.read_bytes()[:3_000])
    with pytest.raises(BackupFailed):
        check(cut)


def test_a_broken_history_is_said(
    tmp_path: Path, restore: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    anas(2)
    backup = back_up(tmp_path)
    broken = replace(verify(), broken="Entry 1: changed.")
    monkeypatch.setattr("mergeui.merging.management.commands.restore.verify", lambda: broken)
    with pytest.raises(CommandError, match="Its history is broken: Entry 1"):
        restore(backup, "--confirm")


def test_a_database_of_something_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    anas(2)
    monkeypatch.setattr("mergeui.merging.backup.TABLES", {"something_else"})
    with pytest.raises(BackupFailed, match="no backup of a desk"):
        back_up(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_can_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = back_up(tmp_path)
    monkeypatch.setitem(connection.settings_dict, "NAME", str(tmp_path))
    put, said = {"sqlite": (_paste, "can't be replaced")}.get(
        connection.vendor, (_undump, "pg_restore")
    )
    with pytest.raises(BackupFailed, match=said):
        put(backup)


def test_not_under_a_worker_that_runs(tmp_path: Path, restore: Callable[..., str]) -> None:
    anas(2)
    pulse = Pulse()
    pulse.beat()
    pulse.beat()
    with pytest.raises(CommandError, match="A worker is running"):
        restore(back_up(tmp_path), "--confirm")
    pulse.stop()
    assert not Heartbeat.objects.exists()


def test_workers_of_long_ago_are_forgotten() -> None:
    long_ago = timezone.now() - timedelta(days=2)
    Heartbeat.objects.create(name="old:1", started_at=long_ago, seen_at=long_ago)
    Pulse().beat()
    assert Heartbeat.objects.get().name != "old:1"


def test_the_command_keeps_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    for second in range(3):
        name = f"mergeui-2026010{second + 1}T000000Z{back_up(tmp_path).suffix}"
        monkeypatch.setattr("mergeui.merging.backup.name_of", lambda _, name=name: name)
        call_command("backup", str(tmp_path / "kept"), "--keep", "2", stdout=out)
    kept = sorted(path.name[:16] for path in (tmp_path / "kept").iterdir())
    assert kept == ["mergeui-20260102", "mergeui-20260103"]
    assert "bytes)" in out.getvalue()
    mode = stat.S_IMODE(next((tmp_path / "kept").iterdir()).stat().st_mode)
    assert mode == 0o600


def test_what_the_command_refuses(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="--keep"):
        call_command("backup", str(tmp_path), "--keep", "0")
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match="can't be written to"):
        call_command("backup", str(tmp_path / "file" / "x"))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_without_the_programs_of_postgres(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("mergeui.merging.backup.shutil.which", lambda _: None)
    monkeypatch.setattr(connection, "vendor", "postgresql")
    with pytest.raises(BackupFailed, match="postgresql-client"):
        back_up(tmp_path)
    assert list(tmp_path.iterdir()) == []
