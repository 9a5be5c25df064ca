"""Indexes for lists of all groups, whatever became of them, by size and by name.

Without them each page reads all groups there are, and sorts them: 0.5 s of half a million.
"""

from django.db import migrations, models

from mergeui.audit.indexes import make_index


class AddGroupIndex(migrations.AddIndex):
    """Adds an index while others go on writing, where PostgreSQL makes it."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        make_index(schema_editor, str(self.index.create_sql(model, schema_editor)))


class Migration(migrations.Migration):

    atomic = False

    safe_because = "an index is made while others go on writing"

    dependencies = [("review", "0013_beginnings_on_postgresql")]

    operations = [
        AddGroupIndex(
            "group",
            models.Index(
                fields=["organization", "member_count", "id"], name="queue_by_size_any_state"
            ),
        ),
        AddGroupIndex(
            "group",
            models.Index(
                fields=["organization", "sort_name", "id"], name="queue_by_name_any_state"
            ),
        ),
    ]
