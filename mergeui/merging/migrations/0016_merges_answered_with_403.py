"""What stops all merges has one more name; nothing changes in the database."""

from django.db import migrations, models


class Migration(migrations.Migration):
    safe_because = "words alone: the column is as it was, and the old version ends no such halt"

    dependencies = [("merging", "0015_people_behind_merges")]

    operations = [
        migrations.AlterField(
            model_name="standing",
            name="halted_as",
            field=models.CharField(
                blank=True,
                choices=[
                    ("key", "Invent refuses the API key"),
                    ("forbidden", "Merges are answered with 403"),
                    ("gap", "The database is older than what was sent"),
                ],
                default="",
                max_length=10,
            ),
        ),
    ]
