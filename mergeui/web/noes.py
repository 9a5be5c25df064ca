"""Who said no to a group before, for those who look at a merge of it that waits."""

from mergeui.audit import lookup
from mergeui.audit.actions import Action
from mergeui.audit.models import Entry
from mergeui.merging.models import WAITING, MergeRequest
from mergeui.web.past import Step, story

NOES = (Action.MERGE_REJECTED, Action.GROUP_DISMISSED, Action.GROUP_KNOWN)
READ = 50
SHOWN = 5


def noes(request: MergeRequest) -> list[Step]:
    """The newest rejections and dismissals of its group before it was asked for, oldest first.

    Without those that the same person took back. One query, none once the request is decided. From
    the history: the group keeps its last decision only, and where the data were erased, the entry
    says so.
    """
    if request.state not in WAITING:
        return []
    told = lookup.entries(request.organization, group=request.group_id).filter(
        action__in=[*NOES, Action.GROUP_REOPENED], at__lt=request.proposed_at
    )
    standing: list[Entry] = []
    for entry in reversed(told[:READ]):
        if entry.action in NOES:
            standing.append(entry)
        elif standing and _takes_back(entry, standing[-1]):
            standing.pop()
    return story(standing[-SHOWN:])


def _takes_back(reopened: Entry, no: Entry) -> bool:
    dismissed = no.action == Action.GROUP_DISMISSED
    return dismissed and no.actor_id is not None and no.actor_id == reopened.actor_id
