"""The snoozes that are over are found without reading all groups, each second."""

from django.db import migrations, models

from mergeui.audit.indexes import AddIndexMeanwhile


class Migration(migrations.Migration):
    atomic = False

    safe_because = "an index is made while others go on writing"

    dependencies = [("review", "0016_fewer_terms_aside")]

    operations = [
        AddIndexMeanwhile(
            "group",
            models.Index(
                condition=models.Q(("state", "snoozed")),
                fields=["snoozed_until"],
                name="groups_asleep",
            ),
        ),
    ]
