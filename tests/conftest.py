"""What every test may use, and what keeps every test honest."""

import os
from collections.abc import Iterator
from uuid import uuid4

import hypothesis
import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase, override_settings

from mergeui.audit import triggers

# The machines that run this are as slow as they like to be; a time-out would only be a rumour.
hypothesis.settings.register_profile(
    "desk",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("desk")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgres",
        action="store_true",
        help="run on PostgreSQL, in a cluster that is started and ended for this run",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to test one database under the name of the other (see tests/settings.py)."""
    config.addinivalue_line(
        "markers", "every_database: a program or a browser's story that is worth it on either"
    )
    config.addinivalue_line(
        "markers", "one_database: uses it, but asks nothing that one may answer otherwise"
    )
    wanted = "postgresql" if config.getoption("--postgres") else "sqlite"
    if connection.vendor != wanted:
        raise pytest.UsageError(f"asked for {wanted}, but the settings say {connection.vendor}")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors, four at most: many tests wait for other programs."""
    return min(4, (os.cpu_count() or 1) + 1)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL leave out what knows no database: it has been seen with SQLite."""
    if not config.getoption("--postgres"):
        return
    twice = [item for item in items if _knows_the_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(twice)])
    items[:] = twice


def _knows_the_database(item: pytest.Item) -> bool:
    """A browser sees pages, whose queries have tests of their own: it says itself when it cares."""
    if item.get_closest_marker("every_database"):
        return True
    if item.get_closest_marker("one_database"):
        return False
    asked = {"db", "transactional_db"} & set(getattr(item, "fixturenames", ()))
    in_browser = "tests/browser/" in item.nodeid
    return not in_browser and bool(asked or item.get_closest_marker("django_db"))


def pytest_report_header() -> str:
    return f"database: {connection.vendor}"


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Drop no database at the end: each goes with the directory or the cluster of its run.

    PostgreSQL refuses to drop one while a thread of the live server is still connected to it.
    """
    return True


@pytest.fixture(autouse=True)
def _own_journal() -> Iterator[None]:
    """What a test sends is forgotten by its database; another must not take that for a gap."""
    path = settings.VAR_DIR / f"merges-{uuid4().hex}.jsonl"
    with override_settings(MERGE_JOURNAL=path):
        yield
    path.unlink(missing_ok=True)


@pytest.fixture(scope="session", autouse=True)
def _history_may_be_emptied_between_tests() -> Iterator[None]:
    """Lift the triggers of the history while Django empties the tables after a test.

    A test with `transaction=True` ends with a flush, and the history refuses to be emptied
    (design.md, rule 9).
    """
    flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def flush_with_triggers_lifted(self: TransactionTestCase) -> None:
        with triggers.lifted(connection):
            flush(self)

    patch = pytest.MonkeyPatch()
    patch.setattr(TransactionTestCase, "_fixture_teardown", flush_with_triggers_lifted)
    yield
    patch.undo()
