"""Indexes for lists of all groups, whatever became of them, by size and by name.

Without them each page reads all groups there are, and sorts them: 0.5 s of half a million.
"""

from django.db import migrations, models

from mergeui.audit.indexes import AddIndexMeanwhile


class Migration(migrations.Migration):

    atomic = False

    safe_because = "an index is made while others go on writing"

    dependencies = [("review", "0013_beginnings_on_postgresql")]

    operations = [
        AddIndexMeanwhile(
            "group",
            models.Index(
                fields=["organization", "member_count", "id"], name="queue_by_size_any_state"
            ),
        ),
        AddIndexMeanwhile(
            "group",
            models.Index(
                fields=["organization", "sort_name", "id"], name="queue_by_name_any_state"
            ),
        ),
    ]
