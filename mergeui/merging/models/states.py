"""What a merge request can be, and which of these belong together."""

from django.db import models


class RequestState(models.TextChoices):
    """design.md, States. `rejected` is a person's word, `refused` is Invent's."""

    PROPOSED = "proposed", "Waiting for approval"
    APPROVED = "approved", "Approved"
    EXECUTING = "executing", "Merging"
    MERGED = "merged", "Merged"
    PARTIAL = "partial", "Merged in part"
    NOT_APPLIED = "not_applied", "Not merged"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"
    CANCELLED = "cancelled", "Cancelled"
    EXPIRED = "expired", "Expired"
    REFUSED = "refused", "Refused by Invent"
    STALE = "stale", "Contacts changed"
    UNKNOWN = "unknown", "Outcome unknown"
    CONFLICT = "conflict", "Needs a person"


WAITING = (RequestState.PROPOSED, RequestState.APPROVED)
UNSETTLED = (RequestState.UNKNOWN, RequestState.CONFLICT)
# The contacts of these are locked for every other request (design.md, rule 4).
ACTIVE = (*WAITING, RequestState.EXECUTING, *UNSETTLED)
# In these nobody can say that a second person isn't needed any more.
BEFORE_APPROVAL = (
    RequestState.PROPOSED,
    RequestState.REJECTED,
    RequestState.WITHDRAWN,
    RequestState.EXPIRED,
)
