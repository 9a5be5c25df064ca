"""Many groups decided by one click: the wish, and what became of each group."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mergeui.accounts.models import Organization
from mergeui.kept import Literal
from mergeui.review.models import Group


class BulkKind(models.TextChoices):
    """What is decided about every group."""

    MERGE = "merge", _("Merge")
    DISMISS = "dismiss", _("Not duplicates")
    SNOOZE = "snooze", _("Snooze")


class BulkState(models.TextChoices):
    """A summary until somebody confirms it; then the worker goes from group to group."""

    DRAFT = "draft", _("Summary")
    WORKING = "working", _("Under way")
    DONE = "done", _("Done")
    STOPPED = "stopped", _("Stopped")
    TAKING_BACK = "taking_back", _("Being taken back")
    TAKEN_BACK = "taken_back", _("Taken back")


UNFINISHED = (BulkState.WORKING, BulkState.TAKING_BACK)
TAKEN_BACK = (BulkState.TAKING_BACK, BulkState.TAKEN_BACK)


class BulkQuerySet(models.QuerySet["BulkDecision"]):
    """The vocabulary of the list and of the worker."""

    def of(self, organization: Organization) -> "BulkQuerySet":
        """Only this organisation's (design.md, rule 11)."""
        return self.filter(organization=organization)

    def confirmed(self) -> "BulkQuerySet":
        """Those that somebody asked for: a summary alone is nothing yet."""
        return self.exclude(state=BulkState.DRAFT)

    def taken_back(self) -> "BulkQuerySet":
        """Those of which nothing is to begin any more."""
        return self.filter(state__in=TAKEN_BACK)

    def unfinished(self) -> "BulkQuerySet":
        """Those that the worker has something to do for; by `bulk_going_on`."""
        return self.filter(state__in=[Literal(state.value) for state in UNFINISHED])


class BulkDecision(models.Model):
    """One decision about many groups, frozen when its summary was shown.

    `query` is the filter of the list that the groups were chosen from; `left_out` says that more
    matched than one bulk decision takes. `address` and `request_id` are those of the last
    click, for the entries of its groups; `role` is the one in which somebody took it back. The five
    counts follow the items, in the transaction that changes one; what is in none of the last four
    waits. `because` says why it ended before its time: "lost_role" when the person who asked lost
    theirs.
    """

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT)
    kind = models.CharField(max_length=10, choices=BulkKind.choices)
    state = models.CharField(
        max_length=20, choices=BulkState.choices, default=BulkState.DRAFT.value
    )
    query = models.TextField(blank=True, default="")
    left_out = models.BooleanField(default=False)
    note = models.TextField(blank=True, default="")
    until = models.DateTimeField(null=True, blank=True)
    contacts = models.PositiveIntegerField(default=0)

    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField()
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    because = models.CharField(max_length=20, blank=True, default="")
    role = models.CharField(max_length=20, blank=True, default="")
    address = models.CharField(max_length=100, blank=True, default="")
    request_id = models.CharField(max_length=100, blank=True, default="")

    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    set_aside = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    taken_back = models.PositiveIntegerField(default=0)

    objects = BulkQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["organization", "state", "-id"], name="bulk_by_state"),
            # Asked for each second, by each worker.
            models.Index(
                fields=["organization", "-id"],
                condition=Q(state__in=UNFINISHED),
                name="bulk_going_on",
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=BulkState.values), name="bulk_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"Bulk decision {self.pk}"

    @property
    def subject(self) -> str:
        """What the history calls it."""
        return f"bulk:{self.pk}"

    @property
    def waiting(self) -> int:
        """How many groups are still to be decided."""
        return self.total - self.done - self.set_aside - self.failed - self.taken_back

    @property
    def is_unfinished(self) -> bool:
        """Whether the worker has something to do for it."""
        return self.state in UNFINISHED


class BulkItem(models.Model):
    """One group of a bulk decision, and what became of it.

    `fingerprint` is the group's when the summary was shown. `why` is a code of `Why`, or empty, and
    `detail` the words or codes that belong to it. `at` is when it was decided.
    """

    class State(models.TextChoices):
        """Waiting until its turn comes; each group has its own fate."""

        WAITING = "waiting", _("Not begun")
        DONE = "done", _("Done")
        SET_ASIDE = "set_aside", _("Set aside")
        FAILED = "failed", _("Failed")
        TAKEN_BACK = "taken_back", _("Taken back")

    class Why(models.TextChoices):
        """Why a group was set aside, or failed; `detail` in brackets."""

        RISKY = "risky", _("Risky")  # (the codes of review.risk.Risk)
        GRADE = "grade", _("Names conflict")  # (the grade; none when it was never graded)
        CLAIMED = "claimed", _("Open by somebody else")  # (by whom)
        DECIDED = "decided", _("Decided already")  # (its state)
        ELSEWHERE = "elsewhere", _("In another bulk decision")
        CHANGED = "changed", _("Changed since the summary")
        REFUSED = "refused", _("Refused")  # (the sentence)
        FAILED = "failed", _("Failed")

    bulk = models.ForeignKey(BulkDecision, on_delete=models.CASCADE, related_name="items")
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+", db_index=False)
    fingerprint = models.CharField(max_length=64)
    state = models.CharField(max_length=20, choices=State.choices)
    why = models.CharField(max_length=20, blank=True, default="", choices=Why.choices)
    detail = models.TextField(blank=True, default="")
    request = models.OneToOneField(
        "merging.MergeRequest",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="bulk_item",
    )
    at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["group", "bulk"], name="group_once_a_bulk"),
        ]
        indexes: ClassVar = [
            # A page of a list, and the next group whose turn it is.
            models.Index(fields=["bulk", "state", "id"], name="bulk_items_by_state"),
        ]

    def __str__(self) -> str:
        return f"Group {self.group_id} in bulk decision {self.bulk_id}"
