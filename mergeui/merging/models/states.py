"""What a merge request can be, and which of these belong together."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class RequestState(models.TextChoices):
    """design.md, States. `rejected` is a person's word, `refused` is Invent's."""

    PROPOSED = "proposed", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    EXECUTING = "executing", _("Merging")
    MERGED = "merged", _("Merged")
    PARTIAL = "partial", _("Merged in part")
    NOT_APPLIED = "not_applied", _("Not merged")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Expired")
    REFUSED = "refused", _("Refused by Invent")
    STALE = "stale", _("Contacts changed")
    UNKNOWN = "unknown", _("Outcome unknown")
    CONFLICT = "conflict", _("Needs a person")


class Alone(models.TextChoices):
    """How one person alone came to approve a merge, where that is so."""

    GLASS = "glass", _("The glass was broken")
    SINGLE = "single", _("Single-operator mode")


WAITING = (RequestState.PROPOSED, RequestState.APPROVED)
UNSETTLED = (RequestState.UNKNOWN, RequestState.CONFLICT)
# Over, without all that was asked for.
AMISS = (RequestState.PARTIAL, RequestState.NOT_APPLIED)
# The contacts of these are locked for every other request (design.md, rule 4).
ACTIVE = (*WAITING, RequestState.EXECUTING, *UNSETTLED)
# In these nobody can say that a second person isn't needed any more.
BEFORE_APPROVAL = (
    RequestState.PROPOSED,
    RequestState.REJECTED,
    RequestState.WITHDRAWN,
    RequestState.EXPIRED,
)
