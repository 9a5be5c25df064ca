"""A desk for tests: a stand-in Invent with the contacts of the story, a client of it, a team.

Everything is a plain function or object; the HTTP between the two is real, but for the socket.
"""

from datetime import UTC, datetime, timedelta
from itertools import count
from math import ceil
from typing import Any

from mergeui.accounts.models import Membership, Organization, Role, User
from mergeui.audit.actor import Actor
from mergeui.invent import InventClient
from mergeui.merging.models import MergeRequest
from mergeui.merging.proposals import propose
from mergeui.merging.worker import sync_when_due, tidy, work_off
from mergeui.review.models import Group, SyncRun
from mergeui.review.sync import request_sync, sync
from mergeui.sandbox import Org, Sandbox, SandboxTransport, World
from mergeui.sandbox.directory import Directory

KEY = "sandbox-key"
_numbers = count(1)


def member(role: Role, organization: Organization | None = None, name: str = "") -> Membership:
    """A new user with a role, in the configured organisation unless another is given."""
    user = User.objects.create_user(
        username=name or f"{role.value}-{next(_numbers)}", password="a long enough password"
    )
    organization = organization or Organization.objects.configured()
    return Membership.objects.create(user=user, organization=organization, role=role)


def actor(role: Role, name: str = "") -> Actor:
    """A new member, ready to act."""
    return Actor.member(member(role, name=name))


def org_of(contacts: list[dict[str, Any]]) -> Org:
    """An org of Invent with these contacts."""
    segments = {s["id"]: s for c in contacts for s in c.get("segments", [])}
    return Org("org_tests", "Tests", None, Directory(contacts, segments.values()))


class Desk:
    """A stand-in Invent with `contacts`, and the services of the desk over it."""

    def __init__(self, *contacts: dict[str, Any]) -> None:
        self.world = World([org_of(list(contacts))])
        self.sandbox = Sandbox(self.world, key=KEY)
        self.faults = self.sandbox.faults
        self.counters = self.sandbox.counters
        self.waits: list[float] = []
        self.client = self.connect()
        self.organization = Organization.objects.configured()

    def connect(self) -> InventClient:
        """A further client of the same Invent; waiting takes no time and is noted in `waits`."""
        return InventClient(
            "http://invent.test",
            KEY,
            transport=SandboxTransport(self.sandbox),
            sleep=self.waits.append,
        )

    @property
    def system(self) -> Actor:
        """Nobody in person."""
        return Actor.system(self.organization)

    def sync(self) -> SyncRun:
        """One sync."""
        run = request_sync(self.organization, by_user=self.system)
        return sync(run, client=self.client, by_user=self.system)

    def refresh(self) -> bool:
        """The worker's sync, when somebody pressed Refresh or the clock wants it."""
        return sync_when_due(self.organization, client=self.client)

    def group_of(self, contact: dict[str, Any]) -> Group:
        """The group that a contact is in."""
        return Group.objects.get(organization=self.organization, members__contact_id=contact["id"])

    def group(self, *states: str) -> Group:
        """The only group (in one of these states)."""
        groups = Group.objects.filter(organization=self.organization)
        return groups.get(state__in=states) if states else groups.get()

    def propose(self, by_user: Actor, group: Group | None = None, **choice: Any) -> MergeRequest:
        """A request for the whole group, its recommended primary kept, unless said otherwise."""
        group = group or self.group()
        ids = [m.contact_id for m in group.members.all()]
        primary = choice.pop("primary_id", group.primary_contact_id)
        sources = choice.pop("source_ids", [i for i in ids if i != primary])
        return propose(
            group,
            primary_id=primary,
            source_ids=sources,
            by_user=by_user,
            **{"acknowledged": True, **choice},
        )

    def work(self) -> int:
        """One round of the worker."""
        tidy()
        return work_off(self.organization, client=self.client)

    def exists(self, contact_id: str) -> bool:
        """The truth in Invent."""
        return contact_id in self.world.main


def cool_off(request: MergeRequest) -> tuple[int, int]:
    """The seconds that are left of it, rounded up, and how long it is."""
    assert request.execute_after
    assert request.approved_at
    left = request.execute_after - datetime.now(UTC)
    whole = request.execute_after - request.approved_at
    return ceil(left.total_seconds()), int(whole.total_seconds())


def past(request: MergeRequest, **back: Any) -> None:
    """Moves a moment of a request back, as if time had passed: `past(r, execute_after=60)`."""
    MergeRequest.objects.filter(pk=request.pk).update(
        **{name: datetime.now(UTC) - timedelta(seconds=s) for name, s in back.items()}
    )
    request.refresh_from_db()
