"""Merge requests, their approvals, the calls made for them, and what was read back.

Nothing here is changed but by the transitions of proposals.py, approval.py, execution.py,
reconcile.py, restoring.py and bulk/ (design.md, rule 1).
"""

from mergeui.merging.models.approval import Approval
from mergeui.merging.models.attempt import Attempt, ReadBack
from mergeui.merging.models.bulk import (
    BulkDecision,
    BulkItem,
    BulkKind,
    BulkQuerySet,
    BulkState,
)
from mergeui.merging.models.glass import GlassBreak
from mergeui.merging.models.heartbeat import Heartbeat
from mergeui.merging.models.opt_out import LostOptOut
from mergeui.merging.models.request import ContactLock, MergeRequest, RequestQuerySet, Source
from mergeui.merging.models.standing import Standing
from mergeui.merging.models.states import (
    ACTIVE,
    AMISS,
    BEFORE_APPROVAL,
    UNSETTLED,
    WAITING,
    Alone,
    RequestState,
)
from mergeui.merging.models.telling import Mailbox, Notice

__all__ = [
    "ACTIVE",
    "AMISS",
    "BEFORE_APPROVAL",
    "UNSETTLED",
    "WAITING",
    "Alone",
    "Approval",
    "Attempt",
    "BulkDecision",
    "BulkItem",
    "BulkKind",
    "BulkQuerySet",
    "BulkState",
    "ContactLock",
    "GlassBreak",
    "Heartbeat",
    "LostOptOut",
    "Mailbox",
    "MergeRequest",
    "Notice",
    "ReadBack",
    "RequestQuerySet",
    "RequestState",
    "Source",
    "Standing",
]
