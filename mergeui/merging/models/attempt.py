"""The calls made for a merge request, and the looks at what became of them."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mergeui.merging.models.request import MergeRequest


class Attempt(models.Model):
    """One merge call: written before its first byte is sent (design.md, rules 2 and 3).

    `unasked` are the ids of contacts that the answer names although nobody asked to merge them.
    """

    class State(models.TextChoices):
        """`sending` until an answer is recorded, for good."""

        SENDING = "sending", _("Sending")
        MERGED = "merged", _("Merged")
        PARTIAL = "partial", _("Merged in part")
        NOT_SENT = "not_sent", _("Not sent")
        REFUSED = "refused", _("Refused by Invent")
        UNKNOWN = "unknown", _("Outcome unknown")

    request = models.ForeignKey(MergeRequest, on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=20, choices=State.choices, default=State.SENDING.value)
    source_ids = models.JSONField()
    call = models.JSONField()
    answer = models.JSONField(null=True, blank=True)
    reason = models.TextField(blank=True, default="")
    unasked = models.JSONField(default=list)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "number"], name="attempt_number_once"),
            models.UniqueConstraint(
                fields=["request"], condition=Q(state="sending"), name="one_call_at_a_time"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["started_at"], name="calls_by_start")]

    def __str__(self) -> str:
        return f"Attempt {self.number} of request {self.request_id}"


class ReadBack(models.Model):
    """One look at Invent for the truth about a request whose outcome is not known.

    `evidence` has a line for each contact: what was asked, what came, what it says.
    """

    class Verdict(models.TextChoices):
        """What one look says; only several that agree settle that nothing was applied."""

        MERGED = "merged", _("All merged")
        NOT_APPLIED = "not_applied", _("Nothing merged")
        PARTIAL = "partial", _("Merged in part")
        CONFLICT = "conflict", _("Contradictory")
        UNCLEAR = "unclear", _("Can't tell")

    request = models.ForeignKey(MergeRequest, on_delete=models.PROTECT, related_name="looks")
    at = models.DateTimeField()
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    evidence = models.JSONField()

    class Meta:
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} at {self.at:%Y-%m-%d %H:%M:%S}"
