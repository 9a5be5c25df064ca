"""What probes ask: without signing in, and never sent to https."""

import pytest
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client

pytestmark = pytest.mark.django_db


def test_live_needs_no_database(client: Client, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        answer = client.get("/healthz/live")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_ready_when_every_migration_is_applied(client: Client, settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = client.get("/healthz/ready")

    assert (answer.status_code, answer.json()["database"]) == (200, "ok")


def test_not_ready_without_a_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: BaseDatabaseWrapper) -> None:
        raise OperationalError("password of the database")

    monkeypatch.setattr(BaseDatabaseWrapper, "ensure_connection", fail)
    answer = client.get("/healthz/ready")

    assert answer.status_code == 503
    assert answer.json() == {"status": "error", "database": "can't be reached"}


def test_not_ready_with_migrations_missing(client: Client, monkeypatch) -> None:
    monkeypatch.setattr(
        "mergeui.web.views.health.MigrationExecutor.migration_plan", lambda *_: [("a", "b")]
    )
    answer = client.get("/healthz/ready")

    assert answer.status_code == 503
    assert "manage.py migrate" in answer.json()["database"]


def test_probes_only_read(client: Client) -> None:
    assert client.post("/healthz/live").status_code == 405
