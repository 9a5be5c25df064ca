"""What a second person says of a merge request."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mergeui.merging.models.request import MergeRequest
from mergeui.merging.models.states import Alone


class Approval(models.Model):
    """What a second person said of a request."""

    class Verdict(models.TextChoices):
        """The two answers."""

        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")

    request = models.OneToOneField(MergeRequest, on_delete=models.CASCADE, related_name="approval")
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    proposer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    alone = models.CharField(max_length=10, choices=Alone.choices, blank=True, default="")
    note = models.TextField(blank=True, default="")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(verdict="rejected") | ~Q(alone="") | ~Q(approver=F("proposer")),
                name="approver_is_not_proposer",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} by {self.approver}"
