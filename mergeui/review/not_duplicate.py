"""Two contacts of which a person said that they are not the same: the table, see pairs.py."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from mergeui.accounts.models import Organization


class NotDuplicate(models.Model):
    """One pair, its ids in order, with who said so, when, and why; what is said last counts.

    `evidence` are the [type, user_id] of the
    channels that the two had in common then: another one is news, and asks the question anew.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    one_contact_id = models.CharField(max_length=200)
    other_contact_id = models.CharField(max_length=200)
    said_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    said_at = models.DateTimeField()
    reason = models.TextField(blank=True, default="")
    evidence = models.JSONField(default=list)

    class Meta:
        # The other way round is the index of `said_once`.
        indexes: ClassVar = [
            models.Index(fields=["organization", "other_contact_id"], name="said_of_the_other")
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "one_contact_id", "other_contact_id"], name="said_once"
            ),
            # Not the order: each database has its own, and the code keeps it (pairs.in_order).
            models.CheckConstraint(
                condition=~Q(one_contact_id=F("other_contact_id")), name="pair_of_two"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.one_contact_id} ≠ {self.other_contact_id}"
