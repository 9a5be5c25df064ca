"""The calls of the last day are counted without those of all days before."""

from django.db import migrations, models


class Migration(migrations.Migration):
    safe_because = (
        "of merge calls there are thousands where there are millions of contacts: an index over"
        " them is made within the lock time-out, and nothing fails while it is missing"
    )

    dependencies = [("merging", "0018_requests_that_went_amiss")]

    operations = [
        migrations.AddIndex(
            model_name="attempt",
            index=models.Index(fields=["started_at"], name="calls_by_start"),
        ),
    ]
