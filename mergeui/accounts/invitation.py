"""An invitation into a team: a link that whoever has it may use once, within some days."""

import hashlib
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mergeui.accounts.roles import Role


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """The vocabulary of invitations."""

    def usable(self) -> "InvitationQuerySet":
        """Those by which somebody could join: open, not too old, made by who still is an admin."""
        return self.filter(
            state=Invitation.State.OPEN,
            expires_at__gt=timezone.now(),
            organization__memberships__user=models.F("made_by"),
            organization__memberships__role=Role.ADMIN,
            organization__memberships__disabled_at=None,
        )


class Invitation(models.Model):
    """A link into an organisation, with the role that it gives. The link itself is not kept.

    `label` is what the admin calls whoever it is for, so that a list of them can be read.
    """

    class State(models.TextChoices):
        """What became of it; one that is open may be too old."""

        OPEN = "open", _("Open")
        USED = "used", _("Used")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.CASCADE, related_name="invitations"
    )
    role = models.CharField(max_length=20, choices=Role.choices)
    label = models.CharField(max_length=100)
    token_hash = models.CharField(max_length=64, unique=True)
    state = models.CharField(max_length=20, choices=State.choices, default=State.OPEN.value)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="invited_role_known"
            )
        ]

    def __str__(self) -> str:
        return self.label

    @staticmethod
    def hash_of(token: str) -> str:
        """What is kept of a link: enough to know it again, not to make it."""
        return hashlib.sha256(token.encode()).hexdigest()
