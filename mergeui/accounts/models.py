"""User (custom from day one), Organization, Membership (a role of one in the other)."""

from collections.abc import Sequence
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from mergeui.accounts.policy import FourEyes, Policy


class Density(models.TextChoices):
    """How much of a list fits into a window."""

    COMFORTABLE = "comfortable", _("Comfortable")
    COMPACT = "compact", _("Compact")


class User(AbstractUser):
    """Somebody who signs in. What they may do is said by their memberships, not by flags here.

    How the desk looks to them is, so that it comes with them in one query. `time_zone` is an IANA
    name, empty until their browser has said one; `language` is empty for what the browser asks
    for; `opens` is what stands behind `/groups/?` where the desk begins for them. `works_in` is the
    organisation that somebody with several chose last.
    """

    keys_on = models.BooleanField(default=True)
    density = models.CharField(
        max_length=20, choices=Density.choices, default=Density.COMFORTABLE.value
    )
    time_zone = models.CharField(max_length=64, blank=True, default="")
    language = models.CharField(max_length=10, blank=True, default="")
    opens = models.CharField(max_length=500, blank=True, default="")
    works_in = models.ForeignKey(
        "accounts.Organization",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )

    class Meta:
        db_table = "accounts_user"

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class Role(models.TextChoices):
    """What a member may do; each role includes the ones before it (design.md, Words)."""

    VIEWER = "viewer", _("Viewer")
    OPERATOR = "operator", _("Operator")
    APPROVER = "approver", _("Approver")
    ADMIN = "admin", _("Admin")

    def includes(self, other: "Role") -> bool:
        """Whether this role may do what `other` may do."""
        order = list(Role)
        return order.index(self) >= order.index(other)


class OrganizationQuerySet(models.QuerySet["Organization"]):
    """Organisations, and the one that the environment configures."""

    def configured(self) -> "Organization":
        """The organisation of INVENT_ORG_ID, made on first use.

        interface.md, Environment: one key and one org come from the environment.
        """
        organization, _ = self.get_or_create(
            invent_org_id=settings.INVENT_ORG_ID, defaults={"name": "My team"}
        )
        return organization


class Organization(models.Model):
    """One Invent org whose contacts are merged; every query of the desk is scoped by one.

    What it demands before a merge comes from the environment where its own columns are empty.
    """

    name = models.CharField(max_length=200)
    invent_org_id = models.CharField(max_length=200, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    four_eyes = models.CharField(max_length=10, choices=FourEyes.choices, blank=True, default="")
    cool_off_seconds = models.PositiveIntegerField(null=True, blank=True)
    waived_risks = models.JSONField(default=list, blank=True)

    objects = OrganizationQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def policy(self) -> Policy:
        """What this organisation demands before a merge."""
        seconds = self.cool_off_seconds
        return Policy(
            four_eyes=self.four_eyes or settings.MERGE_FOUR_EYES,
            cool_off_seconds=settings.MERGE_COOL_OFF_SECONDS if seconds is None else seconds,
            waived_risks=frozenset(self.waived_risks),
        )


class Membership(models.Model):
    """The role of a user in an organisation."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=20, choices=Role.choices)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "organization"], name="one_role_each"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"

    def can(self, role: Role) -> bool:
        """Whether this member may do what `role` may do."""
        return Role(self.role).includes(role)


def working_as(memberships: Sequence[Membership], works_in_id: int | None) -> Membership | None:
    """The membership in which somebody works: in the organisation that they chose last.

    Otherwise the oldest of theirs; None without any.
    """
    chosen = [m for m in memberships if m.organization_id == works_in_id]
    return min(chosen or memberships, key=lambda member: member.pk, default=None)
