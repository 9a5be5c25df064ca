"""The bulk decisions under way are found without reading all that there ever were, each second."""

from django.db import migrations, models

from mergeui.audit.indexes import AddIndexMeanwhile


class Migration(migrations.Migration):
    atomic = False

    safe_because = "an index is made while others go on writing"

    dependencies = [("merging", "0020_requests_by_primary_and_end")]

    operations = [
        AddIndexMeanwhile(
            "bulkdecision",
            models.Index(
                condition=models.Q(("state__in", ("working", "taking_back"))),
                fields=["organization", "-id"],
                name="bulk_going_on",
            ),
        ),
    ]
