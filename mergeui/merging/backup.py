"""Backups of the whole database while the desk runs, and putting one back.

By each database's own means: SQLite's online backup, PostgreSQL's pg_dump and pg_restore. What was
sent to Invent is noted outside the database (journal.py) and is no part of a backup, so a database
that was put back finds out what it has forgotten, and merges nothing before somebody has looked.
"""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from mergeui.accounts.models import Organization
from mergeui.merging.models import Heartbeat
from mergeui.merging.standing import check_memory, halted

# What every database of the desk has, so that no other file is taken for one.
TABLES = {"django_migrations", "audit_entry", "merging_mergerequest"}
PREFIX = "mergeui-"
SUFFIXES = {"sqlite": ".sqlite3", "postgresql": ".dump"}
ALIVE = timedelta(seconds=60)


class BackupFailed(Exception):
    """Nothing was written, or nothing was put back; the words say why."""


def name_of(moment: datetime) -> str:
    """What a backup of this moment is called: its names sort by time."""
    return f"{PREFIX}{moment:%Y%m%dT%H%M%SZ}{SUFFIXES[connection.vendor]}"


def back_up(directory: Path, *, keep: int | None = None) -> Path:
    """Writes a backup into `directory`, for its owner's eyes alone, and gives its path.

    It is whole or not there. With `keep`, all but so many of the newest are deleted afterwards.
    Raises BackupFailed.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        done = directory / name_of(timezone.now())
        part = done.with_name(f".{done.name}.part")
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    except OSError as error:
        raise BackupFailed(f"{directory} can't be written to: {error.strerror}.") from error
    try:
        (_copy if connection.vendor == "sqlite" else _dump)(part)
        check(part)
        part.replace(done)
    finally:
        part.unlink(missing_ok=True)
    for old in sorted(directory.glob(f"{PREFIX}*{done.suffix}"))[: -keep if keep else 0]:
        old.unlink(missing_ok=True)
    return done


def check(backup: Path) -> None:
    """Raises BackupFailed unless the file is a whole backup of a desk on such a database."""
    if connection.vendor == "sqlite":
        try:
            with closing(sqlite3.connect(f"file:{backup}?mode=ro", uri=True)) as copy:
                sound = copy.execute("PRAGMA quick_check").fetchone()[0]
                names = {row[0] for row in copy.execute("SELECT name FROM sqlite_master")}
        except sqlite3.Error as error:
            raise BackupFailed(f"{backup} is no backup of SQLite: {error}.") from error
        names = names if sound == "ok" else set()
    else:
        listed = _run("pg_restore", "--list", str(backup))
        names = {word for line in listed.splitlines() if " TABLE " in line for word in line.split()}
    if not names >= TABLES:
        raise BackupFailed(f"{backup} is no backup of a desk, or it is damaged.")


def put_back(backup: Path) -> list[Organization]:
    """Replaces all that is in the database by a backup; which organisations are halted then.

    Migrations that are newer than the backup are applied. No merge is executed before a person has
    looked at what the database has forgotten, where it has. Raises BackupFailed, before anything is
    changed; JournalFailed or BadAnchor when it can't be told what was forgotten.
    """
    check(backup)
    if Heartbeat.objects.filter(seen_at__gt=timezone.now() - ALIVE).exists():
        raise BackupFailed("A worker is running. Stop workers and web first, and wait a minute.")
    connection.close()
    (_paste if connection.vendor == "sqlite" else _undump)(backup)
    call_command("migrate", verbosity=0, interactive=False)
    Heartbeat.objects.all().delete()  # of workers that ran then
    organizations = list(Organization.objects.order_by("pk"))
    for organization in organizations:
        check_memory(organization)
    return [one for one in organizations if halted(one)]


def _copy(part: Path) -> None:
    with closing(sqlite3.connect(part)) as copy, closing(_own()) as own:
        own.backup(copy, pages=2_000, sleep=0.01)  # others may write in between
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, whole by itself
    for end in ("-wal", "-shm"):
        part.with_name(part.name + end).unlink(missing_ok=True)


def _paste(backup: Path) -> None:
    try:
        with closing(sqlite3.connect(backup)) as copy, closing(_own()) as own:
            copy.backup(own)
            own.execute("PRAGMA journal_mode=WAL")
    except sqlite3.Error as error:
        raise BackupFailed(f"The database can't be replaced: {error}.") from error


def _own() -> sqlite3.Connection:
    return sqlite3.connect(connection.settings_dict["NAME"], timeout=30)


def _dump(part: Path) -> None:
    _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={part}")


def _undump(backup: Path) -> None:
    how = ("--clean", "--if-exists", "--single-transaction", "--no-owner", "--no-privileges")
    name = connection.settings_dict["NAME"]
    _run("pg_restore", *how, "--exit-on-error", f"--dbname={name}", str(backup))


def _run(program: str, *arguments: str) -> str:
    """What a program of PostgreSQL says; the password goes by the environment, not by a list of
    processes that everybody may read."""
    path = shutil.which(program)
    if path is None:
        raise BackupFailed(f"{program} is not installed (Debian: postgresql-client).")
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD",
             "PGDATABASE": "NAME"}  # fmt: skip
    own = {name: str(connection.settings_dict[key]) for name, key in names.items()}
    env = os.environ | {name: value for name, value in own.items() if value}
    done = subprocess.run(  # noqa: S603  # our own arguments
        [path, *arguments], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        first = (done.stderr.strip().splitlines() or ["no reason was given"])[0]
        raise BackupFailed(f"{program}: {first}")
    return done.stdout
