"""The groups that people put together are found without reading all open ones, at each sync."""

from django.db import migrations, models

from mergeui.audit.indexes import AddIndexMeanwhile


class Migration(migrations.Migration):
    atomic = False

    safe_because = "an index is made while others go on writing"

    dependencies = [("review", "0017_groups_whose_snooze_ends")]

    operations = [
        AddIndexMeanwhile(
            "group",
            models.Index(
                condition=models.Q(("by_hand", True), ("state", "open")),
                fields=["organization", "-changed_at"],
                name="groups_by_hand",
            ),
        ),
    ]
