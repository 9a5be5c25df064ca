"""The index of terms, apart from their making: PostgreSQL builds it from what is committed."""

from django.db import migrations

from mergeui.review import finding


def install(apps, schema_editor):
    finding.install(schema_editor.connection)


def remove(apps, schema_editor):
    finding.remove(schema_editor.connection)


class Migration(migrations.Migration):

    dependencies = [("review", "0008_terms_of_groups")]

    operations = [migrations.RunPython(install, remove)]
