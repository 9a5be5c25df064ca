"""A merge request, its sources, and the contacts that it holds."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mergeui.accounts.models import Organization
from mergeui.kept import Given, Literal
from mergeui.merging.models.bulk import TAKEN_BACK, BulkDecision, BulkState
from mergeui.merging.models.states import (
    ACTIVE,
    AMISS,
    BEFORE_APPROVAL,
    WAITING,
    Alone,
    RequestState,
)
from mergeui.review.models import Group

STANDING = set(BulkState) - set(TAKEN_BACK)


class RequestQuerySet(models.QuerySet["MergeRequest"]):
    """The vocabulary of the requests page and of the worker."""

    def of(self, organization: Organization) -> "RequestQuerySet":
        """Only this organisation's (design.md, rule 11)."""
        return self.filter(organization=organization)

    def waiting_for(self, user_id: int | Given) -> "RequestQuerySet":
        """Those that this user may approve: proposed by somebody else."""
        return self.filter(state=RequestState.PROPOSED).exclude(proposed_by_id=user_id)

    def active(self) -> "RequestQuerySet":
        """Those that are still to end; in the order of their keys, found by `requests_going_on`."""
        return self.filter(state__in=[Literal(state.value) for state in ACTIVE])

    def late(self, now: datetime) -> "RequestQuerySet":
        """Those whose time to be approved or executed is over; by `requests_that_end`."""
        return self.filter(
            state__in=[Literal(state.value) for state in WAITING], expires_at__lte=now
        )

    def amiss_since(self, then: datetime) -> "RequestQuerySet":
        """Those that ended after that without all that was asked for; by `requests_amiss`.

        One whose call merged more is among them: a merged one did as it was asked.
        """
        return self.filter(
            state__in=[Literal(state.value) for state in AMISS], finished_at__gt=then
        )

    def due(self, now: datetime) -> "RequestQuerySet":
        """Approved, and their cool-off is over."""
        return self.filter(state=RequestState.APPROVED, execute_after__lte=now).order_by(
            "execute_after", "pk"
        )

    def of_people(self) -> "RequestQuerySet":
        """Those that people asked for one by one."""
        return self.filter(bulk=None)

    def of_bulk(self) -> "RequestQuerySet":
        """Those of bulk decisions that nobody takes back."""
        return self.filter(bulk__state__in=STANDING)


class MergeRequest(models.Model):
    """The chosen primary and the ticked sources of a group, with what the operator saw.

    `snapshot` is the JSON of every chosen contact as it was shown, the primary first; `cautions`
    are the [code, sentence] pairs that were acknowledged; `prediction` is what was expected
    (plan.Prediction as a dictionary). `outcome` are sentences about how it ended. `bulk` is the
    decision about many groups that asked for it, if it was one. `alone` says why nobody else had to
    look at it.
    """

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT)
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="requests")
    state = models.CharField(max_length=20, choices=RequestState.choices)
    primary_contact_id = models.CharField(max_length=200)
    primary_name = models.TextField()
    snapshot = models.JSONField()
    fingerprint = models.CharField(max_length=64)
    cautions = models.JSONField(default=list)
    prediction = models.JSONField(default=dict)
    note = models.TextField(blank=True, default="")
    needs_approval = models.BooleanField()
    alone = models.CharField(max_length=10, choices=Alone.choices, blank=True, default="")
    bulk = models.ForeignKey(
        BulkDecision,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="requests",
        db_index=False,
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField()
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    execute_after = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.JSONField(default=list)

    tries = models.PositiveIntegerField(default=0)
    waiting_because = models.TextField(blank=True, default="")
    lease_token = models.CharField(max_length=32, blank=True, default="")
    lease_until = models.DateTimeField(null=True, blank=True)
    read_back_at = models.DateTimeField(null=True, blank=True)
    read_backs = models.PositiveIntegerField(default=0)

    objects = RequestQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["organization", "state", "-id"], name="requests_by_state"),
            models.Index(fields=["organization", "proposed_by", "-id"], name="requests_by_person"),
            # Neither database merges the ranges of several states: one would sort all that it
            # finds, the other walk through what is over until it comes to what is not.
            models.Index(
                fields=["organization", "-id"],
                condition=Q(state__in=ACTIVE),
                name="requests_going_on",
            ),
            models.Index(fields=["organization", "primary_contact_id"], name="requests_by_primary"),
            # Asked for each second, by each worker, however many wait.
            models.Index(
                fields=["state", "expires_at"],
                condition=Q(state__in=WAITING),
                name="requests_that_end",
            ),
            # Of a desk's years, what went amiss in the last days.
            models.Index(
                fields=["organization", "finished_at"],
                condition=Q(state__in=AMISS),
                name="requests_amiss",
            ),
            models.Index(fields=["state", "execute_after", "id"], name="requests_due"),
            # Those of people come first, however many of a bulk decision wait as well.
            models.Index(
                fields=["organization", "state", "execute_after", "id"],
                condition=Q(bulk__isnull=True),
                name="requests_due_of_people",
            ),
            models.Index(
                fields=["bulk", "state", "id"],
                condition=Q(bulk__isnull=False),
                name="requests_of_a_bulk",
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=RequestState.values), name="request_state_known"
            ),
            # design.md, rule 8: a check in code and a constraint in the database.
            models.CheckConstraint(
                condition=~Q(alone="") | ~Q(approved_by=F("proposed_by")),
                name="four_eyes_two_people",
            ),
            models.CheckConstraint(
                condition=Q(needs_approval=False)
                | Q(state__in=BEFORE_APPROVAL)
                | Q(approved_by__isnull=False),
                name="four_eyes_before_merge",
            ),
        ]

    def __str__(self) -> str:
        return f"Merge request {self.pk}"

    @property
    def is_active(self) -> bool:
        """Whether it is still to end, and its contacts are locked."""
        return self.state in ACTIVE

    @property
    def subject(self) -> str:
        """What the history calls it."""
        return f"request:{self.pk}"


class SourceQuerySet(models.QuerySet["Source"]):
    """The contacts of requests that are to be merged away, or were."""

    def of(self, organization: Organization) -> "SourceQuerySet":
        """Only those of this organisation's requests (design.md, rule 11).

        Looked up for each that is found: by a join SQLite would begin with all of its requests.
        """
        ours = MergeRequest.objects.of(organization).filter(pk=models.OuterRef("request"))
        return self.filter(models.Exists(ours))


class Source(models.Model):
    """One contact that is to be merged into the primary, and what became of it."""

    class State(models.TextChoices):
        """Each source has its own line (design.md, States)."""

        WAITING = "waiting", _("Not sent yet")
        SENT = "sent", _("Sent, not known yet")
        MERGED = "merged", _("Merged")
        NOT_MERGED = "not_merged", _("Not merged")
        LOST = "lost", _("Gone, not in the primary")

    request = models.ForeignKey(MergeRequest, on_delete=models.CASCADE, related_name="sources")
    position = models.PositiveIntegerField()
    contact_id = models.CharField(max_length=200)
    name = models.TextField()
    state = models.CharField(max_length=20, choices=State.choices, default=State.WAITING.value)

    objects = SourceQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "contact_id"], name="source_once")
        ]
        indexes: ClassVar = [models.Index(fields=["contact_id"], name="source_by_contact")]

    def __str__(self) -> str:
        return self.contact_id


class ContactLock(models.Model):
    """A contact that an active request speaks for: the database lets no second request have it."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    contact_id = models.CharField(max_length=200)
    request = models.ForeignKey(MergeRequest, on_delete=models.CASCADE, related_name="locks")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "contact_id"], name="one_request_a_contact"
            )
        ]

    def __str__(self) -> str:
        return self.contact_id
