"""What newly stored members mean for what people decided of a group, and of pairs in it.

Each changes a group that is locked, as it is now, for the caller to save, and gives what the
history is to say of it.
"""

from datetime import datetime
from typing import Any

from mergeui.audit.actions import Action
from mergeui.review.models import Group, GroupState
from mergeui.review.pairs import Known
from mergeui.review.risk import Risk, joined


def change(
    group: Group, changes: dict[str, Any], now: datetime, known: Known
) -> dict[str, Any] | None:
    """Changes a group, for the caller to save; gives what the history is to say, None for nothing.

    What was decided without a merge stands unless the evidence changed; that pairs are no
    duplicates stands unless there is another pair or something new in common. The group is as it is
    now, and locked: a decision of a moment ago counts.
    """
    entry: dict[str, Any] | None = None
    for name, value in changes.items():
        setattr(group, name, value)
    group.changed_at = now
    decided = group.state in {GroupState.DISMISSED, GroupState.SNOOZED}
    reopened = decided and group.decided_evidence != group.evidence
    if group.state == GroupState.DISMISSED and known.all_of(group.evidence):
        reopened = False
    if group.state == GroupState.VANISHED or reopened:
        was, group.state = group.state, GroupState.OPEN.value
        group.snoozed_until = None
        why = "changed" if reopened else "listed again"
        entry = {
            "action": Action.GROUP_REOPENED,
            "subject": f"group:{group.pk}",
            "facts": {"was": was, "why": why},
        }
    return entry


def mark_said(group: Group) -> None:
    """Adds the risk that somebody said of two of its contacts that they are not the same."""
    if Risk.SAID not in group.risk_codes:
        group.risks, group.risky = joined([Risk.SAID, *group.risk_codes]), True


def heed(group: Group, known: Known) -> dict[str, Any] | None:
    """What people said of pairs of a group: a risk, or already the whole answer.

    Changes the group, for the caller to save; gives what the history is to say, None for nothing.
    """
    mark_said(group)
    said = known.all_of(group.evidence)
    entry: dict[str, Any] | None = None
    if said and group.state == GroupState.OPEN:
        group.state = group.decided_as = GroupState.DISMISSED.value
        group.decided_by_id, group.decided_at = said.said_by_id, said.said_at
        group.decided_note, group.decided_evidence = said.reason, group.evidence
        group.claimed_by = group.claimed_until = None
        entry = {
            "action": Action.GROUP_KNOWN,
            "subject": f"group:{group.pk}",
            "facts": {"members": group.evidence["members"]},
            "personal": {"names": group.names},
        }
    return entry
