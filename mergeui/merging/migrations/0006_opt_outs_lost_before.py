"""The opt-outs that merges lost before there was a table for them: their outcome says so."""

from django.db import migrations

SAID = {
    "An opt-out was lost: the result receives messages again.": "unsubscribed",
    "Invent doesn't say whether the opt-out was kept: look at the contact there.": "unsubscribed",
    "A block was lost: the result is no longer blocked.": "blocked",
}


def keep_lost(apps, schema_editor):
    MergeRequest = apps.get_model("merging", "MergeRequest")
    LostOptOut = apps.get_model("merging", "LostOptOut")
    ended = MergeRequest.objects.filter(state__in=["merged", "partial"]).order_by("pk")
    for pk, outcome in ended.values_list("pk", "outcome").iterator(500):
        said = [flag for sentence, flag in SAID.items() if sentence in outcome]
        flags = [flag for flag in ("unsubscribed", "blocked") if flag in said]
        if flags:
            LostOptOut.objects.create(request_id=pk, flags=",".join(flags))


class Migration(migrations.Migration):

    dependencies = [("merging", "0005_lost_opt_outs")]

    operations = [migrations.RunPython(keep_lost, migrations.RunPython.noop)]
