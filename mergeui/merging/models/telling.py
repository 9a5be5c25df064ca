"""What a person is told of: mentions, rejections and the like, each a row of its own until it is
read, and how far they have been told of it by e-mail.

The row commits with what it is about. Nothing that anybody wrote is in it: that stays in the
history alone, where it can be erased.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mergeui.accounts.models import Membership, Organization
from mergeui.audit.models import Entry
from mergeui.review.models import Group


class NoticeQuerySet(models.QuerySet["Notice"]):
    """The vocabulary of what is for somebody."""

    def unread_by(self, member: Membership) -> "NoticeQuerySet":
        """What a member has not read yet, in their organisation."""
        return self.filter(
            person_id=member.user_id, organization_id=member.organization_id, read_at=None
        )


class Notice(models.Model):
    """Something that one person should know of: where it is, and whether they have read it.

    `entry` is the note that mentions them, or the wish for a looser policy, which has no `group`;
    `request` the merge that was rejected, that nobody approved in time, that the glass was broken
    for, or that the note stands under. `mailed_at` says when an e-mail told of it, or that none
    will.
    """

    class Kind(models.TextChoices):
        """Why they are told."""

        MENTIONED = "mentioned", _("Mentioned")
        REJECTED = "rejected", _("Rejected")
        GLASS = "glass", _("The glass was broken")
        EXPIRED = "expired", _("Expired")
        POLICY = "policy", _("A looser policy waits")

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices"
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    group = models.ForeignKey(
        Group, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    request = models.ForeignKey(
        "merging.MergeRequest", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    entry = models.ForeignKey(
        Entry,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["person", "organization", "-id"],
                condition=Q(read_at=None),
                name="notices_unread",
            )
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=["mentioned", "rejected", "glass", "expired", "policy"]),
                name="notice_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(kind="policy") | Q(group__isnull=False), name="notice_about_a_group"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.person}"


class Mailbox(models.Model):
    """How far a member has been told by e-mail: `upto` is the newest merge request mailed about,
    `looks_upto` the newest look (ReadBack) at one that needs a person, `calls_upto` the newest call
    (Attempt) that merged more than was asked for.

    No e-mail goes out before `next_at`. `tries` counts the failures since the last that went well.
    """

    membership = models.OneToOneField(
        Membership, primary_key=True, on_delete=models.CASCADE, related_name="mailbox"
    )
    upto = models.BigIntegerField(default=0)
    looks_upto = models.BigIntegerField(default=0, db_default=0)
    calls_upto = models.BigIntegerField(default=0, db_default=0)
    next_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"Mailbox of {self.membership}"
