"""Without reading all that there are: the requests that keep a contact, those whose time is over."""

from django.db import migrations, models

from mergeui.audit.indexes import AddIndexMeanwhile


class Migration(migrations.Migration):
    atomic = False

    safe_because = "an index is made while others go on writing"

    dependencies = [("merging", "0019_calls_by_their_start")]

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
    ]
