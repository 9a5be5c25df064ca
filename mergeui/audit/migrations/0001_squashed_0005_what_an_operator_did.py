"""All migrations of audit up to 0005, as one: for an empty database.

Its dependency is theirs, not the latest of accounts: a desk that has them all may lack that.
"""

import django.db.models.deletion
import mergeui.audit.append_only
from django.conf import settings
from django.db import migrations, models

from mergeui.audit import compression, triggers


def guard(apps, schema_editor):
    triggers.install(schema_editor.connection)
    compression.prefer_quick(schema_editor.connection)


def lift(apps, schema_editor):
    triggers.lift(schema_editor.connection)


class Migration(migrations.Migration):

    replaces = [
        ('audit', '0001_initial'),
        ('audit', '0002_triggers'),
        ('audit', '0003_check'),
        ('audit', '0004_quick_compression'),
        ('audit', '0005_what_an_operator_did'),
    ]

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('number', mergeui.audit.append_only.Number(primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('action', models.CharField(max_length=40)),
                ('actor_name', models.CharField(max_length=320)),
                ('actor_role', models.CharField(max_length=40)),
                ('address', models.CharField(blank=True, max_length=100)),
                ('request_id', models.CharField(blank=True, max_length=100)),
                ('subject', models.CharField(blank=True, max_length=300)),
                ('facts_text', models.TextField()),
                ('payload_mac', models.CharField(blank=True, max_length=64)),
                ('previous_hash', models.CharField(max_length=64)),
                ('hash', models.CharField(max_length=64)),
                ('actor', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.organization')),
            ],
            options={
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['organization', '-number'], name='entry_by_organization'), models.Index(fields=['organization', 'action', '-number'], name='entry_by_action'), models.Index(fields=['at', 'number'], name='entry_by_time'), models.Index(condition=models.Q(('actor__isnull', False)), fields=['organization', 'actor', '-number'], name='entry_by_operator'), models.Index(condition=models.Q(('actor__isnull', False)), fields=['organization', 'actor', 'action', '-number'], name='entry_by_deed')],
            },
        ),
        migrations.CreateModel(
            name='Payload',
            fields=[
                ('entry', models.OneToOneField(on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='payload', serialize=False, to='audit.entry')),
                ('key', models.CharField(max_length=64)),
                ('data_text', models.TextField()),
            ],
            options={
                'base_manager_name': 'objects',
            },
        ),
        migrations.CreateModel(
            name='Reference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=10)),
                ('value', models.CharField(max_length=200)),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, related_name='references', to='audit.entry')),
                ('organization', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.organization')),
            ],
            options={
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('organization', 'kind', 'value', 'entry'), name='reference_once')],
            },
        ),
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('entry', models.OneToOneField(on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='erasure', serialize=False, to='audit.entry')),
                ('by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='audit.entry')),
            ],
            options={
                'base_manager_name': 'objects',
            },
        ),
        migrations.CreateModel(
            name='Check',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('whole_at', models.DateTimeField()),
                ('number', models.BigIntegerField()),
                ('hash', models.CharField(max_length=64)),
                ('broken', models.TextField(blank=True, default='')),
            ],
        ),
        migrations.RunPython(guard, lift),
    ]
