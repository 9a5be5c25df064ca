"""The same decisions in Django's own admin: what a desk would be that is made in an afternoon.

The admin's usual way: a list with a filter, a page for each row, actions for what is ticked. The
services behind it are the desk's own.
"""

from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from mergeui.accounts.models import Membership, User
from mergeui.audit.actor import Actor
from mergeui.merging.proposals import propose
from mergeui.review.decisions import dismiss
from mergeui.review.models import Group, Member


class MemberInline(admin.TabularInline):  # type: ignore[type-arg]
    """The contacts of a group, with all that Invent says of them."""

    model = Member
    extra = 0
    can_delete = False
    readonly_fields = ("contact_id", "name", "raw")
    fields = readonly_fields


class GroupAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list of groups, the page of one, and two decisions as actions."""

    list_display = ("__str__", "names", "links", "risks", "member_count", "first_seen_at")
    list_filter = ("state", "risky")
    search_fields = ("search_text",)
    ordering = ("-id",)
    list_per_page = 50
    fields = ("state", "names", "links", "risks")
    readonly_fields = fields
    inlines = (MemberInline,)
    actions = ("merge", "not_a_duplicate")

    def has_delete_permission(self, *args: Any, **kwargs: Any) -> bool:
        """Groups are not deleted."""
        return False

    @admin.action(description="Merge into the recommended primary")
    def merge(self, request: HttpRequest, groups: QuerySet[Group]) -> None:
        """Asks for the merge of everything, as the desk's form does."""
        for group in groups:
            ids = [member.contact_id for member in group.members.all()]
            propose(
                group,
                primary_id=group.primary_contact_id,
                source_ids=[one for one in ids if one != group.primary_contact_id],
                acknowledged=True,
                by_user=_actor(request),
            )

    @admin.action(description="Not a duplicate")
    def not_a_duplicate(self, request: HttpRequest, groups: QuerySet[Group]) -> None:
        """Marks what is ticked as no duplicates."""
        for group in groups:
            dismiss(group, by_user=_actor(request))


def _actor(request: HttpRequest) -> Actor:
    return Actor.member(Membership.objects.get(user=cast(User, request.user)))


admin.site.register(Group, GroupAdmin)
