"""What a grade is called; nothing changes in the database."""

from django.db import migrations, models


class Migration(migrations.Migration):
    safe_because = "words alone: the column is as it was, and so is what may stand in it"

    dependencies = [("review", "0014_orders_in_any_state")]

    operations = [
        migrations.AlterField(
            model_name="group",
            name="grade",
            field=models.CharField(
                blank=True,
                choices=[
                    ("full", "Channel and full name agree"),
                    ("part", "Channel and part of the name agree"),
                    ("missing", "Channel, a name missing or incomplete"),
                    ("unlinked", "No channel in common"),
                    ("conflict", "Channel, names conflict"),
                ],
                default="",
                max_length=10,
            ),
        ),
    ]
