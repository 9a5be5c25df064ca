"""How the databases look things up in a history that is long enough for them to have a choice."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from benchmarks.chain import Chain
from mergeui.accounts.models import Role
from mergeui.audit.actions import ENDED_FOR_PEOPLE, Action
from mergeui.audit.models import Entry, Reference
from tests.desk import member
from tests.web.cast import client_of

pytestmark = pytest.mark.django_db

ENTRIES = 6_000
TABLES = r"audit_(entry|reference|payload)"
SCAN = re.compile(rf"SCAN {TABLES}(?! USING)|Seq Scan on {TABLES}")


@pytest.fixture
def asked() -> dict[str, str]:
    """One address of the history for each thing that people look up."""
    chain = Chain(operators=4)
    chain.write(ENTRIES)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    middle = Entry.objects.get(number=ENTRIES // 2)
    known = {
        kind: Reference.objects.filter(entry=middle, kind=kind).values_list("value", flat=True)[0]
        for kind in ("contact", "name", "email", "phone")
        if Reference.objects.filter(entry=middle, kind=kind).exists()
    }
    assert "contact" in known
    day = (chain.at - timedelta(days=20)).date()
    return {
        "": "everything",
        "at=last": "the last page",
        f"operator={chain.users[1].pk}": "an operator",
        "action=merge_completed": "an action",
        "action=synced": "an action that nobody did",
        f"operator={chain.users[1].pk}&action=merge_requested": "what an operator did",
        f"operator={chain.users[1].pk}&action=merge_completed": "what was done for an operator",
        f"day={day}": "a day",
        **{f"{kind}={value}": kind for kind, value in known.items()},
        **{f"q={value}": f"{kind}, guessed" for kind, value in known.items()},
        "q=nobody": "nobody",
        f"contact={known['contact']}&at=last": "the last page of a contact",
    }


def test_no_look_up_reads_the_whole_history(asked: dict[str, str]) -> None:
    """No full scan, no OFFSET, and no COUNT but of a bounded number."""
    client = client_of(member(Role.VIEWER))
    for query, what in asked.items():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(f"/history/?{query}").status_code == 200
        for one in captured:
            sql = one["sql"]
            if "audit_" not in sql or not sql.startswith("SELECT"):
                continue
            assert "OFFSET" not in sql, what
            assert "COUNT" not in sql or "LIMIT" in sql, what
            told = plan(sql)
            assert not SCAN.search(told), (what, sql, told)


def test_what_an_operator_never_did_is_found_at_once(asked: dict[str, str]) -> None:
    """By both in one index, however much they did and however often others did it."""
    deeds = {*Action.values, "unheard_of"} - ENDED_FOR_PEOPLE
    operator = Entry.objects.filter(actor__isnull=False).latest("number").actor_id
    never = deeds - {*Entry.objects.filter(actor=operator).values_list("action", flat=True)}
    often = Entry.objects.filter(action__in=never).values_list("action", flat=True)[0]
    client = client_of(member(Role.VIEWER))
    for more in ("", "&at=last", "&until=2040-01-01"):
        with CaptureQueriesContext(connection) as captured:
            page = client.get(f"/history/?operator={operator}&action={often}{more}")
        assert page.context["page"].rows == []
        (sql,) = [one["sql"] for one in captured if '"audit_entry"."actor_id" =' in one["sql"]]
        assert "entry_by_deed" in plan(sql), (more, plan(sql))


def plan(sql: str) -> str:
    with connection.cursor() as cursor:
        keyword = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
        cursor.execute(f"{keyword} {sql}")
        return "\n".join(str(row[-1]) for row in cursor.fetchall())
