"""The database's half of "append-only" (design.md, rule 9): it refuses what the code refuses.

Installed by a migration. On SQLite a later migration that rebuilds one of these tables drops its
triggers without a word, so it has to install them again; `missing` tells, and verify_audit says it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.backends.base.base import BaseDatabaseWrapper

APPEND_ONLY = ("audit_entry", "audit_erasure")
ERASABLE = ("audit_payload", "audit_reference")
# What every writer of history waits for. One number for the one chain of an installation: "mergeui"
# read as bytes.
CHAIN_LOCK = int.from_bytes(b"mergeui")

# Name → when, and whether. Row triggers on UPDATE and DELETE miss SQLite's INSERT OR REPLACE, which
# deletes without firing them: hence those on INSERT.
_SQLITE = {
    "audit_entry_insert": (
        "INSERT ON audit_entry"
        " WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM audit_entry)"
    ),
    "audit_payload_insert": (
        "INSERT ON audit_payload"
        " WHEN EXISTS (SELECT 1 FROM audit_payload WHERE entry_id = NEW.entry_id)"
    ),
    "audit_erasure_insert": (
        "INSERT ON audit_erasure"
        " WHEN EXISTS (SELECT 1 FROM audit_erasure WHERE entry_id = NEW.entry_id)"
    ),
    "audit_payload_delete": (
        "DELETE ON audit_payload"
        " WHEN NOT EXISTS (SELECT 1 FROM audit_erasure WHERE entry_id = OLD.entry_id)"
    ),
    "audit_reference_delete": (
        "DELETE ON audit_reference"
        " WHEN NOT EXISTS (SELECT 1 FROM audit_erasure WHERE entry_id = OLD.entry_id)"
    ),
    **{f"{table}_update": f"UPDATE ON {table}" for table in APPEND_ONLY + ERASABLE},
    **{f"{table}_delete": f"DELETE ON {table}" for table in APPEND_ONLY},
}

_POSTGRESQL_FUNCTIONS = """
CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'history is append-only: no % on %', TG_OP, TG_TABLE_NAME;
END $$;
CREATE OR REPLACE FUNCTION audit_next() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.number IS DISTINCT FROM (SELECT coalesce(max(number), 0) + 1 FROM audit_entry) THEN
        RAISE EXCEPTION 'history is append-only: the next number is due, not %', NEW.number;
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION audit_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM audit_erasure WHERE entry_id = OLD.entry_id) THEN
        RAISE EXCEPTION 'history is append-only: DELETE only of what an erasure names';
    END IF;
    RETURN OLD;
END $$;
"""
_POSTGRESQL = {
    "audit_entry_insert": ("audit_entry", "BEFORE INSERT", "ROW", "audit_next"),
    **{
        f"{table}_update": (table, "BEFORE UPDATE", "ROW", "audit_refuse")
        for table in APPEND_ONLY + ERASABLE
    },
    **{f"{table}_delete": (table, "BEFORE DELETE", "ROW", "audit_refuse") for table in APPEND_ONLY},
    **{f"{table}_delete": (table, "BEFORE DELETE", "ROW", "audit_erased") for table in ERASABLE},
    **{
        f"{table}_truncate": (table, "BEFORE TRUNCATE", "STATEMENT", "audit_refuse")
        for table in APPEND_ONLY + ERASABLE
    },
}
# The parts of a history that is parted by months (partitions.py) that may be emptied one by one:
# what a parted table refuses row by row its parts refuse too, but not TRUNCATE.
_UNGUARDED = """
SELECT inhparent::regclass::text, inhrelid::regclass::text FROM pg_inherits
WHERE inhparent::regclass::text IN ('audit_entry', 'audit_payload')
  AND inhparent IN (SELECT oid FROM pg_class WHERE relkind = 'p')
  AND NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = inhrelid AND tgenabled IN ('O', 'A')
    AND tgname = inhparent::regclass::text || '_truncate')
"""


def install(connection: BaseDatabaseWrapper) -> None:
    """Creates the triggers; does no harm where they are."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name, when in _SQLITE.items():
                cursor.execute(
                    f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {when}"
                    f" BEGIN SELECT RAISE(ABORT, 'history is append-only: {name}'); END"
                )
        else:
            cursor.execute(_POSTGRESQL_FUNCTIONS)
            for name, (table, when, each, function) in _POSTGRESQL.items():
                cursor.execute(
                    f"CREATE OR REPLACE TRIGGER {name} {when} ON {table}"
                    f" FOR EACH {each} EXECUTE FUNCTION {function}()"
                )


def lift(connection: BaseDatabaseWrapper) -> None:
    """Drops the triggers: for taking the migration back, and for tests that empty the tables."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name in _SQLITE:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
        else:
            for name, (table, _, _, _) in _POSTGRESQL.items():
                cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
            for function in ("audit_refuse", "audit_next", "audit_erased"):
                cursor.execute(f"DROP FUNCTION IF EXISTS {function}()")


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """The names of the triggers that are not there, or, on PostgreSQL, are disabled."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        else:
            cursor.execute("SELECT tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A')")
        found = {name for (name,) in cursor.fetchall()}
        if connection.vendor == "sqlite":
            return sorted(set(_SQLITE) - found)
        cursor.execute(_UNGUARDED)
        parts = {f"{table}_truncate on {part}" for table, part in cursor.fetchall()}
    return sorted(set(_POSTGRESQL) - found | parts)


@contextmanager
def lifted(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Without the triggers for a while: for tests that tamper, or that empty the tables."""
    lift(connection)
    try:
        yield
    finally:
        install(connection)
