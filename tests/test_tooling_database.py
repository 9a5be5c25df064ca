"""The tests' own databases behave as those in production do."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from mergeui.accounts.models import Organization
from mergeui.audit import triggers
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.log import record_alone
from tests import postgres


@pytest.mark.django_db(transaction=True)
def test_another_thread_sees_what_was_committed() -> None:
    Organization.objects.create(name="Hats", invent_org_id="hats")
    seen = []

    def look() -> None:
        seen.extend(Organization.objects.values_list("name", flat=True))
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == ["Hats"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("again", [1, 2])
def test_each_test_begins_with_an_empty_database(again: int) -> None:
    assert not Organization.objects.exists()
    Organization.objects.create(name="Hats", invent_org_id="hats")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("again", [1, 2])
def test_each_test_begins_with_an_empty_history_that_only_grows(again: int) -> None:
    entry = record_alone(Action.SYNCED, by_user=Actor.system(None))
    assert entry.number == 1
    assert triggers.missing(connection) == []


@pytest.mark.django_db
def test_sqlite_keeps_its_journal_as_in_production() -> None:
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        journal = cursor.execute("PRAGMA journal_mode").fetchone()
        synchronous = cursor.execute("PRAGMA synchronous").fetchone()
    assert (journal, synchronous) == (("wal",), (2,))


def test_no_test_reaches_another_machine() -> None:
    with pytest.raises(UserWarning, match=r"192\.0\.2\.1"), socket.socket() as caller:
        caller.connect(("192.0.2.1", 80))


@pytest.mark.parametrize("binaries", postgres.candidates(), ids=lambda path: path.parent.name)
def test_a_cluster_starts_and_leaves_nothing(binaries: Path) -> None:
    cluster = postgres.start_from(binaries)
    with psycopg.connect(cluster.url) as caller:
        assert caller.execute("SELECT lower('ÅSE')").fetchone() == ("åse",)
    cluster.stop()
    assert not cluster.directory.exists()


def test_a_cluster_ends_when_the_tests_are_killed() -> None:
    script = "from tests import postgres; print(postgres.start().directory, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout
        directory = Path(run.stdout.readline().strip())
        assert directory.is_dir()
        run.kill()
    wait_until(lambda: not directory.exists())


def test_without_binaries_the_run_fails_and_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postgres, "candidates", lambda: [Path("/nowhere/bin")])
    with pytest.raises(SystemExit) as refusal:
        postgres.start()
    assert "apt-get install postgresql" in str(refusal.value)
    assert "/nowhere/bin" in str(refusal.value)


def wait_until(is_so: Callable[[], bool]) -> None:
    for _ in range(500):
        if is_so():
            return
        time.sleep(0.02)
    raise AssertionError("waited for 10 seconds")
