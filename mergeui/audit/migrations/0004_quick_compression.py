from django.db import migrations

from mergeui.audit import compression


def prefer_quick(apps, schema_editor):
    compression.prefer_quick(schema_editor.connection)


def prefer_default(apps, schema_editor):
    compression.prefer_default(schema_editor.connection)


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0003_check'),
    ]

    operations = [
        migrations.RunPython(prefer_quick, prefer_default),
    ]
