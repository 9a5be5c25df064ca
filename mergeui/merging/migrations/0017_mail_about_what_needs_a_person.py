"""How far somebody has been told by e-mail of merges that need a person."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("merging", "0016_merges_answered_with_403")]

    operations = [
        migrations.AddField(
            model_name="mailbox",
            name="looks_upto",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
    ]
