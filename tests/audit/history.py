"""What the stories about the history are told with."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from mergeui.accounts.models import Membership, Organization, Role, User
from mergeui.audit import triggers
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.log import record_alone
from mergeui.audit.models import Entry


def our_team(invent_org_id: str = "org_ours") -> Organization:
    return Organization.objects.get_or_create(
        invent_org_id=invent_org_id, defaults={"name": "Our team"}
    )[0]


def ana(organization: Organization | None = None) -> Actor:
    """Ana López, an operator."""
    user, _ = User.objects.get_or_create(
        username="ana", defaults={"first_name": "Ana", "last_name": "López"}
    )
    member, _ = Membership.objects.get_or_create(
        user=user, organization=organization or our_team(), defaults={"role": Role.OPERATOR}
    )
    return Actor.member(member, address="192.0.2.7", request_id="r-1")


def a_contact(contact_id: str = "ct_1", name: str | None = "Ana García", /, **channel: Any) -> Any:
    """A contact as Invent gives it."""
    return {
        "id": contact_id,
        "name": name,
        "blocked": False,
        "channels": [{"id": f"ch_{contact_id}", "type": "whatsapp_bot", **channel}],
        "segments": [],
    }


def write(
    action: Action = Action.MERGE_REQUESTED, *, by_user: Actor | None = None, **details: Any
) -> Entry:
    return record_alone(action, by_user=by_user or ana(), **details)


def write_some(count: int) -> list[Entry]:
    """Entries about request 1, 2, …: the odd ones with personal data."""
    return [
        write(
            subject=f"request:{number}",
            facts={"primary": f"ct_{number}", "after": "proposed"},
            personal={"contacts": [a_contact(f"ct_{number}")]} if number % 2 else None,
        )
        for number in range(1, count + 1)
    ]


@contextmanager
def as_the_owner_of_the_database() -> Iterator[None]:
    """Somebody who lifted the triggers: what is left is that it shows."""
    connection.check_constraints()  # PostgreSQL drops no trigger while a check is still due
    with triggers.lifted(connection):
        yield
        connection.check_constraints()


def sql(statement: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)


def tamper(statement: str, *parameters: Any) -> None:
    with as_the_owner_of_the_database():
        sql(statement, *parameters)
