"""PostgreSQL's index of terms anew, with the beginnings of words as terms of their own."""

from django.db import migrations

from mergeui.review import finding


def renew(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        finding.renew(schema_editor)


class Migration(migrations.Migration):

    atomic = False

    safe_because = (
        "the index is made while others go on writing, under another name; the old version's"
        " searches read all groups until it is stopped"
    )

    dependencies = [("review", "0012_index_of_columns")]

    operations = [migrations.RunPython(renew, migrations.RunPython.noop)]
