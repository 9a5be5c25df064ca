"""Opt-outs that a merge lost, until they are set again."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mergeui.accounts.models import Organization
from mergeui.kept import Literal
from mergeui.merging.models.request import MergeRequest


class OptOutQuerySet(models.QuerySet["LostOptOut"]):
    """The vocabulary of the requests page."""

    def of(self, organization: Organization) -> "OptOutQuerySet":
        """Only this organisation's (design.md, rule 11)."""
        return self.filter(request__organization=organization)

    def not_set(self) -> "OptOutQuerySet":
        """Those that somebody still receives messages for."""
        return self.exclude(state=Literal(LostOptOut.State.SET.value))

    def due(self, now: datetime) -> "OptOutQuerySet":
        """Those that are to be set again by now, in their order; by `opt_outs_to_set`."""
        # Said twice over, because the index is one of those that are not set.
        wanted = self.not_set().filter(state=LostOptOut.State.WANTED, due_at__lte=now)
        return wanted.order_by("due_at", "pk")


class LostOptOut(models.Model):
    """What a merged contact had and the result has not: unsubscribed, blocked (design.md, rule 7).

    `flags` are names of the vendor's fields, joined by commas. A person wants them set again; the
    worker does it when it is due, and `reason` says why it has not been done. See restoring.py.
    """

    class State(models.TextChoices):
        """Lost, until somebody wants it set again and it is."""

        LOST = "lost", _("Lost")
        WANTED = "wanted", _("To be set again")
        SET = "set", _("Set again")

    request = models.OneToOneField(
        MergeRequest, on_delete=models.CASCADE, related_name="lost_opt_out"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.LOST.value)
    flags = models.CharField(max_length=40)
    wanted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    wanted_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveIntegerField(default=0)
    reason = models.TextField(blank=True, default="")
    set_at = models.DateTimeField(null=True, blank=True)

    objects = OptOutQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["state", "due_at"], condition=~Q(state="set"), name="opt_outs_to_set"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()}: {self.flags} of request {self.request_id}"

    @property
    def names(self) -> list[str]:
        """The flags, one by one."""
        return self.flags.split(",")
