"""Which migrations the version that is still running can't live with."""

import pytest
from django.db import migrations, models

from scripts.safe_migrations import shipped, troubles

TEXT = models.TextField()


def found(*operations: object, because: str = "") -> str:
    migration = migrations.Migration("0009_x", "review")
    migration.operations = list(operations)
    if because:
        migration.safe_because = because
    return " ".join(troubles(migration))


@pytest.mark.parametrize(
    ("operation", "wrong"),
    [
        (migrations.RemoveField("group", "names"), "stop using it"),
        (migrations.RenameField("group", "names", "called"), "stop using it"),
        (migrations.DeleteModel("Group"), "stop using it"),
        (migrations.RenameModel("Group", "Set"), "stop using it"),
        (migrations.AddField("group", "more", TEXT), "db_default"),
        (migrations.AddField("group", "more", models.TextField(default="")), "db_default"),
        (migrations.AlterField("group", "names", TEXT), "whole table"),
        (migrations.AddIndex("group", models.Index(fields=["names"], name="x")), "Concurrently"),
        (
            migrations.AddConstraint(
                "group", models.CheckConstraint(condition=models.Q(id__gt=0), name="x")
            ),
            "under a lock",
        ),
        (migrations.RunPython(migrations.RunPython.noop), "nobody can tell"),
        (migrations.RunSQL("SELECT 1"), "nobody can tell"),
    ],
)
def test_what_is_not_safe(operation: object, wrong: str) -> None:
    assert wrong in found(operation)
    assert found(operation, because="The table is empty.") == ""


@pytest.mark.parametrize(
    "operation",
    [
        migrations.CreateModel("New", [("id", models.AutoField(primary_key=True))]),
        migrations.AddField("group", "more", models.TextField(null=True)),
        migrations.AddField("group", "more", models.TextField(db_default="")),
        migrations.AddField("group", "more", models.ManyToManyField("review.Segment")),
        migrations.RemoveConstraint("group", "x"),
    ],
)
def test_what_is_safe(operation: object) -> None:
    assert found(operation) == ""


def test_what_the_same_migration_makes_is_in_nobodys_way() -> None:
    new = migrations.CreateModel("New", [("id", models.AutoField(primary_key=True))])
    assert found(new, migrations.AddIndex("new", models.Index(fields=["id"], name="x"))) == ""


def test_what_others_are_squashed_into_meets_an_empty_database() -> None:
    migration = migrations.Migration("0001_squashed_0099_x", "review")
    migration.operations = [migrations.RunSQL("SELECT 1")]
    assert list(troubles(migration))
    migration.replaces = [("review", "0099_x")]
    assert not list(troubles(migration))


def test_the_first_release_is_taken_as_it_is() -> None:
    assert shipped("review", "0001_initial")
    assert not shipped("review", "0099_later")
    assert not shipped("elsewhere", "0001_initial")
