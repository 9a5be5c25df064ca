"""The roles of the members of an organisation."""

from django.db import models
from django.utils.translation import gettext_lazy


class Role(models.TextChoices):
    """What a member may do; each role includes the ones before it (design.md, Words)."""

    VIEWER = "viewer", gettext_lazy("Viewer")
    OPERATOR = "operator", gettext_lazy("Operator")
    APPROVER = "approver", gettext_lazy("Approver")
    ADMIN = "admin", gettext_lazy("Admin")

    def includes(self, other: "Role") -> bool:
        """Whether this role may do what `other` may do."""
        order = list(Role)
        return order.index(self) >= order.index(other)
