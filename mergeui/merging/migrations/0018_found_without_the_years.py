"""What each page, each probe and each second of a worker asks is found by an index of its own.

All at once, because SQLite reads the whole file after each migration, to check its foreign keys.
"""

from django.db import migrations, models

from mergeui.audit.indexes import AddIndexMeanwhile


class Migration(migrations.Migration):
    atomic = False

    safe_because = "an index is made while others go on writing"

    dependencies = [("merging", "0017_mail_about_what_needs_a_person")]

    operations = [
        AddIndexMeanwhile(
            "mergerequest",
            models.Index(fields=["organization", "primary_contact_id"], name="requests_by_primary"),
        ),
        AddIndexMeanwhile(
            "mergerequest",
            models.Index(
                condition=models.Q(("state__in", ("proposed", "approved"))),
                fields=["state", "expires_at"],
                name="requests_that_end",
            ),
        ),
        AddIndexMeanwhile(
            "mergerequest",
            models.Index(
                condition=models.Q(("state__in", ("partial", "not_applied"))),
                fields=["organization", "finished_at"],
                name="requests_amiss",
            ),
        ),
        AddIndexMeanwhile(
            "attempt", models.Index(fields=["started_at"], name="calls_by_start")
        ),
        AddIndexMeanwhile(
            "bulkdecision",
            models.Index(
                condition=models.Q(("state__in", ("working", "taking_back"))),
                fields=["organization", "-id"],
                name="bulk_going_on",
            ),
        ),
    ]
