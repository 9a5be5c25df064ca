"""Whatever Invent sends in roughly its shapes is shown or refused, and never crashes a page."""

from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mergeui.accounts.models import Role
from mergeui.audit.actor import Actor
from mergeui.errors import Problem
from mergeui.invent import Contact, InventError
from mergeui.merging.models import MergeRequest
from mergeui.review.digest import digest
from mergeui.review.matching import Listed
from mergeui.review.models import Group, SyncRun
from mergeui.review.spool import row_of
from mergeui.review.store import apply
from mergeui.review.sync import request_sync
from tests.desk import Desk, member

pytestmark = pytest.mark.django_db

TEXT = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "<img src=x onerror=alert(1)>", "\u202egnp.exe", "a\x00b", "\ud800", "{{ 7*7 }}",
            "=1+1", "javascript:alert(1)", "x" * 2_000, "محمد", "//evil.example", " ", "",
        ]
    ),
)  # fmt: skip
MAYBE = st.none() | TEXT | st.integers()
MOMENT = st.sampled_from([None, "2023-11-07T05:31:56Z", "2023-11-07T05:31:56.123+02:00", "soon"])
CHANNEL = st.fixed_dictionaries(
    {"id": st.uuids().map(str), "type": st.sampled_from(["gmail", "internal", "pigeon", ""])},
    optional={
        "user_id": MAYBE,
        "name": MAYBE,
        "username": MAYBE,
        "email": MAYBE,
        "phone": MAYBE,
        "link": MAYBE,
        "platform_data": st.dictionaries(st.text(max_size=5), MAYBE, max_size=2),
        "created_at": MOMENT,
    },
)
SEGMENT = st.fixed_dictionaries(
    {"id": st.uuids().map(str)}, optional={"name": MAYBE, "color": MAYBE, "contacts_count": MAYBE}
)
CONTACT = st.fixed_dictionaries(
    {"id": st.uuids().map(str)},
    optional={
        "name": MAYBE,
        "blocked": st.booleans() | st.none(),
        "unsubscribed": st.booleans() | st.none(),
        "is_admin": st.booleans(),
        "channels": st.lists(CHANNEL, max_size=4),
        "segments": st.lists(SEGMENT, max_size=3) | st.none(),
        "created_at": MOMENT,
        "unsubscribed_at": MOMENT,
        "unsubscribe_reason": MAYBE,
        "something_new": st.dictionaries(st.text(max_size=5), MAYBE, max_size=2),
    },
)


def stored(desk: Desk, contacts: list[Contact]) -> Group:
    """The group as a sync stores it."""
    run: SyncRun = request_sync(desk.organization, by_user=desk.system)
    row = row_of(Listed(None, digest(contacts)), desk.organization)
    apply([row], run, by_user=desk.system, progress=lambda: None)
    run.delete()
    return Group.objects.latest("pk")


@given(raws=st.lists(CONTACT, min_size=2, max_size=4, unique_by=lambda raw: raw["id"]))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_page_survives_whatever_contacts_come(raws: list[dict[str, Any]]) -> None:
    try:
        contacts = [Contact.parse(raw) for raw in raws]
    except InventError:
        return
    with transaction.atomic():
        desk = Desk()
        group = stored(desk, contacts)
        operator = member(Role.OPERATOR)
        client = Client()
        client.force_login(operator.user)
        _opens(client, "/groups/?state=all", f"/groups/{group.pk}/")
        for contact in contacts:
            _opens(client, f"/contacts/{contact.id}/", f"/groups/{group.pk}/raw/{contact.id}/")
        try:
            made: MergeRequest = desk.propose(Actor.member(operator), group)
        except Problem:
            pass
        else:
            _opens(client, f"/requests/{made.pk}/", "/requests/?view=all", "/history/")
        transaction.set_rollback(True)


def _opens(client: Client, *addresses: str) -> None:
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert b"<img src=x" not in answer.content
        assert b'href="javascript' not in answer.content.lower()
