"""The pairs of the groups that were dismissed before pairs were kept.

Apart from the table, because PostgreSQL adds its foreign keys when that migration ends.
"""

from itertools import combinations

from django.db import migrations

MOST_MEMBERS = 64


def keep_pairs(apps, schema_editor):
    """What was dismissed before there were pairs is as well known as what is dismissed from now."""
    Group = apps.get_model("review", "Group")
    NotDuplicate = apps.get_model("review", "NotDuplicate")
    dismissed = Group.objects.filter(state="dismissed").only(
        "organization_id", "decided_by_id", "decided_at", "decided_note", "decided_evidence"
    )
    for group in dismissed.order_by("decided_at", "pk").iterator(200):
        evidence = group.decided_evidence or {}
        members = sorted(evidence.get("members", []))
        if group.decided_at is None or len(members) > MOST_MEMBERS:
            continue
        shared = {}
        for type_, user_id, *holders in evidence.get("links", []):
            for pair in combinations(sorted(holders), 2):
                shared.setdefault(pair, []).append([type_, user_id])
        NotDuplicate.objects.bulk_create(
            [
                NotDuplicate(
                    organization_id=group.organization_id,
                    one_contact_id=pair[0],
                    other_contact_id=pair[1],
                    said_by_id=group.decided_by_id,
                    said_at=group.decided_at,
                    reason=group.decided_note,
                    evidence=shared.get(pair, []),
                )
                for pair in combinations(members, 2)
            ],
            update_conflicts=True,
            unique_fields=["organization", "one_contact_id", "other_contact_id"],
            update_fields=["said_by", "said_at", "reason", "evidence"],
            batch_size=200,
        )


class Migration(migrations.Migration):

    dependencies = [("review", "0003_not_duplicates")]

    operations = [migrations.RunPython(keep_pairs, migrations.RunPython.noop)]
