from django.db import migrations, models


class Migration(migrations.Migration):

    safe_because = (
        "of merge requests there are thousands where there are millions of contacts: an index over"
        " them is made within the lock time-out, and nothing fails while it is missing"
    )

    dependencies = [
        ("merging", "0013_notices_of_a_policy"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="mergerequest",
            index=models.Index(
                fields=["organization", "-id"],
                condition=models.Q(
                    ("state__in", ("proposed", "approved", "executing", "unknown", "conflict"))
                ),
                name="requests_going_on",
            ),
        ),
    ]
