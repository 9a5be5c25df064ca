from django.db import migrations, models

from mergeui.audit.indexes import AddEntryIndex


class Migration(migrations.Migration):

    atomic = False
    safe_because = (
        "the indexes are made without a lock on PostgreSQL, of each part where the history has"
        " parts; the old version finds by them what it found by the one that goes"
    )

    dependencies = [
        ('audit', '0004_quick_compression'),
    ]

    operations = [
        AddEntryIndex(
            model_name='entry',
            index=models.Index(condition=models.Q(('actor__isnull', False)), fields=['organization', 'actor', '-number'], name='entry_by_operator'),
        ),
        AddEntryIndex(
            model_name='entry',
            index=models.Index(condition=models.Q(('actor__isnull', False)), fields=['organization', 'actor', 'action', '-number'], name='entry_by_deed'),
        ),
        migrations.RemoveIndex(
            model_name='entry',
            name='entry_by_actor',
        ),
    ]
