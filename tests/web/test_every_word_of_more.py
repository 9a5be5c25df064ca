"""The same for what people do with many groups, by hand, and after a merge."""

import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from mergeui.accounts.models import Role, User
from mergeui.audit.models import Entry
from mergeui.merging.models import (
    BulkDecision,
    BulkItem,
    BulkKind,
    BulkState,
    LostOptOut,
    MergeRequest,
)
from mergeui.review.models import Group
from mergeui.review.saved import SavedView
from mergeui.sandbox import Fault
from tests.contacts import channel, contact, email, segment, whatsapp
from tests.desk import Desk
from tests.many import crowd, pairs, stored
from tests.merging.bulk import begun, summary, work
from tests.merging.stage import approved
from tests.web.cast import HTMX, text_of
from tests.web.test_by_hand import tokens
from tests.web.words import Wrapped, left_over, reader, wrapped

__all__ = ["wrapped"]

pytestmark = pytest.mark.django_db


def walk(client: Client, *addresses: str, **headers: str) -> None:
    for address in addresses:
        answer = client.get(address, headers=headers)
        assert answer.status_code != 500, address
        assert left_over(text_of(answer)) == [], address


def send(client: Client, address: str, **fields: Any) -> None:
    for headers in (HTMX, {}):
        answer = client.post(address, fields, headers=headers)
        assert left_over(text_of(answer)) == [], address


def histories() -> list[str]:
    return [f"/history/{number}/" for number in Entry.objects.values_list("number", flat=True)]


def test_many_groups_at_once(wrapped: Wrapped) -> None:
    desk, easy = crowd(3)
    risky = stored(desk, pairs(1, unsubscribed=True))
    client, olga = reader(Role.OPERATOR, "ольга")
    walk(client, "/bulk/", "/bulk/99/")
    for kind in BulkKind:
        made = summary(olga, [*easy, *risky], kind)
        walk(client, f"/bulk/{made.pk}/", f"/bulk/{made.pk}/?list=x")
        send(client, f"/bulk/{made.pk}/stop/")
        send(client, f"/bulk/{made.pk}/take-back/")
    send(client, "/bulk/new/", kind="merge")
    send(client, "/bulk/new/", kind="x", group=easy[0].pk)
    send(client, "/bulk/new/", kind="dismiss", group=[one.pk for one in easy])

    bulk = begun(olga, [*easy, *risky])
    here = f"/bulk/{bulk.pk}/"
    walk(client, here, "/bulk/", "/groups/", "/lately/")
    send(client, f"{here}confirm/")
    BulkDecision.objects.update(asked_at=timezone.now() - timedelta(hours=1))
    walk(client, here)
    work(desk, bulk)
    for why in BulkItem.Why:
        BulkItem.objects.update(state="set_aside", why=why.value, detail="")
        walk(client, here, *(f"{here}?state={state.value}" for state in BulkItem.State))
    for state in BulkState:
        BulkDecision.objects.update(state=state.value)
        walk(client, here, "/bulk/")
        walk(client, here, **{**HTMX, "HX-Target": "live"})
        send(client, f"{here}confirm/")
    walk(client, *histories())


def test_views_that_people_keep(wrapped: Wrapped) -> None:
    crowd(2)
    client, _olga = reader(Role.OPERATOR, "ольга")
    other, _ = reader(Role.ADMIN, "вера")
    walk(client, "/views/", "/views/strip/", "/settings/")
    send(client, "/views/new/")
    send(client, "/views/new/", name="Ж", query="q=я", shared="on")
    view = SavedView.objects.get()
    walk(client, f"/views/{view.pk}/", "/views/", "/groups/", "/groups/?q=я")
    walk(other, f"/views/{view.pk}/", "/views/", "/views/strip/")
    send(client, f"/views/{view.pk}/change/", name="")
    send(other, f"/views/{view.pk}/change/", name="Ш")
    send(other, f"/views/{view.pk}/delete/")


@pytest.mark.parametrize("fault", [None, Fault.STATUS])
def test_putting_together_by_hand(
    wrapped: Wrapped, monkeypatch: pytest.MonkeyPatch, fault: Fault | None
) -> None:
    home = segment("Ж", "amber")
    desk = Desk(
        contact("Ана", whatsapp("+34600111222"), segments=[home]),
        contact("Анна", email("a@b.example"), unsubscribed=True, blocked=True, is_admin=True),
        contact("Анна", email("a@b.example"), *(whatsapp(f"+3460000000{n}") for n in range(5))),
    )
    desk.sync()
    monkeypatch.setattr("mergeui.web.views.byhand.connect", lambda org_id, **_: desk.connect())
    client, _olga = reader(Role.OPERATOR, "ольга")
    if fault:
        desk.faults.set(read=fault)
    walk(client, "/contacts/", "/contacts/?q=я", "/contacts/?q=Ан", "/contacts/?q=Ан&by=name")
    picks = list(tokens(text_of(client.get("/contacts/?q=Ан"))).values())
    send(client, "/contacts/list/", pick=picks[:1])
    walk(client, "/contacts/?q=Ан")
    send(client, "/contacts/list/", pick=picks)
    send(client, "/contacts/list/", pick="x")
    walk(client, "/contacts/")
    ids = [m.contact_id for m in Group.objects.get().members.all()]
    for fields in ({}, {"contacts": ids[:1]}, {"contacts": ids[:2]}, {"contacts": ["x", "y"]}):
        send(client, "/contacts/group/", note="", **fields)
        send(client, "/contacts/group/", note="Ы", **fields)
    for group in Group.objects.all():
        walk(client, f"/groups/{group.pk}/")
        send(client, f"/groups/{group.pk}/request/", primary=group.primary_contact_id)
        send(client, f"/groups/{group.pk}/discard/")
        walk(client, f"/groups/{group.pk}/")
    walk(client, "/groups/?state=all", *histories())


def test_after_a_merge(wrapped: Wrapped) -> None:
    old = {"unsubscribed": True, "blocked": True, "unsubscribed_at": "2026-05-03T10:00:00Z"}
    phone = whatsapp("+15550101")
    desk = Desk(
        contact("Ана", phone, created_at="2020-01-01T00:00:00Z"),
        contact("Яна", phone, email("я@b.example"), channel("slack_bot", "1"),
                channel("internal", "2", avatar="x"), segments=[segment("Ж")], is_admin=True,
                unsubscribe_reason="Ы", **old),
    )  # fmt: skip
    desk.sync()
    client, _vera = reader(Role.APPROVER, "вера")
    with override_settings(MERGE_COOL_OFF_SECONDS=0):
        made = approved(desk)
        desk.work()
    here = f"/requests/{made.pk}/"
    walk(client, here, f"{here}opt-out/", "/requests/", "/requests/?view=all", "/requests/?view=x")
    for state in LostOptOut.State:
        LostOptOut.objects.update(state=state.value, wanted_by=User.objects.first())
        walk(client, here)
        walk(client, f"{here}opt-out/", **HTMX)
        send(client, f"{here}restore/")
    pack = client.post(f"{here}recovery/").content
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        for name in archive.namelist():
            if name.endswith(".html"):
                assert left_over(archive.read(name).decode()) == [], name
    viewer, _ = reader(Role.VIEWER, "ольга")
    send(viewer, f"{here}recovery/")
    for what in ("approve", "reject", "cancel", "resolve", "note"):
        send(client, f"{here}{what}/", note="Ы", words="")
    walk(client, here, *histories())


def test_taking_back_and_claiming(wrapped: Wrapped) -> None:
    _desk, groups = crowd(4)
    client, _olga = reader(Role.OPERATOR, "ольга")
    other, _ = reader(Role.OPERATOR, "вера")
    send(client, "/undo/")
    for number, what in enumerate(("dismiss/", "snooze/", "request/")):
        group = groups[number]
        ids = [m.contact_id for m in group.members.all()]
        fields = {"until": (timezone.now() + timedelta(days=3)).date().isoformat()}
        send(client, f"/groups/{group.pk}/{what}", primary=ids[0], sources=ids[1:], **fields)
        walk(client, "/lately/", "/groups/", f"/groups/{group.pk}/")
        send(other, f"/groups/{group.pk}/dismiss/")
        send(client, "/undo/")
        send(client, "/undo/", decision="x")
    MergeRequest.objects.update(state="merged")
    walk(client, "/lately/")
    send(client, "/undo/")
    last = groups[3]
    walk(client, f"/groups/{last.pk}/")
    walk(other, f"/groups/{last.pk}/")
    for who in (client, other):
        for what in ("hold/", "claim/", "release/"):
            send(who, f"/groups/{last.pk}/{what}")
    walk(client, f"/groups/{last.pk}/", *histories())


def test_splitting_a_group(wrapped: Wrapped) -> None:
    home = email("a@b.example")
    desk = Desk(*(contact(name, home) for name in ("Ана", "Анна", "Ева", "Ева", "Яна")))
    desk.sync()
    client, _olga = reader(Role.OPERATOR, "ольга")
    group = Group.objects.get()
    here, ids = f"/groups/{group.pk}/split/", [m.contact_id for m in group.members.all()]
    walk(client, here)
    fields: list[dict[str, Any]] = [
        {}, {"note": "Ы" * 3000}, {"fingerprint": "x"},
        *(
            {
                "contacts": ids,
                **{f"part-{seat}": str(1 + seat // size) for seat in range(some)},
                **{f"primary-{n}": ids[(n - 1) * size % 5] for n in (1, 2)},
                **more,
            }
            for some, size in ((1, 1), (2, 1), (4, 2), (5, 5))
            for more in ({}, {"rest": "on"}, {"acknowledge-1": "yes", "risks-1": "x"})
        ),
    ]  # fmt: skip
    for given in fields:
        send(client, f"{here}preview/", **given)
        send(client, f"{here}request/", **given)
    # Decided by now: by the last of these.
    walk(client, here, f"/groups/{group.pk}/", *histories())
    send(client, f"{here}request/")
