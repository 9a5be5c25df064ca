"""All migrations of merging up to 0015, as one: for an empty database.

Its dependencies are theirs, not the latest: a desk that has them all may lack those.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('merging', '0001_initial'),
        ('merging', '0002_notices'),
        ('merging', '0003_calls_name_what_nobody_asked_for'),
        ('merging', '0004_bulk_decisions'),
        ('merging', '0005_lost_opt_outs'),
        ('merging', '0006_opt_outs_lost_before'),
        ('merging', '0007_several_requests_a_group'),
        ('merging', '0008_workers_that_are_alive'),
        ('merging', '0009_breaking_the_glass'),
        ('merging', '0010_due_requests_of_people'),
        ('merging', '0011_pauses_of_invent'),
        ('merging', '0012_notices_of_what_expired'),
        ('merging', '0013_notices_of_a_policy'),
        ('merging', '0014_requests_going_on'),
        ('merging', '0015_people_behind_merges'),
    ]

    initial = True

    dependencies = [
        ('accounts', '0008_looser_policies_by_two'),
        ('audit', '0005_what_an_operator_did'),
        ('review', '0010_index_of_the_other_of_a_pair'),
    ]

    operations = [
        migrations.CreateModel(
            name='Standing',
            fields=[
                ('organization', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='standing', serialize=False, to='accounts.organization')),
                ('halted_as', models.CharField(blank=True, choices=[('key', 'Invent refuses the API key'), ('gap', 'The database is older than what was sent')], default='', max_length=10)),
                ('because', models.TextField(blank=True, default='')),
                ('since', models.DateTimeField(blank=True, null=True)),
                ('looked_for', models.BooleanField(default=False)),
                ('accepted', models.CharField(blank=True, default='', max_length=64)),
                ('chain_broken', models.TextField(blank=True, default='')),
                ('glass_open', models.PositiveIntegerField(default=0)),
                ('paused_until', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Mailbox',
            fields=[
                ('membership', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='mailbox', serialize=False, to='accounts.membership')),
                ('upto', models.BigIntegerField(default=0)),
                ('next_at', models.DateTimeField()),
                ('tries', models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='BulkDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('merge', 'Merge'), ('dismiss', 'Not duplicates'), ('snooze', 'Snooze')], max_length=10)),
                ('state', models.CharField(choices=[('draft', 'Summary'), ('working', 'Under way'), ('done', 'Done'), ('stopped', 'Stopped'), ('taking_back', 'Being taken back'), ('taken_back', 'Taken back')], default='draft', max_length=20)),
                ('query', models.TextField(blank=True, default='')),
                ('left_out', models.BooleanField(default=False)),
                ('note', models.TextField(blank=True, default='')),
                ('until', models.DateTimeField(blank=True, null=True)),
                ('contacts', models.PositiveIntegerField(default=0)),
                ('asked_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('because', models.CharField(blank=True, default='', max_length=20)),
                ('role', models.CharField(blank=True, default='', max_length=20)),
                ('address', models.CharField(blank=True, default='', max_length=100)),
                ('request_id', models.CharField(blank=True, default='', max_length=100)),
                ('total', models.PositiveIntegerField(default=0)),
                ('done', models.PositiveIntegerField(default=0)),
                ('set_aside', models.PositiveIntegerField(default=0)),
                ('failed', models.PositiveIntegerField(default=0)),
                ('taken_back', models.PositiveIntegerField(default=0)),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ended_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.organization')),
            ],
            options={
                'indexes': [models.Index(fields=['organization', 'state', '-id'], name='bulk_by_state')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'working', 'done', 'stopped', 'taking_back', 'taken_back'])), name='bulk_state_known')],
            },
        ),
        migrations.CreateModel(
            name='MergeRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('proposed', 'Waiting for approval'), ('approved', 'Approved'), ('executing', 'Merging'), ('merged', 'Merged'), ('partial', 'Merged in part'), ('not_applied', 'Not merged'), ('rejected', 'Rejected'), ('withdrawn', 'Withdrawn'), ('cancelled', 'Cancelled'), ('expired', 'Expired'), ('refused', 'Refused by Invent'), ('stale', 'Contacts changed'), ('unknown', 'Outcome unknown'), ('conflict', 'Needs a person')], max_length=20)),
                ('primary_contact_id', models.CharField(max_length=200)),
                ('primary_name', models.TextField()),
                ('snapshot', models.JSONField()),
                ('fingerprint', models.CharField(max_length=64)),
                ('cautions', models.JSONField(default=list)),
                ('prediction', models.JSONField(default=dict)),
                ('note', models.TextField(blank=True, default='')),
                ('needs_approval', models.BooleanField()),
                ('proposed_at', models.DateTimeField()),
                ('approved_at', models.DateTimeField(blank=True, null=True)),
                ('expires_at', models.DateTimeField()),
                ('execute_after', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('outcome', models.JSONField(default=list)),
                ('tries', models.PositiveIntegerField(default=0)),
                ('waiting_because', models.TextField(blank=True, default='')),
                ('lease_token', models.CharField(blank=True, default='', max_length=32)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('read_back_at', models.DateTimeField(blank=True, null=True)),
                ('read_backs', models.PositiveIntegerField(default=0)),
                ('approved_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='requests', to='review.group')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='accounts.organization')),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('bulk', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='requests', to='merging.bulkdecision')),
                ('alone', models.CharField(blank=True, choices=[('glass', 'The glass was broken'), ('single', 'Single-operator mode')], default='', max_length=10)),
            ],
            options={
                'indexes': [models.Index(fields=['organization', 'state', '-id'], name='requests_by_state'), models.Index(fields=['organization', 'proposed_by', '-id'], name='requests_by_person'), models.Index(condition=models.Q(('bulk__isnull', False)), fields=['bulk', 'state', 'id'], name='requests_of_a_bulk'), models.Index(fields=['state', 'execute_after', 'id'], name='requests_due'), models.Index(condition=models.Q(('bulk__isnull', True)), fields=['organization', 'state', 'execute_after', 'id'], name='requests_due_of_people'), models.Index(condition=models.Q(('state__in', ('proposed', 'approved', 'executing', 'unknown', 'conflict'))), fields=['organization', '-id'], name='requests_going_on')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['proposed', 'approved', 'executing', 'merged', 'partial', 'not_applied', 'rejected', 'withdrawn', 'cancelled', 'expired', 'refused', 'stale', 'unknown', 'conflict'])), name='request_state_known'), models.CheckConstraint(condition=models.Q(('needs_approval', False), ('state__in', ('proposed', 'rejected', 'withdrawn', 'expired')), ('approved_by__isnull', False), _connector='OR'), name='four_eyes_before_merge'), models.CheckConstraint(condition=models.Q(models.Q(('alone', ''), _negated=True), models.Q(('approved_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='four_eyes_two_people')],
            },
        ),
        migrations.CreateModel(
            name='ContactLock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('contact_id', models.CharField(max_length=200)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='accounts.organization')),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='locks', to='merging.mergerequest')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('organization', 'contact_id'), name='one_request_a_contact')],
            },
        ),
        migrations.CreateModel(
            name='Attempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('state', models.CharField(choices=[('sending', 'Sending'), ('merged', 'Merged'), ('partial', 'Merged in part'), ('not_sent', 'Not sent'), ('refused', 'Refused by Invent'), ('unknown', 'Outcome unknown')], default='sending', max_length=20)),
                ('source_ids', models.JSONField()),
                ('call', models.JSONField()),
                ('answer', models.JSONField(blank=True, null=True)),
                ('reason', models.TextField(blank=True, default='')),
                ('started_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attempts', to='merging.mergerequest')),
                ('unasked', models.JSONField(default=list)),
            ],
            options={
                'ordering': ['number'],
                'constraints': [models.UniqueConstraint(fields=('request', 'number'), name='attempt_number_once'), models.UniqueConstraint(condition=models.Q(('state', 'sending')), fields=('request',), name='one_call_at_a_time')],
            },
        ),
        migrations.CreateModel(
            name='Approval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verdict', models.CharField(choices=[('approved', 'Approved'), ('rejected', 'Rejected')], max_length=20)),
                ('note', models.TextField(blank=True, default='')),
                ('at', models.DateTimeField()),
                ('approver', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('proposer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('request', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='approval', to='merging.mergerequest')),
                ('alone', models.CharField(blank=True, choices=[('glass', 'The glass was broken'), ('single', 'Single-operator mode')], default='', max_length=10)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('verdict', 'rejected'), models.Q(('alone', ''), _negated=True), models.Q(('approver', models.F('proposer')), _negated=True), _connector='OR'), name='approver_is_not_proposer')],
            },
        ),
        migrations.CreateModel(
            name='ReadBack',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('verdict', models.CharField(choices=[('merged', 'All merged'), ('not_applied', 'Nothing merged'), ('partial', 'Merged in part'), ('conflict', 'Contradictory'), ('unclear', "Can't tell")], max_length=20)),
                ('evidence', models.JSONField()),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='looks', to='merging.mergerequest')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Source',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField()),
                ('contact_id', models.CharField(max_length=200)),
                ('name', models.TextField()),
                ('state', models.CharField(choices=[('waiting', 'Not sent yet'), ('sent', 'Sent, not known yet'), ('merged', 'Merged'), ('not_merged', 'Not merged'), ('lost', 'Gone, not in the primary')], default='waiting', max_length=20)),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sources', to='merging.mergerequest')),
            ],
            options={
                'ordering': ['position'],
                'indexes': [models.Index(fields=['contact_id'], name='source_by_contact')],
                'constraints': [models.UniqueConstraint(fields=('request', 'contact_id'), name='source_once')],
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('mentioned', 'Mentioned'), ('rejected', 'Rejected'), ('glass', 'The glass was broken'), ('expired', 'Expired'), ('policy', 'A looser policy waits')], max_length=20)),
                ('at', models.DateTimeField()),
                ('read_at', models.DateTimeField(blank=True, null=True)),
                ('mailed_at', models.DateTimeField(blank=True, null=True)),
                ('entry', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='audit.entry')),
                ('group', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='review.group')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to=settings.AUTH_USER_MODEL)),
                ('request', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='merging.mergerequest')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('read_at', None)), fields=['person', 'organization', '-id'], name='notices_unread')],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['mentioned', 'rejected', 'glass', 'expired', 'policy'])), name='notice_kind_known'), models.CheckConstraint(condition=models.Q(('kind', 'policy'), ('group__isnull', False), _connector='OR'), name='notice_about_a_group')],
            },
        ),
        migrations.CreateModel(
            name='BulkItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fingerprint', models.CharField(max_length=64)),
                ('state', models.CharField(choices=[('waiting', 'Not begun'), ('done', 'Done'), ('set_aside', 'Set aside'), ('failed', 'Failed'), ('taken_back', 'Taken back')], max_length=20)),
                ('why', models.CharField(blank=True, choices=[('risky', 'Risky'), ('grade', 'Names conflict'), ('claimed', 'Open by somebody else'), ('decided', 'Decided already'), ('elsewhere', 'In another bulk decision'), ('changed', 'Changed since the summary'), ('refused', 'Refused'), ('failed', 'Failed')], default='', max_length=20)),
                ('detail', models.TextField(blank=True, default='')),
                ('at', models.DateTimeField(blank=True, null=True)),
                ('bulk', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='merging.bulkdecision')),
                ('group', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='review.group')),
                ('request', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bulk_item', to='merging.mergerequest')),
            ],
            options={
                'indexes': [models.Index(fields=['bulk', 'state', 'id'], name='bulk_items_by_state')],
                'constraints': [models.UniqueConstraint(fields=('group', 'bulk'), name='group_once_a_bulk')],
            },
        ),
        migrations.CreateModel(
            name='LostOptOut',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('lost', 'Lost'), ('wanted', 'To be set again'), ('set', 'Set again')], default='lost', max_length=10)),
                ('flags', models.CharField(max_length=40)),
                ('wanted_at', models.DateTimeField(blank=True, null=True)),
                ('due_at', models.DateTimeField(blank=True, null=True)),
                ('tries', models.PositiveIntegerField(default=0)),
                ('reason', models.TextField(blank=True, default='')),
                ('set_at', models.DateTimeField(blank=True, null=True)),
                ('request', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='lost_opt_out', to='merging.mergerequest')),
                ('wanted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'set'), _negated=True), fields=['state', 'due_at'], name='opt_outs_to_set')],
            },
        ),
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('name', models.CharField(max_length=200, primary_key=True, serialize=False)),
                ('started_at', models.DateTimeField()),
                ('seen_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='GlassBreak',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('open', 'Open'), ('closed', 'Closed')], default='open', max_length=10)),
                ('at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('closed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('request', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='glass', to='merging.mergerequest')),
            ],
            options={
                'indexes': [models.Index(fields=['organization', '-id'], name='glass_latest')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state', 'open'), ('closed_by__isnull', False), _connector='OR'), name='glass_closed_by_one')],
            },
        ),
    ]
