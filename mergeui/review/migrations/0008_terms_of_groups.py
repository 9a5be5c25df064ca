"""The terms that groups are found by, made of the contacts that are stored with them."""

from django.db import migrations

from mergeui.invent import Contact
from mergeui.review.digest import search_text
from mergeui.review.evidence import links

BATCH = 200


def make_terms(apps, schema_editor):
    """As the next sync would, but also for the groups that Invent lists no longer."""
    Group = apps.get_model("review", "Group")
    keys = Group.objects.order_by("pk").values_list("pk", flat=True)
    last = 0
    while some := list(keys.filter(pk__gt=last)[:BATCH]):
        last = some[-1]
        members = {pk: [] for pk in some}
        Member = apps.get_model("review", "Member")
        stored = Member.objects.filter(group__in=some).order_by("group_id", "position")
        for group_id, raw in stored.values_list("group_id", "raw"):
            members[group_id].append(Contact.parse(raw))
        Group.objects.bulk_update(
            [Group(pk=pk, search_text=search_text(of, links(of))) for pk, of in members.items()],
            ["search_text"],
        )


class Migration(migrations.Migration):

    dependencies = [("review", "0007_saved_views")]

    operations = [migrations.RunPython(make_terms, migrations.RunPython.noop)]
