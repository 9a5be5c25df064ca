"""The index of the queue: which groups have all of some terms, whatever their number.

SQLite has FTS5 for it, PostgreSQL GIN; each is asked for terms as they are (terms.py), not for a
language's words. The organisation and what changes with a decision are added to a group's terms by
the database itself, so that no code can forget to. A table of terms was tried: writing it took 12
times as long on SQLite, because each term goes to another page of its index.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import IntegerField
from django.db.models.expressions import RawSQL

from mergeui.accounts.models import Organization
from mergeui.audit.indexes import make_index

TABLE = "review_group_terms"

# All of ASCII that is to be seen, but the quotes; what lies beyond belongs to a term by itself.
_SIGNS = r"!#$%&()*+,-./:;<=>?@[\]^_`{|}~"
_TERMS = (
    "'#o' || {0}organization_id || ' #state:' || {0}state || ' #grade:' || {0}grade"
    " || CASE WHEN {0}risky THEN ' #risky' ELSE ' #calm' END"
    " || replace({0}risks, ',', ' #risk:') || ' ' || {0}search_text"
)
_CHANGING = "organization_id, state, grade, risky, risks, search_text"
# Names of our own alone are put together, here and below.
_GO = f"INSERT INTO {TABLE} ({TABLE}, rowid, terms) VALUES ('delete', OLD.id, {_TERMS});"  # noqa: S608
_COME = f"INSERT INTO {TABLE} (rowid, terms) VALUES (NEW.id, {_TERMS});"  # noqa: S608
_SQLITE = {
    f"{TABLE}_insert": f"INSERT ON review_group BEGIN {_COME.format('NEW.')} END",
    f"{TABLE}_delete": f"DELETE ON review_group BEGIN {_GO.format('OLD.')} END",
    f"{TABLE}_update": (
        f"UPDATE OF id, {_CHANGING} ON review_group"
        f" BEGIN {_GO.format('OLD.')} {_COME.format('NEW.')} END"
    ),
}
# Beginnings of so many letters are terms themselves. In 500,000 groups, putting together those of
# all terms that begin with "mar" took 38 ms on SQLite, where looking up one term takes 1 and this
# costs 20 µs a group. On PostgreSQL it was 50 to 14, for some 0.15 ms a group, so what takes 20
# there ("mari") is left as it is.
_PREFIX = "2 3 4"  # as FTS5 takes it
_PAGES = 32  # that one step of forgetting writes
_BEGINNINGS = (2, 3)  # on PostgreSQL
# PostgreSQL's function, and by it the name of its index.
WORDS = "review_group_words"
# How PostgreSQL's terms say that they are a beginning; no word begins so (terms.py).
_BEGINS = "#begins:"
# The planner has to know that making the terms anew costs far more than looking them up, and to
# start no further process for it, which takes longer than the whole look-up.
_FUNCTION = f"""
CREATE OR REPLACE FUNCTION {WORDS}(
    organization_id bigint, state text, grade text, risky boolean, risks text, search_text text
) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL UNSAFE COST 10000 AS $$
DECLARE
    terms text[] := array_remove(
        string_to_array(replace({_TERMS.format("")}, E'\n', ' '), ' '), ''
    );
BEGIN
    RETURN array_to_tsvector(terms || ARRAY(
        SELECT '{_BEGINS}' || left(term, letters)
        FROM unnest(terms) AS term, unnest(ARRAY{list(_BEGINNINGS)}) AS letters
        WHERE left(term, 1) <> '#' AND length(term) >= letters
    ));
END $$
"""  # noqa: S608
# GIN keeps new terms aside, where each search reads all of them, and files them when they are so
# many: kilobytes. Of the usual 4 MB, whose turn it is waits 0.3 s, a search 0.5 to 1 ms more.
_ASIDE = "gin_pending_list_limit = 1024"
_INDEX = f"{WORDS}_index ON review_group USING gin ({WORDS}({_CHANGING})) WITH ({_ASIDE})"


def install(database: BaseDatabaseWrapper) -> None:
    """Creates the index, with all groups that there are; does no harm where it is."""
    with database.cursor() as cursor:
        if database.vendor == "postgresql":
            cursor.execute(_FUNCTION)
            cursor.execute(f"CREATE INDEX IF NOT EXISTS {_INDEX}")
            return
        cursor.execute(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS {TABLE} USING fts5(terms, content='',"
            f" detail=none, columnsize=0, prefix='{_PREFIX}',"
            f" tokenize=\"ascii tokenchars '{_SIGNS}'\")"
        )
        if len(_present(database)) == len(_SQLITE):
            return
        # A migration that rebuilds the table of groups drops its triggers without a word.
        cursor.execute(f"INSERT INTO {TABLE} ({TABLE}) VALUES ('delete-all')")  # noqa: S608
        columns = _TERMS.format("")
        cursor.execute(
            f"INSERT INTO {TABLE} (rowid, terms) SELECT id, {columns} FROM review_group"  # noqa: S608
        )
        for name, when in _SQLITE.items():
            cursor.execute(f"CREATE TRIGGER IF NOT EXISTS {name} AFTER {when}")


def renew(editor: BaseDatabaseSchemaEditor) -> None:
    """Makes PostgreSQL's index anew while others go on writing, and drops the one before it.

    A version that runs still asks that one's function, without an index.
    """
    editor.execute(_FUNCTION, None)
    make_index(editor, f"CREATE INDEX {_INDEX}")
    editor.execute(f"DROP INDEX IF EXISTS {TABLE}_index", None)


def keep_less_aside(editor: BaseDatabaseSchemaEditor) -> None:
    """Gives PostgreSQL's index of an older version what a new one begins with."""
    editor.execute(f"ALTER INDEX {WORDS}_index SET ({_ASIDE})", None)


def remove(database: BaseDatabaseWrapper) -> None:
    """Drops the index: for taking the migration back."""
    with database.cursor() as cursor:
        if database.vendor == "postgresql":
            cursor.execute(f"DROP INDEX IF EXISTS {WORDS}_index")
            cursor.execute(f"DROP FUNCTION IF EXISTS {WORDS}")
            return
        for name in _SQLITE:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
        cursor.execute(f"DROP TABLE IF EXISTS {TABLE}")


def forget_some(*, first: bool) -> bool:
    """Takes out of the index, in many steps, what no group has any longer; whether more is left.

    FTS5 notes what goes and drops it only with what it merges. The `first` step begins to merge the
    whole index, each goes on by 32 of its pages: 10 ms, in which nobody else writes, of half a
    minute at 200,000 groups. PostgreSQL drops it by its vacuum, as the rows themselves.
    """
    if connection.vendor != "sqlite":
        return False
    pages = -_PAGES if first else _PAGES
    with transaction.atomic(), connection.cursor() as cursor:
        before = connection.connection.total_changes
        cursor.execute(f"INSERT INTO {TABLE} ({TABLE}, rank) VALUES ('merge', %s)", [pages])  # noqa: S608
        # One row is the command itself (FTS5, The 'merge' Command).
        return bool(connection.connection.total_changes - before > 1)


def _present(database: BaseDatabaseWrapper) -> set[str]:
    with database.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        return {name for (name,) in cursor.fetchall()} & set(_SQLITE)


def keys_in(sql: str, params: Sequence[Any]) -> list[int]:
    """What a query gives as its column `id`, whole numbers, as one text: a row for each would take
    ten times as long."""
    postgres = connection.vendor == "postgresql"
    whole = "json_agg(id)::text" if postgres else "json_group_array(id)"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {whole} FROM ({sql}) AS found", params)  # noqa: S608
        found = cursor.fetchone()[0]
    return msgspec.json.decode(found, type=list[int]) if found else []


@dataclass(frozen=True, slots=True)
class Terms:
    """What groups have to have: all of `whole`, one of each of `either`, and of each of `begun` the
    beginning of one.

    Those with numbers above `arriving_after` are left out (arriving.py).
    """

    whole: tuple[str, ...]
    either: tuple[tuple[str, ...], ...] = ()
    begun: tuple[tuple[str, ...], ...] = ()
    arriving_after: int | None = None

    @classmethod
    def of(
        cls,
        organization: Organization,
        whole: Iterable[str],
        either: Iterable[Sequence[str]] = (),
        begun: Iterable[Sequence[str]] = (),
    ) -> "Terms":
        """The same, of an organisation."""
        own = (f"#o{organization.pk}", *whole)
        some, beginnings = (tuple(map(tuple, every)) for every in (either, begun))
        return cls(own, some, beginnings, organization.arriving_after)

    def keys(self, most: int) -> list[int]:
        """The keys of the groups, in no order and no more than `most`: of the index alone.

        First the keys, then their rows: by its guess of how many there are, PostgreSQL's planner
        would go through the rows in their order, and through the keys for each.
        """
        return keys_in(*self._select(most))

    def counted(self, most: int) -> RawSQL:
        """How many groups there are, counted up to `most`: to annotate something with."""
        sql, params = self._select(most)
        counting = f"(SELECT COUNT(*) FROM ({sql}) AS found)"  # noqa: S608
        return RawSQL(counting, params, output_field=IntegerField())  # noqa: S611

    def _select(self, most: int) -> tuple[str, list[Any]]:
        if connection.vendor == "postgresql":
            key, table, found = "id", "review_group", f"{WORDS}({_CHANGING}) @@ %s::tsquery"
        else:
            key, table, found = "rowid", TABLE, f"{TABLE} MATCH %s"
        sql = f"SELECT {key} AS id FROM {table} WHERE {found}"  # noqa: S608
        params: list[Any] = [self._asked()]
        if self.arriving_after is not None:
            by_people = "SELECT id FROM review_group WHERE made_by_id > 0"
            sql = f"{sql} AND ({key} <= %s OR {key} IN ({by_people}))"
            params.append(self.arriving_after)
        return f"{sql} LIMIT %s", [*params, most]

    def _asked(self) -> str:
        """The question in the language of the database's index.

        Of a term that is asked for as a beginning, the index puts together all groups first, but
        for the beginnings that are terms: SQLite knows them by itself.
        """
        postgres = connection.vendor == "postgresql"
        term = _quoted if postgres else '"{}"'.format
        both, one = (" & ", " | ") if postgres else (" AND ", " OR ")
        beginning = _beginning if postgres else '"{}" *'.format
        parts = [term(wanted) for wanted in self.whole]
        parts += [f"({one.join(map(term, some))})" for some in self.either]
        parts += [f"({one.join(map(beginning, some))})" for some in self.begun]
        return both.join(parts)


def _beginning(word: str) -> str:
    """What PostgreSQL's index is asked for the terms that begin so."""
    return _quoted(_BEGINS + word) if len(word) in _BEGINNINGS else f"{_quoted(word)}:*"


def _quoted(term: str) -> str:
    doubled = term.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"
