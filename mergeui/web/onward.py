"""Where to go on after a decision: the next group of the list that the person came from."""

from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from mergeui.review.claims import free_for
from mergeui.review.models import Group
from mergeui.web import queue as listed
from mergeui.web.access import MemberRequest
from mergeui.web.forms import QueueForm
from mergeui.web.looking import look

# What the queue was last asked for: set by the queue, read here.
COOKIE = "queue"


def following(request: MemberRequest, group: Group) -> int | None:
    """The group after this one in the list as it was last looked at; None at its end.

    What somebody else has open is left to them.
    """
    wanted = QueueForm(QueryDict(_query(request))).wanted()
    order = listed.ORDERS[wanted.sort]
    beyond = order.beyond(getattr(group, order.column), group.pk, backwards=False)
    found = look(request.member.organization, wanted).groups.filter(beyond)
    free = found.filter(free_for(request.user, timezone.now()))
    return free.order_by(*order.by()).values_list("pk", flat=True).first()


def address(request: MemberRequest, pk: int | None) -> str:
    """The page of the group, or the list that it came from when there is none."""
    if pk is not None:
        return reverse("group", kwargs={"pk": pk})
    query = _query(request)
    return f"{reverse('queue')}?{query}" if query else reverse("queue")


def _query(request: MemberRequest) -> str:
    return request.COOKIES.get(COOKIE, "")[:2_000]
