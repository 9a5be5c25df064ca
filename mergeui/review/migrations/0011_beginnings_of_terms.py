"""SQLite's index of terms anew, with what review.finding knows of beginnings now."""

from django.db import migrations

from mergeui.review import finding


def renew(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        finding.remove(schema_editor.connection)
        finding.install(schema_editor.connection)


class Migration(migrations.Migration):

    safe_because = "the table is SQLite's own index; the old version asks it the same questions"

    dependencies = [("review", "0010_index_of_the_other_of_a_pair")]

    operations = [migrations.RunPython(renew, migrations.RunPython.noop)]
