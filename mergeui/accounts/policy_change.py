"""A loosening of a policy that one admin asked for, until another one has answered."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class PolicyChange(models.Model):
    """`wanted` are the columns of the organisation as they are to be (those that loosen alone)."""

    class State(models.TextChoices):
        """What became of it."""

        ASKED = "asked", _("Waits for a second admin")
        CONFIRMED = "confirmed", _("Confirmed")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.CASCADE, related_name="policy_changes"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED.value)
    wanted = models.JSONField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField()
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization"], condition=Q(state="asked"), name="one_policy_change"
            ),
            models.CheckConstraint(
                condition=~Q(state="confirmed") | ~Q(ended_by=F("asked_by")),
                name="loosened_by_two_people",
            ),
        ]

    def __str__(self) -> str:
        return f"Policy change {self.pk}"
