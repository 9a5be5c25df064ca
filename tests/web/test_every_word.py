"""No word of ours is left in English: every page in a language that wraps what is translated."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from mergeui.accounts.models import Role
from mergeui.audit.actor import Actor
from mergeui.audit.models import Check, Entry
from mergeui.merging.approval import cancel, reject
from mergeui.merging.execution import execute_next
from mergeui.merging.models import MergeRequest, Standing
from mergeui.merging.notes import write
from mergeui.merging.standing import halt
from mergeui.review import decisions
from mergeui.review.models import Group, SyncRun
from mergeui.sandbox import Fault
from tests.contacts import channel, contact, email, segment, whatsapp
from tests.desk import Desk, past
from tests.web.cast import HTMX, text_of
from tests.web.words import Wrapped, left_over, reader, wrapped

__all__ = ["wrapped"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    """A group for each kind of risk, of people whose names have no Latin letter."""
    home, office = email("a@b.example"), whatsapp("+34600111222")
    old = {"unsubscribed_at": "2024-05-03T10:00:00Z"}
    desk = Desk(
        contact("Ана", home, segments=[segment("Ж", "amber")]),
        contact("Анна", home, whatsapp("+34600999888"), segments=[segment("Щ", "lime")]),
        contact("Ева", office, unsubscribed=True, unsubscribe_reason="Ф", **old),
        contact("Ева", office, blocked=True, blocked_at="2024-05-03T10:00:00Z"),
        contact("Иван", email("i@b.example")),
        contact("Пётр", email("i@b.example"), is_admin=True),
        *(contact(f"Яна {n}", channel("slack_bot", "1", username="я")) for n in "1234567"),
        contact(None, email("n@b.example"), whatsapp("+34600777666")),
        contact("Нина", email("n@b.example")),
        contact("Вера", whatsapp("+34600777666")),
        *(contact("Лев", email(f"l{n}@b.example")) for n in "112233445566778899"),
    )
    desk.sync()
    return desk


def groups_of(name: str) -> list[Group]:
    return [group for group in Group.objects.order_by("pk") if name in group.names]


def decided(desk: Desk, operator: Actor, approver: Actor) -> list[MergeRequest]:
    """The groups of Лев, each brought to another end."""
    lev = groups_of("Лев")
    decisions.dismiss(lev[0], by_user=operator, note="Ч")
    decisions.snooze(lev[1], until=timezone.now() + timedelta(days=3), by_user=operator)
    with override_settings(MERGE_FOUR_EYES="always"):
        waiting, refused, withdrawn = (desk.propose(operator, group) for group in lev[2:5])
    reject(refused, by_user=approver, note="Ч")
    cancel(withdrawn, by_user=operator)
    made = [waiting, refused, withdrawn]
    faults: list[dict[str, Any]] = [
        {}, {"fault": Fault.DROP, "applied": True}, {"fault": Fault.STATUS, "merge_status": 404},
        {"fault": Fault.STATUS, "merge_status": 429},
    ]  # fmt: skip
    with override_settings(MERGE_FOUR_EYES="never", MERGE_COOL_OFF_SECONDS=0):
        for group, fault in zip(lev[5:9], faults, strict=True):
            made.append(desk.propose(operator, group))
            past(made[-1], execute_after=1)
            if fault:
                desk.faults.next_merge(fault.pop("fault"), **fault)
            execute_next(client=desk.client, organization_id=desk.organization.pk)
    desk.work()
    return made


def test_every_page_is_in_the_readers_language(wrapped: Wrapped, desk: Desk) -> None:
    operator, olga = reader(Role.OPERATOR, "ольга")
    approver, vera = reader(Role.APPROVER, "вера")
    with override_settings(MERGE_FOUR_EYES="always"):
        risky = desk.propose(olga, groups_of("Ева")[0])
    made = [risky, *decided(desk, olga, vera)]
    group = groups_of("Ана")[0]
    write(group, text="Ы @вера", by_user=olga)
    halt(desk.organization, Standing.Halt.KEY, "Invent refused the API key (401) and did nothing:"
         " an administrator should check the key and what it may do.")  # fmt: skip
    pages = [
        "/groups/", "/groups/?q=zz", "/groups/?state=all", "/groups/?state=vanished",
        "/groups/?risk=x&at=x", "/groups/?state=snoozed", "/requests/", "/requests/?view=mine",
        "/requests/?view=person", "/history/", "/history/?q=zz", "/history/?contact=x",
        "/settings/", "/halt/", "/nowhere/", f"/groups/{group.pk}/raw/{group.primary_contact_id}/",
        *(f"/groups/{one.pk}/" for one in Group.objects.order_by("pk")),
        *(f"/requests/{one.pk}/" for one in made),
        *(f"/contacts/{one.primary_contact_id}/" for one in made[:2]),
        *(f"/contacts/{pk}/" for pk in made[4].sources.values_list("contact_id", flat=True)),
    ]  # fmt: skip
    entries = [f"/history/{pk}/" for pk in Entry.objects.values_list("number", flat=True)]
    found = {
        (address, words)
        for client, addresses in ((operator, pages), (approver, [*pages, *entries]))
        for address in addresses
        for words in left_over(text_of(client.get(address)))
    }
    assert not found, "\n".join(map(str, sorted(found)))


@pytest.mark.parametrize("state", list(SyncRun.State))
def test_every_state_of_a_refresh(wrapped: Wrapped, desk: Desk, state: str) -> None:
    client, _ = reader(Role.OPERATOR, "ольга")
    run = SyncRun.objects.latest("pk")
    for changes in (
        {
            "new": 1,
            "changed": 2,
            "vanished": 3,
            "error": "The sync was cut off before it was done.",
        },
        {"groups_read": 3, "groups_listed": 9},
        {
            "groups_read": 9,
            "groups_listed": 9,
            "seen_alive_at": timezone.now() - timedelta(hours=1),
        },
        {"wanted_at": timezone.now() - timedelta(hours=1)},
    ):
        SyncRun.objects.filter(pk=run.pk).update(state=state, **changes)
        assert left_over(text_of(client.get("/groups/"))) == []


def test_what_is_refused_is_said_in_the_readers_language(wrapped: Wrapped, desk: Desk) -> None:
    operator, _ = reader(Role.OPERATOR, "ольга")
    viewer, _ = reader(Role.VIEWER, "вера")
    group = groups_of("Ева")[0]
    ids = [m.contact_id for m in group.members.all()]
    whole = {"primary": ids[0], "sources": ids[1:]}
    sent: list[tuple[Client, str, dict[str, Any]]] = [
        (viewer, "dismiss/", {}), (operator, "snooze/", {"until": "x"}), (operator, "snooze/", {}),
        (operator, "snooze/", {"until": "1999-01-01"}), (operator, "request/", {}),
        (operator, "request/", {"primary": "x"}), (operator, "request/", {"primary": ids[0]}),
        (operator, "request/", {**whole, "sources": [ids[0]]}), (operator, "request/", whole),
        (operator, "request/", {**whole, "sources": [ids[1], ids[1]]}),
        (operator, "request/", {**whole, "sources": ["x"]}),
        (operator, "request/", {**whole, "fingerprint": "x"}),
        (operator, "request/", {**whole, "note": "Ы" * 3000}),
        (operator, "request/", {**whole, "acknowledge": "yes", "risks": "x"}),
        (operator, "reopen/", {}), (operator, "preview/", whole), (operator, "preview/", {}),
    ]  # fmt: skip
    for client, where, fields in sent:
        for headers in ({}, HTMX):
            answer = client.post(f"/groups/{group.pk}/{where}", fields, headers=headers)
            assert left_over(text_of(answer)) == [], (where, fields)
    assert left_over(text_of(viewer.get(f"/groups/{group.pk}/request/"))) == []
    assert left_over(text_of(viewer.get("/history/export/?format=x"))) == []


def test_somebody_who_is_not_signed_in(wrapped: Wrapped) -> None:
    client = Client(headers={"Accept-Language": "es"})
    assert left_over(text_of(client.get("/login/"))) == []
    for fields in ({}, {"username": "ж", "password": "ж"}):
        assert left_over(text_of(client.post("/login/", fields))) == []
    client.post("/groups/1/dismiss/", {"note": "ж"})
    assert left_over(text_of(client.get("/login/"))) == []
    assert left_over(text_of(client.get("/nowhere/"))) == []


def test_a_broken_history(wrapped: Wrapped, desk: Desk) -> None:
    client, _ = reader(Role.VIEWER, "ольга")
    broken = "Entry 2: its content is not what was hashed."
    Standing.objects.update_or_create(
        organization=desk.organization, defaults={"chain_broken": broken}
    )
    moment = timezone.now()
    Check.objects.create(pk=1, at=moment, whole_at=moment, number=2, hash="0" * 64, broken=broken)
    assert left_over(text_of(client.get("/history/"))) == []
