"""Whether the merges of an organisation go on."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from mergeui.accounts.models import Organization


class Standing(models.Model):
    """Why no merge of an organisation is executed now; `halted_as` is empty while all is well.

    `paused_until` is when the pause ends that Invent asked for last (429). `looked_for` says that a
    person wants the gap looked at, `accepted` is the anchor that somebody has decided to go on
    without. `chain_broken` says where the history breaks (audit.Check), here too so that every page
    can show it without asking once more, as `glass_open`: how often the glass was broken without an
    admin having closed it.
    """

    class Halt(models.TextChoices):
        """What stops every merge until a person goes on."""

        KEY = "key", _("Invent refuses the API key")
        FORBIDDEN = "forbidden", _("Merges are answered with 403")
        GAP = "gap", _("The database is older than what was sent")

    organization = models.OneToOneField(
        Organization, on_delete=models.CASCADE, primary_key=True, related_name="standing"
    )
    halted_as = models.CharField(max_length=10, choices=Halt.choices, blank=True, default="")
    because = models.TextField(blank=True, default="")
    since = models.DateTimeField(null=True, blank=True)
    looked_for = models.BooleanField(default=False)
    accepted = models.CharField(max_length=64, blank=True, default="")
    chain_broken = models.TextField(blank=True, default="")
    paused_until = models.DateTimeField(null=True, blank=True)
    glass_open = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.get_halted_as_display() or "All is well"
