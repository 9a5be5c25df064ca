"""What went amiss in the last days is found without what did in all years before."""

from django.db import migrations, models


class Migration(migrations.Migration):
    safe_because = (
        "of merge requests there are thousands where there are millions of contacts: an index over"
        " few of them is made within the lock time-out, and nothing fails while it is missing"
    )

    dependencies = [("merging", "0017_mail_about_what_needs_a_person")]

    operations = [
        migrations.AddIndex(
            model_name="mergerequest",
            index=models.Index(
                condition=models.Q(("state__in", ("partial", "not_applied"))),
                fields=["organization", "finished_at"],
                name="requests_amiss",
            ),
        ),
    ]
