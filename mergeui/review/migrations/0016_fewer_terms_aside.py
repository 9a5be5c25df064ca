"""PostgreSQL files new terms of groups sooner, so that nobody waits for many at once."""

from django.db import migrations

from mergeui.review import finding


def keep_less(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        finding.keep_less_aside(schema_editor)


class Migration(migrations.Migration):

    safe_because = "a setting of an index is changed in no time; versions that run don't see it"

    dependencies = [("review", "0015_words_of_the_grades")]

    operations = [migrations.RunPython(keep_less, migrations.RunPython.noop)]
