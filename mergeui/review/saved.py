"""Views of the queue that people keep: a filter with a name."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from mergeui.accounts.models import Organization, User
from mergeui.kept import Given

LONGEST_NAME = 60


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    """Who sees which view."""

    def seen_by(
        self, user: User | Given, organization: Organization | Given
    ) -> "SavedViewQuerySet":
        """A person's own and what the team shares, by name (design.md, rule 11)."""
        own = Q(owner=user) | Q(shared=True)
        return self.filter(own, organization=organization).order_by("name", "pk")


class SavedView(models.Model):
    """A filter of the queue with a name, for one person or shared with the team.

    `query` is what stands behind `/groups/?` (interface.md, Pages: a view is an address).
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="views"
    )
    name = models.CharField(max_length=LONGEST_NAME)
    query = models.TextField(blank=True)
    shared = models.BooleanField(default=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "owner", "name"], name="view_name_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def address(self) -> str:
        """The page that shows it."""
        return f"/groups/?{self.query}" if self.query else "/groups/"
