"""Where to go on after a decision: the next group of the list that the person came from."""

from functools import cache, lru_cache
from typing import Any

from django.db.models import DateTimeField, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from mergeui.kept import Given, Kept
from mergeui.review.claims import free_for
from mergeui.review.models import Group, GroupQuerySet
from mergeui.web.access import MemberRequest
from mergeui.web.forms import QueueForm
from mergeui.web.looking import Wanted, look
from mergeui.web.queue import ORDERS

# What the queue was last asked for: set by the queue, read here.
COOKIE = "queue"
# And where in that list its page begins, as the address says it.
PLACE_COOKIE = "queue_place"


def following(request: MemberRequest, group: Group) -> int | None:
    """The group after this one in the list as it was last looked at; None at its end.

    What somebody else has open is left to them.
    """
    wanted = _wanted(_query(request))
    organization, place = request.member.organization, getattr(group, ORDERS[wanted.sort].column)
    if not wanted.narrowed and organization.arriving_after is None:
        return _in_whole_list(wanted.sort, wanted.state).first(
            organization=organization.pk, place=place, pk=group.pk, user=request.user.pk,
            now=timezone.now(),
        )  # fmt: skip
    found = look(organization, wanted).groups
    return _after(found, wanted.sort, place, group.pk, request.user, timezone.now()).first()


def _after(
    groups: GroupQuerySet, sort: str, place: Any, pk: Any, user: Any, now: Any
) -> "QuerySet[Group, int]":
    """The primary keys of those that are free for `user`, in the order, after a place in it."""
    order = ORDERS[sort]
    free = groups.filter(order.beyond(place, pk, backwards=False)).filter(free_for(user, now))
    return free.order_by(*order.by()).values_list("pk", flat=True)


@cache
def _in_whole_list(sort: str, state: str) -> Kept[int]:
    """The first group after a place in a list that nothing narrows but the state.

    Asked after nearly every decision, and six times as long in the making as in the answering.
    """
    column = Group._meta.get_field(ORDERS[sort].column)

    def build() -> "QuerySet[Group, int]":
        groups = Group.objects.filter(organization=Given("organization"))
        if state != "all":
            groups = groups.filter(state=state)
        values = Given("place", column), Given("pk"), Given("user"), Given("now", DateTimeField())
        return _after(groups, sort, *values)[:1]

    return Kept(build)


@lru_cache(maxsize=200)
def _wanted(query: str) -> Wanted:
    """What a look at the queue asked for; the form is the same for everybody."""
    return QueueForm(QueryDict(query)).wanted()


def address(request: MemberRequest, pk: int | None) -> str:
    """The page of the group, or the list that it came from when there is none."""
    if pk is not None:
        return reverse("group", kwargs={"pk": pk})
    return _list(_query(request))


def back(request: MemberRequest) -> str:
    """The page of the list that the person came from."""
    return _list(_query(request), request.COOKIES.get(PLACE_COOKIE, "")[:2_000])


def _list(*parts: str) -> str:
    query = "&".join(part for part in parts if part)
    return f"{reverse('queue')}?{query}" if query else reverse("queue")


def _query(request: MemberRequest) -> str:
    return request.COOKIES.get(COOKIE, "")[:2_000]
