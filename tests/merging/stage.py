"""What the tests of execution and reconciliation share: a desk with a request, and its truth."""

from collections.abc import Callable, Iterable
from typing import Any

import httpx
from django.db import connection
from django.test import override_settings

from mergeui.accounts.models import Role
from mergeui.audit.models import Entry
from mergeui.audit.verify import verify
from mergeui.invent import Contact, InventClient
from mergeui.merging.models import ContactLock, MergeRequest, RequestState
from mergeui.review.digest import digest
from mergeui.review.matching import Listed
from mergeui.review.models import Group
from mergeui.review.spool import row_of
from mergeui.review.store import apply
from mergeui.review.sync import request_sync
from mergeui.sandbox import SandboxTransport
from tests.contacts import contact, whatsapp
from tests.desk import KEY, Desk, actor, past

PHONE = whatsapp("+15550101")


def anas(count: int = 3) -> Desk:
    """A desk whose Invent has one Ana so many times over, nothing risky about two to four."""
    desk = Desk(*[contact("Ana García", PHONE) for _ in range(count)])
    desk.sync()
    return desk


def approved(desk: Desk, **choice: Any) -> MergeRequest:
    """A request for the only group that is due now, whatever its risks."""
    with override_settings(MERGE_FOUR_EYES="never"):
        request = desk.propose(actor(Role.OPERATOR), **choice)
    assert request.state == RequestState.APPROVED
    return request


def copies(request: MergeRequest, others: Iterable[dict[str, Any]]) -> None:
    """The same request so many times more, each with other values.

    Afterwards the database knows of it what it knows in a desk: PostgreSQL analyses its tables by
    itself, SQLite never does.
    """
    fields = MergeRequest.objects.values().get(pk=request.pk) | {"id": None}
    MergeRequest.objects.bulk_create(MergeRequest(**fields | other) for other in others)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def mirrored(desk: Desk, raw: list[dict[str, Any]]) -> Group:
    """A group of contacts that Invent would not suggest, as the mirror would hold it."""
    run = request_sync(desk.organization, by_user=desk.system)
    row = row_of(Listed(None, digest([Contact.parse(one) for one in raw])), desk.organization)
    apply([row], run, by_user=desk.system, progress=lambda: None)
    return Group.objects.latest("pk")


class Wire(SandboxTransport):
    """The way to the stand-in; a merge call goes through `on_merge`, which may break it."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.sandbox)
        self.on_merge: Callable[[httpx.Request], httpx.Response] | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.on_merge and request.method == "POST":
            return self.on_merge(request)
        return super().handle_request(request)

    def pass_on(self, request: httpx.Request) -> httpx.Response:
        """To the stand-in, as if nobody had put a hand on it."""
        return super().handle_request(request)


def wired(desk: Desk) -> Wire:
    """Puts a Wire between the desk and its Invent."""
    wire = Wire(desk)
    desk.client = InventClient("http://invent.test", KEY, transport=wire, sleep=desk.waits.append)
    return wire


def fresh(request: MergeRequest) -> MergeRequest:
    """The request as it is in the database."""
    return MergeRequest.objects.get(pk=request.pk)


def source_states(request: MergeRequest) -> list[str]:
    """The state of each source, in order."""
    return list(request.sources.values_list("state", flat=True))


def locked(request: MergeRequest) -> int:
    """How many contacts the request holds."""
    return ContactLock.objects.filter(request=request).count()


def actions(after: str = "") -> list[str]:
    """The actions in the history, those behind the last `after`."""
    found = list(Entry.objects.order_by("number").values_list("action", flat=True))
    return found[len(found) - found[::-1].index(after) :] if after else found


def gone_from(desk: Desk, request: MergeRequest) -> list[bool]:
    """The truth in Invent: which sources are no longer there."""
    return [not desk.exists(one) for one in request.sources.values_list("contact_id", flat=True)]


def look(desk: Desk, request: MergeRequest) -> MergeRequest:
    """Lets the time pass until the next look, takes it, and gives the request as it is then."""
    past(request, read_back_at=1)
    desk.work()
    request.refresh_from_db()
    assert verify().broken is None
    return request
