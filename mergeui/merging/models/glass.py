"""What one person approved alone in an emergency, open until an admin has looked at it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mergeui.accounts.models import Organization
from mergeui.merging.models.request import MergeRequest


class GlassBreak(models.Model):
    """The glass was broken for a request. Why stands in its approval, with what closes it in the
    history: both can be erased there."""

    class State(models.TextChoices):
        """Whether an admin has looked at it."""

        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed")

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    request = models.OneToOneField(MergeRequest, on_delete=models.CASCADE, related_name="glass")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN.value)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["organization", "-id"], name="glass_latest")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state="open") | Q(closed_by__isnull=False), name="glass_closed_by_one"
            )
        ]

    def __str__(self) -> str:
        return f"Glass of request {self.request_id}"
