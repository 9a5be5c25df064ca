"""All migrations of review up to 0014, as one: for an empty database.

Its dependency is theirs, not the latest of accounts: a desk that has them all may lack that.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from mergeui.review import finding

COLUMNS = """
CREATE INDEX review_group_columns
ON review_group (organization_id, state, risky, grade) INCLUDE (risks, member_count, id)
"""


def make(apps, schema_editor):
    finding.install(schema_editor.connection)
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(COLUMNS, None)


def remove(apps, schema_editor):
    finding.remove(schema_editor.connection)


class Migration(migrations.Migration):

    replaces = [
        ('review', '0001_initial'),
        ('review', '0002_grades'),
        ('review', '0003_not_duplicates'),
        ('review', '0004_pairs_of_dismissed_groups'),
        ('review', '0005_decisions_by_person'),
        ('review', '0006_groups_by_hand'),
        ('review', '0007_saved_views'),
        ('review', '0008_terms_of_groups'),
        ('review', '0009_index_of_terms'),
        ('review', '0010_index_of_the_other_of_a_pair'),
        ('review', '0011_beginnings_of_terms'),
        ('review', '0012_index_of_columns'),
        ('review', '0013_beginnings_on_postgresql'),
        ('review', '0014_orders_in_any_state'),
    ]

    initial = True

    dependencies = [
        ('accounts', '0008_looser_policies_by_two'),
    ]

    operations = [
        migrations.CreateModel(
            name='Segment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('segment_id', models.CharField(max_length=200)),
                ('name', models.CharField(max_length=512)),
                ('color', models.CharField(max_length=50)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='accounts.organization')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('organization', 'segment_id'), name='segment_once')],
            },
        ),
        migrations.CreateModel(
            name='Group',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('open', 'To decide'), ('requested', 'Merge requested'), ('merged', 'Merged'), ('dismissed', 'Not a duplicate'), ('snoozed', 'Snoozed'), ('vanished', 'No longer suggested')], default='open', max_length=20)),
                ('primary_contact_id', models.CharField(max_length=200)),
                ('member_count', models.PositiveIntegerField()),
                ('names', models.JSONField(default=list)),
                ('links', models.JSONField(default=list)),
                ('segment_labels', models.JSONField(default=list)),
                ('risks', models.CharField(blank=True, default='', max_length=200)),
                ('risky', models.BooleanField(default=False)),
                ('sort_name', models.CharField(default='', max_length=200)),
                ('search_text', models.TextField(default='')),
                ('fingerprint', models.CharField(max_length=64)),
                ('evidence', models.JSONField(default=dict)),
                ('first_seen_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('decided_note', models.TextField(blank=True, default='')),
                ('decided_as', models.CharField(blank=True, default='', max_length=20)),
                ('decided_evidence', models.JSONField(blank=True, null=True)),
                ('snoozed_until', models.DateTimeField(blank=True, null=True)),
                ('claimed_until', models.DateTimeField(blank=True, null=True)),
                ('claimed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.organization')),
                ('segments', models.ManyToManyField(to='review.segment')),
                ('grade', models.CharField(blank=True, choices=[('full', 'Channel and full name agree'), ('part', 'Channel and part of the name agree'), ('missing', 'Channel, a name missing'), ('unlinked', 'No channel in common'), ('conflict', 'Channel, names conflict')], default='', max_length=10)),
                ('graded_links', models.JSONField(default=list)),
                ('by_hand', models.BooleanField(default=False)),
                ('made_because', models.TextField(blank=True, default='')),
                ('made_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['organization', 'state', 'first_seen_at', 'id'], name='queue_by_age'), models.Index(fields=['organization', 'state', 'member_count', 'id'], name='queue_by_size'), models.Index(fields=['organization', 'state', 'sort_name', 'id'], name='queue_by_name'), models.Index(fields=['organization', 'first_seen_at', 'id'], name='queue_by_age_any_state'), models.Index(fields=['organization', 'state', 'grade', 'first_seen_at', 'id'], name='queue_by_grade'), models.Index(fields=['decided_by', '-decided_at'], name='decisions_by_person'), models.Index(fields=['organization', 'member_count', 'id'], name='queue_by_size_any_state'), models.Index(fields=['organization', 'sort_name', 'id'], name='queue_by_name_any_state')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['open', 'requested', 'merged', 'dismissed', 'snoozed', 'vanished'])), name='group_state_known')],
            },
        ),
        migrations.CreateModel(
            name='SyncRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('wanted', 'Waiting for the worker'), ('running', 'Reading'), ('done', 'Done'), ('failed', 'Failed')], default='wanted', max_length=20)),
                ('wanted_at', models.DateTimeField()),
                ('seen_alive_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('groups_read', models.PositiveIntegerField(default=0)),
                ('groups_listed', models.PositiveIntegerField(blank=True, null=True)),
                ('new', models.PositiveIntegerField(default=0)),
                ('changed', models.PositiveIntegerField(default=0)),
                ('vanished', models.PositiveIntegerField(default=0)),
                ('unchanged', models.PositiveIntegerField(default=0)),
                ('error', models.TextField(blank=True, default='')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.organization')),
                ('wanted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['organization', '-id'], name='latest_sync')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['wanted', 'running'])), fields=('organization',), name='one_sync_at_a_time')],
            },
        ),
        migrations.CreateModel(
            name='Channel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('contact_id', models.CharField(max_length=200)),
                ('type', models.CharField(max_length=100)),
                ('user_id', models.CharField(max_length=1000)),
                ('shared', models.BooleanField()),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='channels', to='review.group')),
            ],
            options={
                'indexes': [models.Index(fields=['type', 'shared', 'group'], name='by_type')],
            },
        ),
        migrations.CreateModel(
            name='Member',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('contact_id', models.CharField(max_length=200)),
                ('position', models.PositiveIntegerField()),
                ('name', models.TextField(blank=True)),
                ('fingerprint', models.CharField(max_length=64)),
                ('raw', models.JSONField()),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='review.group')),
            ],
            options={
                'ordering': ['position'],
                'indexes': [models.Index(fields=['contact_id'], name='member_by_contact')],
                'constraints': [models.UniqueConstraint(fields=('group', 'contact_id'), name='member_once')],
            },
        ),
        migrations.CreateModel(
            name='MergedContact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('contact_id', models.CharField(max_length=200)),
                ('into_contact_id', models.CharField(max_length=200)),
                ('merged_at', models.DateTimeField()),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.organization')),
            ],
            options={
                'indexes': [models.Index(fields=['organization', 'into_contact_id'], name='merged_into')],
                'constraints': [models.UniqueConstraint(fields=('organization', 'contact_id'), name='merged_away_once')],
            },
        ),
        migrations.CreateModel(
            name='NotDuplicate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('one_contact_id', models.CharField(max_length=200)),
                ('other_contact_id', models.CharField(max_length=200)),
                ('said_at', models.DateTimeField()),
                ('reason', models.TextField(blank=True, default='')),
                ('evidence', models.JSONField(default=list)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='accounts.organization')),
                ('said_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('organization', 'one_contact_id', 'other_contact_id'), name='said_once'), models.CheckConstraint(condition=models.Q(('one_contact_id', models.F('other_contact_id')), _negated=True), name='pair_of_two')],
                'indexes': [models.Index(fields=['organization', 'other_contact_id'], name='said_of_the_other')],
            },
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60)),
                ('query', models.TextField(blank=True)),
                ('shared', models.BooleanField(default=False)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='accounts.organization')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='views', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('organization', 'owner', 'name'), name='view_name_once')],
            },
        ),
        migrations.RunPython(make, remove),
    ]
