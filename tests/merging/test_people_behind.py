"""Whose merges were carried out before the history was found by them (a migration)."""

from importlib import import_module

import pytest
from django.db import connection

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.lookup import entries
from mergeui.audit.models import Kind, Reference
from mergeui.merging.approval import approve
from tests.desk import actor
from tests.merging.stage import anas

pytestmark = pytest.mark.django_db


def test_merges_of_before_are_found_by_who_asked_and_who_approved(settings, monkeypatch) -> None:
    settings.MERGE_FOUR_EYES, settings.MERGE_COOL_OFF_SECONDS = "always", 0
    monkeypatch.setattr("mergeui.merging.settle._behind", lambda request: {})
    desk, olga, paul = anas(2), actor(Role.OPERATOR), actor(Role.APPROVER)
    approve(desk.propose(olga), by_user=paul)
    desk.work()
    found = Reference.objects.filter(kind=Kind.BEHIND)
    assert not found.exists()

    migration = import_module("mergeui.merging.migrations.0015_people_behind_merges").Migration
    for _twice in range(2):
        for operation in migration.operations:
            with connection.cursor() as cursor:
                cursor.execute(operation.sql)

    assert found.count() == 2
    for person in (olga, paul):
        (entry,) = entries(desk.organization, operator=person.user, action=Action.MERGE_COMPLETED)
        assert entry.facts["after"] == "merged"
