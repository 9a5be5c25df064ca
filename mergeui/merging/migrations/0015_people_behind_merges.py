"""Merges of before are found by who asked for them and who approved them, as new ones are."""

from django.db import migrations

ENDED = (
    "merge_completed",
    "merge_partial",
    "merge_refused",
    "merge_not_applied",
    "merge_stale",
    "merge_expired",
)
BEHIND = """
INSERT INTO audit_reference (organization_id, kind, value, entry_id)
SELECT DISTINCT request.organization_id, 'behind',
    CAST(request.{person} AS varchar(20)) || ' ' || entry.action, entry.number
FROM merging_mergerequest request
JOIN audit_reference named ON named.organization_id = request.organization_id
    AND named.kind = 'request' AND named.value = CAST(request.id AS varchar(20))
JOIN audit_entry entry ON entry.number = named.entry_id
WHERE request.{person} IS NOT NULL AND entry.actor_id IS NULL AND entry.action IN ({ended})
ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):

    safe_because = "it adds to what entries are found by, which nobody waits for"

    dependencies = [
        ("merging", "0014_requests_going_on"),
        ("audit", "0005_what_an_operator_did"),
    ]

    operations = [
        migrations.RunSQL(
            BEHIND.format(person=person, ended=", ".join(f"'{action}'" for action in ENDED)),
            migrations.RunSQL.noop,
        )
        for person in ("proposed_by_id", "approved_by_id")
    ]
