"""The history in a table a month, on PostgreSQL, for those whose history outgrows one table.

Entries and their personal data are parted by the number of the entry, because numbers rise with
time (log.py): a number stays the primary key of the whole, no index has to hold the time as well,
and a look-up reads the months that it asks for and no other. The last part is open to the end. Once
a month begins, the worker ends it at the last number and opens the next one; if no worker runs, it
is only longer. References stay one table, since what they find lies in all months.

What is parted refuses the same as before, and each part by itself as well, should somebody address
it directly. Foreign keys would keep a part from being closed, so triggers take their place.
"""

from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _

from mergeui.audit import triggers
from mergeui.audit.log import hold
from mergeui.errors import Invalid

PARTED = {"audit_entry": "number", "audit_payload": "entry_id"}
OPEN = "_open"

# By the owner of the tables, whoever asks: the app's role may not alter them (docs/history.md).
# It takes nothing from who calls it, and does nothing unless a month is over.
_TURN = """
CREATE OR REPLACE FUNCTION audit_turn_month() RETURNS text LANGUAGE plpgsql
SECURITY DEFINER SET search_path = {schema}, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    first timestamptz; last bigint; month text; low text; tab text;
BEGIN
    FOR look IN 1..2 LOOP  -- without the lock, and with it: another may have been faster
        SELECT at INTO first FROM audit_entry_open ORDER BY number LIMIT 1;
        IF first IS NULL OR date_trunc('month', first AT TIME ZONE 'UTC')
                >= date_trunc('month', now() AT TIME ZONE 'UTC') THEN
            RETURN '';
        END IF;
        PERFORM pg_advisory_xact_lock({lock});
    END LOOP;
    SELECT max(number) INTO last FROM audit_entry_open;
    month := to_char(first AT TIME ZONE 'UTC', 'YYYY_MM');
    FOREACH tab IN ARRAY ARRAY['audit_entry', 'audit_payload'] LOOP
        SELECT substring(pg_get_expr(relpartbound, oid) FROM '\\d+') INTO low
            FROM pg_class WHERE oid = (tab || '_open')::regclass;
        EXECUTE format('ALTER TABLE %1$I DETACH PARTITION %2$I', tab, tab || '_open');
        EXECUTE format('ALTER TABLE %1$I RENAME TO %2$I', tab || '_open', tab || '_' || month);
        EXECUTE format('ALTER TABLE %1$I ATTACH PARTITION %2$I FOR VALUES FROM (%3$s) TO (%4$s)',
            tab, tab || '_' || month, low, last + 1);
        EXECUTE format('CREATE TABLE %1$I PARTITION OF %2$I FOR VALUES FROM (%3$s) TO (MAXVALUE)',
            tab || '_open', tab, last + 1);
        EXECUTE format('CREATE TRIGGER %1$I BEFORE TRUNCATE ON %2$I
            FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()',
            tab || '_truncate', tab || '_open');
    END LOOP;
    RETURN month;
END $$;
"""
# In place of the foreign keys; no entry is ever deleted, so the way in is all there is to look at.
_KNOWN = """
CREATE OR REPLACE FUNCTION audit_known() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM audit_entry WHERE number = NEW.entry_id) THEN
        RAISE EXCEPTION 'history is append-only: there is no entry %', NEW.entry_id;
    END IF;
    RETURN NEW;
END $$;
"""


def parted() -> bool:
    """Whether the history is parted by months."""
    if connection.vendor != "postgresql":
        return False
    return bool(_asked("SELECT relkind = 'p' FROM pg_class WHERE oid = 'audit_entry'::regclass"))


def turn_the_month() -> str:
    """Closes the open part when its month is over; the month that was closed ("2026_11"), or "".

    Writers of history wait for as long as it takes to look through the part. Gives way, and is to
    be called again, when somebody reads for longer than two seconds.
    """
    if not parted():
        return ""
    try:
        with transaction.atomic():
            return str(_asked("SELECT audit_turn_month()"))
    except OperationalError:  # the lock could not be had
        return ""


def part() -> int:
    """Makes the history a parted one; gives the number of the last entry before.

    What is there becomes the first part as it stands: no row is moved, numbers and hashes are what
    they were. In one transaction, by the owner of the tables, while the desk stands still. Raises
    Invalid on SQLite, and when it is parted.
    """
    if connection.vendor != "postgresql":
        raise Invalid(_("Only PostgreSQL can part the history by months."))
    if parted():
        raise Invalid(_("The history is parted by months already."))
    with transaction.atomic(), connection.cursor() as cursor:
        hold()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("LOCK TABLE audit_entry, audit_payload, audit_reference, audit_erasure")
        last = int(_asked("SELECT coalesce(max(number), 0) FROM audit_entry"))
        triggers.lift(connection)
        for table, name in _foreign_keys():
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for table, key in PARTED.items():
            for statement in _becomes_parted(table, key, last):
                cursor.execute(statement)
        triggers.install(connection)
        cursor.execute(_KNOWN)
        for table in ("audit_payload", "audit_reference", "audit_erasure"):
            cursor.execute(
                f"CREATE TRIGGER {table}_known BEFORE INSERT ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION audit_known()"
            )
        for table in PARTED:
            for name in (f"{table}_before", f"{table}{OPEN}"):
                cursor.execute(
                    f"CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {name}"
                    " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
                )
        schema = str(_asked("SELECT quote_ident(current_schema())"))
        cursor.execute(_TURN.format(schema=schema, lock=triggers.CHAIN_LOCK))
    return last


def _becomes_parted(table: str, key: str, last: int) -> list[str]:
    """The statements that put a parted table in the place of one, which is its first part."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, pg_get_indexdef(i.indexrelid), i.indisprimary FROM pg_index i"
            " JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = %s::regclass",
            [table],
        )
        indexes = cursor.fetchall()
    primary = next(name for name, _, is_primary in indexes if is_primary)
    before = f"{table}_before"
    return [
        f"ALTER TABLE {table} RENAME TO {before}",
        *(f'ALTER INDEX "{name}" RENAME TO "{name}_before"' for name, _, _ in indexes),
        f"CREATE TABLE {table} (LIKE {before} INCLUDING DEFAULTS INCLUDING STORAGE"
        f" INCLUDING COMPRESSION) PARTITION BY RANGE ({key})",
        f'ALTER TABLE {table} ADD CONSTRAINT "{primary}" PRIMARY KEY ({key})',
        f"ALTER TABLE {table} ATTACH PARTITION {before} FOR VALUES FROM (MINVALUE) TO ({last + 1})",
        f"CREATE TABLE {table}{OPEN} PARTITION OF {table}"
        f" FOR VALUES FROM ({last + 1}) TO (MAXVALUE)",
        *(definition for _, definition, is_primary in indexes if not is_primary),
    ]


def _foreign_keys() -> list[tuple[str, str]]:
    """Those that point at an entry: (table, name)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, quote_ident(conname) FROM pg_constraint"
            " WHERE contype = 'f' AND confrelid = 'audit_entry'::regclass"
        )
        return [(str(table), str(name)) for table, name in cursor.fetchall()]


def _asked(question: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(question)
        row = cursor.fetchone()
    return row[0] if row else None
