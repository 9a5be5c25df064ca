"""The indexes that keep every order of the queue a range of an index, and how they come."""

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from mergeui.review.models import Group

pytestmark = pytest.mark.django_db(transaction=True)

NAMES = ("queue_by_size_any_state", "queue_by_name_any_state")


def there() -> list[str]:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, Group._meta.db_table)
    return [name for name in NAMES if name in found]


def test_a_run_that_was_broken_off_is_made_up_for_by_the_next() -> None:
    """The first takes minutes on a large desk: somebody ends it between the two, and runs it again.

    On the file that has the first one already, CREATE INDEX alone says that it exists.
    """
    loader = MigrationLoader(connection, replace_migrations=False)
    before = loader.project_state(("review", "0013_beginnings_on_postgresql"))
    migration = loader.get_migration("review", "0014_orders_in_any_state")
    with connection.schema_editor(atomic=False) as editor:
        editor.execute(f"DROP INDEX {NAMES[1]}")
    assert there() == [NAMES[0]]

    with connection.schema_editor(atomic=False) as editor:
        migration.apply(before.clone(), editor)

    assert there() == [*NAMES]
