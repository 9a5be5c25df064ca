"""Who writes into SQLite waits for the one before, and holds nobody up by it."""

import sys
import threading
import weakref
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from sqlite3 import OperationalError

import pytest
from django.db import DatabaseError, connection

from mergeui.sqlite3 import base
from mergeui.sqlite3.base import KEPT_CHARACTERS, Cursor, DatabaseWrapper

pytestmark = pytest.mark.django_db
OPTIONS = {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"}


def opened(path: Path, patience: float = 20) -> DatabaseWrapper:
    """A further connection to the file."""
    options = {**OPTIONS, "timeout": patience}
    return DatabaseWrapper(
        {**connection.settings_dict, "NAME": str(path / "file.sqlite3"), "OPTIONS": options}
    )


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[DatabaseWrapper]:
    """Somebody who is in the middle of writing."""
    holder = opened(tmp_path)
    with holder.cursor() as cursor:
        cursor.execute("CREATE TABLE said (words text)")
    holder.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    yield holder
    holder.close()


def test_who_comes_second_is_let_in_as_soon_as_the_first_is_done(
    holder: DatabaseWrapper, tmp_path: Path
) -> None:
    second = opened(tmp_path)
    second.inc_thread_sharing()
    second.ensure_connection()

    def write() -> None:
        with second.cursor() as cursor:
            cursor.execute("INSERT INTO said VALUES (%s)", ["second"])

    waiting = threading.Thread(target=write)
    waiting.start()
    with holder.cursor() as cursor:
        cursor.execute("INSERT INTO said VALUES (%s)", ["first"])
        holder.commit()
        holder.set_autocommit(True)
        waiting.join(20)
        cursor.execute("SELECT words FROM said ORDER BY rowid")
        assert cursor.fetchall() == [("first",), ("second",)]
    second.close()


@pytest.mark.parametrize("words", ["short", "long " * KEPT_CHARACTERS])
def test_a_statement_is_the_same_the_second_time(tmp_path: Path, words: str) -> None:
    asker = opened(tmp_path)
    with asker.cursor() as cursor:
        for value in ("first", "100%"):
            cursor.execute(f"SELECT '%%s is no place of {words}', %s", [value])
            assert cursor.fetchone() == (f"%s is no place of {words}", value)
            cursor.execute("SELECT %(one)s, '%%'", {"one": value})
            assert cursor.fetchone() == (value, "%")
            cursor.execute("SELECT '%s'")
            assert cursor.fetchone() == ("%s",)
    asker.close()


def test_patience_has_an_end(holder: DatabaseWrapper, tmp_path: Path) -> None:
    second = opened(tmp_path, patience=0.01)

    with second.cursor() as cursor, pytest.raises(DatabaseError, match="locked"):
        cursor.execute("INSERT INTO said VALUES ('second')")
    with second.cursor() as cursor, pytest.raises(DatabaseError, match="no such table"):
        cursor.execute("SELECT * FROM told")
    second.close()


def test_what_is_thrown_away_elsewhere_takes_no_error_away(
    holder: DatabaseWrapper, tmp_path: Path, hurried: None
) -> None:
    """As the garbage collector does, in whatever thread it runs: perhaps in the holder's."""
    second = opened(tmp_path, patience=0)
    second.inc_thread_sharing()
    second.ensure_connection()
    told: Counter[str] = Counter()
    left: deque[Cursor] = deque(maxlen=100)
    begun = threading.Event()

    def begin() -> None:
        for _ in range(3000):
            cursor = second.create_cursor()
            cursor.execute("SELECT 1 UNION SELECT 2")
            left.append(cursor)
            del cursor
            begun.set()
            try:
                second.create_cursor().execute("BEGIN IMMEDIATE")
            except OperationalError as error:
                told[str(error)] += 1
            else:
                told["begun"] += 1

    waiting = threading.Thread(target=begin)
    waiting.start()
    begun.wait()
    while waiting.is_alive():  # often while the other is inside SQLite
        with suppress(IndexError):
            left.popleft()
    assert told == {"database is locked": 3000}
    second.close()


def test_a_cursor_goes_where_it_was_made(tmp_path: Path) -> None:
    second = opened(tmp_path)
    second.inc_thread_sharing()
    second.ensure_connection()
    made = [second.create_cursor()]
    seen = weakref.ref(made[0])

    elsewhere = threading.Thread(target=made.clear)
    elsewhere.start()
    elsewhere.join()
    assert not made
    assert seen() is not None
    second.create_cursor()
    assert seen() is None
    second.close()


@pytest.fixture
def hurried() -> Iterator[None]:
    """Threads take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(usual)


def test_who_works_in_the_background_asks_less_often_than_people_do(
    holder: DatabaseWrapper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Asked(Exception):
        """Thrown when it would pause, with how long."""

    def uniform(*seconds: float) -> float:
        raise Asked(seconds)

    monkeypatch.setattr(base.random, "uniform", uniform)
    monkeypatch.setattr(base, "_pause", base.PAUSE_SECONDS)  # and so it is again in the end
    base.give_way()
    second = opened(tmp_path)
    with pytest.raises(Asked) as asked, second.cursor() as cursor:
        cursor.execute("INSERT INTO said VALUES (%s)", ["second"])
    assert asked.value.args == (base.LONG_PAUSE_SECONDS,)
    assert base.LONG_PAUSE_SECONDS[0] > base.PAUSE_SECONDS[1]
    second.close()
