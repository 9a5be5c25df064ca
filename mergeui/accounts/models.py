"""User (custom from day one), Organization, Membership (a role of one in the other)."""

from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """Somebody who signs in. What they may do is said by their memberships, not by flags here."""

    class Meta:
        db_table = "accounts_user"

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class Role(models.TextChoices):
    """What a member may do; each role includes the ones before it (design.md, Words)."""

    VIEWER = "viewer", "Viewer"
    OPERATOR = "operator", "Operator"
    APPROVER = "approver", "Approver"
    ADMIN = "admin", "Admin"

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
    """One Invent org whose contacts are merged; every query of the desk is scoped by one."""

    name = models.CharField(max_length=200)
    invent_org_id = models.CharField(max_length=200, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OrganizationQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


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
