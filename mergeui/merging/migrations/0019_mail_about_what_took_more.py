"""How far somebody has been told by e-mail of merges that took more than was asked for."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("merging", "0018_found_without_the_years")]

    operations = [
        migrations.AddField(
            model_name="mailbox",
            name="calls_upto",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
    ]
