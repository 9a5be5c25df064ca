"""What SQLite reads whole. It says so of any desk: it plans by its indexes, not by sizes."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from django.apps import apps
from django.db import connection

# The tables of these are as long as the team is large, or hold a row for each that is at work, or
# for each entry that was erased.
SMALL = re.compile(
    r"accounts_|teams_|django_|auth_|mfa_|socialaccount_|audit_(check|erasure)|merging_(heartbeat|standing)"
)
WHOLE = re.compile(
    r"SCAN (?!(?:\d+ )?CONSTANT|subquery|found|json_each|review_group_terms|sqlite_master)(\w+)(.*)"
)
# All that an organisation has; a page of it in the order of the index is none of this.
ALL_OF_ONE = re.compile(
    r"SEARCH (review|merging|audit)_(?!savedview|segment)\w+ .*\(organization_id=\?\)$"
)
ALIAS = re.compile(r'"(\w+)" (U\d+)\b')
A_PAGE = re.compile(r" ORDER BY .* LIMIT |WHERE \S+\.\"organization_id\" = %s LIMIT \d+\)")
PARTS = {
    index.name
    for model in apps.get_models()
    for index in model._meta.indexes
    if index.condition is not None
}


def read_whole(what: Callable[[], object]) -> list[str]:
    """What SQLite reads from end to end meanwhile: tables, or indexes of more than some rows."""
    asked: list[tuple[str, Any]] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, *more: Any) -> Any:
        asked.append((sql, params))
        return execute(sql, params, *more)

    with connection.execute_wrapper(note):
        what()
    return [one for sql, params in asked if "WHERE" in sql for one in _plan(sql, params)]


def _plan(sql: str, params: Any) -> Iterator[str]:
    aliases = {alias: table for table, alias in ALIAS.findall(sql)}
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
        for step in (row[-1] for row in cursor.fetchall()):
            if PARTS.intersection(step.split()):
                continue
            whole = WHOLE.match(step)
            table = whole and aliases.get(whole[1], whole[1])
            of_one = ALL_OF_ONE.match(step) and not A_PAGE.search(sql)
            if of_one or (table and not SMALL.match(table)):
                yield f"{step}: {sql}"
