"""A town with everything that an address can name, and everybody who may come to it.

For the tests that walk every address: it is made once for all of them, and what a request does is
taken back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mergeui.accounts.models import Invitation, Membership, PolicyChange, Role
from mergeui.audit.actor import Actor
from mergeui.audit.models import Entry
from mergeui.merging.models import Approval, GlassBreak
from mergeui.review.models import Group
from mergeui.review.saved import SavedView
from mergeui.review.sync import request_sync
from mergeui.teams.members import invite
from mergeui.web.matrix import EVERYBODY, Address
from tests.contacts import contact, whatsapp
from tests.desk import Desk, member, past
from tests.merging.bulk import begun
from tests.merging.stage import approved
from tests.web.cast import HTMX, client_of, proved, stranger

# What nobody of another organisation may ever read.
NAMES = ("Ana García", "Boris Novák", "Carla Lima", "View of")
# Parts of pages, which nobody opens but htmx.
PARTS = {"opt_out"}


class Town:
    """Groups to be decided, asked for and merged, a bulk decision, a refresh, a view each.

    What an address names is found by the first word of its name and by the name of the part.
    """

    def __init__(self) -> None:
        desk = Desk(
            *[contact("Ana García", whatsapp("+15550101")) for _ in range(2)],
            *[contact("Boris Novák", whatsapp("+15550102")) for _ in range(2)],
            *[
                contact("Carla Lima", whatsapp("+15550103"), unsubscribed=one)
                for one in (False, True)
            ],
        )
        desk.sync()
        self.group, asked, merged = Group.objects.order_by("pk")
        self.people = {role.value: member(role) for role in Role}
        operator = Actor.member(self.people["operator"])
        self.merged = approved(desk, group=merged)
        past(self.merged, execute_after=1)
        desk.work()
        self.request = desk.propose(Actor.member(member(Role.OPERATOR)), asked)
        self.bulk = begun(operator, [self.group])
        self.run = request_sync(desk.organization, by_user=operator)
        self.policy = PolicyChange.objects.create(
            organization=desk.organization,
            wanted={"four_eyes": "never"},
            asked_by=self.people["operator"].user,
            asked_at=timezone.now(),
        )
        Approval.objects.create(
            request=self.merged,
            verdict=Approval.Verdict.APPROVED,
            proposer=self.merged.proposed_by,
            approver=self.people["operator"].user,
            at=timezone.now(),
        )
        self.glass = GlassBreak.objects.create(
            organization=desk.organization,
            request=self.merged,
            by=self.people["operator"].user,
            at=timezone.now(),
        )
        self.token = invite(
            desk.organization,
            role=Role.VIEWER,
            label="Somebody",
            by_user=Actor.member(self.people["admin"]),
        )
        self.views = {who: self._view_of(person) for who, person in self.people.items()}
        self.browsers = {who: proved(client_of(person)) for who, person in self.people.items()}
        self.browsers |= {"stranger": proved(stranger()), "anonymous": Client()}
        self.cookies = {who: dict(self.browsers[who].cookies) for who in EVERYBODY}
        members = [*self.group.members.all(), *asked.members.all()]
        self.real = [m.contact_id for m in members] + [str(n) for n in (self.group.pk, asked.pk)]

    def _view_of(self, person: Membership) -> SavedView:
        return SavedView.objects.create(
            organization=person.organization, owner=person.user, name=f"View of {person.role}"
        )

    def parts(self, address: Address, who: str) -> dict[str, Any]:
        """What an address names: things of the first organisation, and of `who` where it is theirs.

        Raises KeyError for an address whose parts are not known here yet.
        """
        view = self.views.get(who, self.views["admin"])
        member_of_group = self.group.members.all()[0]
        numbers = {
            "group": self.group.pk,
            "view": view.pk,
            "bulk": self.bulk.pk,
            "sync": self.run.pk,
            "number": Entry.objects.latest("number").number,
            "invitation": Invitation.objects.get().pk,
            "policy": self.policy.pk,
            "glass": self.glass.pk,
            "member": self.people["viewer"].pk,
            "token": self.token,
            "contact_id": member_of_group.contact_id,
            **dict.fromkeys(("request", "approve", "reject", "cancel", "break"), self.request.pk),
            **dict.fromkeys(("opt", "restore", "resolve", "recovery"), self.merged.pk),
        }
        word = address.name.partition("_")[0]
        return {part: numbers[word if part == "pk" else part] for part in address.parts}

    def ask(self, address: Address, who: str, method: str, *, part: bool = False) -> HttpResponse:
        """The answer to one of them, as a page or as a part of one."""
        path = reverse(address.name, kwargs=self.parts(address, who))
        return self.send(method, path, who, headers=HTMX if part or address.name in PARTS else {})

    def send(
        self, method: str, path: str, who: str, *, headers: dict[str, str], body: str = ""
    ) -> HttpResponse:
        """The answer to anything that a browser may send; what it did is taken back."""
        client = self.browsers[who]
        client.cookies.clear()
        client.cookies.update(self.cookies[who])
        with taken_back():
            return client.generic(
                method, path, body, "application/x-www-form-urlencoded", headers=headers
            )


@contextmanager
def taken_back() -> Iterator[None]:
    """Whatever is written meanwhile is undone."""
    block = transaction.atomic()
    block._from_testcase = True  # what wants to be outermost may still run in it
    with block:
        yield
        transaction.set_rollback(True)


def whole(response: HttpResponse) -> str:
    """The answer as text, also of one that is streamed or packed."""
    parts = response.streaming_content if response.streaming else [response.content]
    return b"".join(parts).decode(errors="replace")


def is_sign_in(response: HttpResponse) -> bool:
    """Whether somebody is sent to sign in, and from there to where they wanted to go."""
    to = response.headers.get("Location") or response.headers.get("HX-Redirect") or ""
    return to.startswith(f"{reverse(settings.LOGIN_URL)}?next=")
