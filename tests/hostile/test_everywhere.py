"""Hostile contacts through sync, every page that shows them, exports and logs."""

import csv
import io
import json
import logging
import re
import zipfile
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from mergeui.accounts.models import Role
from mergeui.audit.actor import Actor
from mergeui.audit.export import everything, harmless, rows
from mergeui.audit.models import Entry
from mergeui.audit.verify import verify
from mergeui.invent.clean import clean_text
from mergeui.merging.approval import approve
from mergeui.merging.models import MergeRequest, RequestState
from mergeui.review.models import Group, Member
from mergeui.review.text import visible
from tests.contacts import contact, whatsapp
from tests.desk import Desk, actor, member, past
from tests.hostile.inert import Page, read
from tests.hostile.spellings import MEGABYTE, STRINGS
from tests.hostile.world import hostile_world
from tests.web.cast import HTMX, client_of

pytestmark = pytest.mark.django_db


def opened(client: Client, address: str, **more: Any) -> Page:
    """The page at an address, which is our own markup alone."""
    return inert(client.get(address, **more), address)


def inert(answer: HttpResponse, address: str) -> Page:
    assert answer.status_code in {200, 303}, (address, answer.status_code)
    page = read(answer.content.decode())
    assert page.wrong == [], (address, page.wrong)
    return page


def seen(page: Page) -> str:
    return " ".join(page.text.split())


def as_shown(text: str) -> str:
    return " ".join(visible(clean_text(text)).split())


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(*hostile_world())
    monkeypatch.setattr("mergeui.web.views.byhand.connect", lambda org_id, **_: desk.connect())
    desk.sync()
    return desk


def groups() -> list[Group]:
    found = list(Group.objects.prefetch_related("members").order_by("pk"))
    assert sum(len(group.members.all()) for group in found) == len(STRINGS)
    return found


def test_the_pages_before_a_decision_show_them_as_words(desk: Desk) -> None:
    client = client_of(member(Role.ADMIN))
    for address in ("/groups/?state=all", "/groups/?q=<script>&state=all", "/bulk/"):
        opened(client, address)
        opened(client, address, headers=HTMX)
    shown = "".join(seen(opened(client, f"/groups/{group.pk}/")) for group in groups())
    missing = [ascii(text) for text in STRINGS if as_shown(text)[:150] not in shown]
    assert missing == []

    group = groups()[1]
    opened(client, f"/groups/{group.pk}/split/")
    for one in group.members.all():
        opened(client, f"/groups/{group.pk}/raw/{one.contact_id}/")
        opened(client, f"/contacts/{one.contact_id}/")
    for query in ("a", "<img src=x onerror=alert(1)>", "=1+1", "\u202e", "‮anA"):
        opened(client, "/contacts/", data={"q": query})


def test_what_is_asked_merged_and_remembered_is_words_too(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    admin = member(Role.ADMIN)
    client, olga = client_of(admin), actor(Role.OPERATOR)
    asked = [desk.propose(olga, group, note=STRINGS[n]) for n, group in enumerate(groups()[:4])]
    for request, words in zip(asked, STRINGS[4:], strict=False):
        client.post(f"/requests/{request.pk}/note/", {"words": words})
        opened(client, f"/requests/{request.pk}/")
        if request.state == RequestState.PROPOSED:
            approve(request, by_user=Actor.member(admin), note=STRINGS[-1])
        past(request, execute_after=1)
    desk.work()
    assert {request.state for request in MergeRequest.objects.all()} == {RequestState.MERGED}
    addresses = [
        "/requests/?view=all", "/history/", "/groups/?state=merged",
        *(f"/requests/{request.pk}/" for request in asked),
        *(f"/history/{number}/" for number in Entry.objects.values_list("number", flat=True)),
        *(f"/contacts/{source.contact_id}/" for source in asked[0].sources.all()),
    ]  # fmt: skip
    for address in addresses:
        opened(client, address)
    pack = client.post(f"/requests/{asked[1].pk}/recovery/").content
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        start = read(archive.read(f"request-{asked[1].pk}/START-HERE.html").decode())
    assert [one for one in start.wrong if not one.startswith(("<style", "<meta"))] == []
    assert verify().broken is None
    exported(client)
    quiet(caplog)


def exported(client: Client) -> None:
    """Both files, by page and by command: whole lines, and no cell that is a formula."""
    for form in ("csv", "jsonl"):
        by_page = client.get(f"/history/export/?format={form}").getvalue().decode()
        for text in (by_page, "".join(rows(everything(), form))):
            if form == "csv":
                cells = list(csv.reader(io.StringIO(text, newline="")))
                assert {len(line) for line in cells} == {len(cells[0])}
                assert all(harmless(cell) == cell for line in cells for cell in line)
            else:
                assert all(json.loads(line)["number"] for line in text.split("\n") if line)


def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing of a contact is in the logs, so nothing of it can forge a line there."""
    telling = [text for text in STRINGS if len(text) > 8 and re.search("[<>\\x00-\\x1f]", text)]
    lines = [record.getMessage() for record in caplog.records if record.name != "faker"]
    assert [text for text in telling if any(text in line for line in lines)] == []


def test_ids_that_attack_addresses() -> None:
    ids = [
        text for text in STRINGS if 0 < len(text) <= 200 and text.isprintable() and text.strip(".")
    ]
    shared = {"id": "c", "type": "gmail", "user_id": "a@example.com", "email": "a@example.com"}
    people = [contact("Ana", shared, id=one) for one in ids]
    for number, one in enumerate(people):
        one["channels"][0] = shared | {"user_id": f"{number // 20}@example.com"}
    desk = Desk(*people)
    desk.sync()
    client = client_of(member(Role.ADMIN))
    for group in Group.objects.all():
        opened(client, f"/groups/{group.pk}/")
    known = list(Member.objects.values_list("contact_id", flat=True))
    assert len(known) > 250
    for one in known[::7]:
        answer = client.get(reverse("contact", args=[one]))
        assert answer.status_code in {200, 301, 404}, ascii(one)
        assert read(answer.content.decode()).wrong == [], ascii(one)


def test_a_megabyte_is_cut_where_it_is_shown() -> None:
    huge = "<b>" + "W" * MEGABYTE
    same = [{"id": f"c{n}", "type": "gmail", "user_id": "a@example.com", "email": "a@example.com",
             "name": huge, "username": huge} for n in range(2)]  # fmt: skip
    desk = Desk(contact(huge, same[0]), contact(huge[::-1], same[1], unsubscribe_reason=huge))
    desk.sync()
    group = desk.group()
    client = client_of(member(Role.ADMIN))
    request = desk.propose(actor(Role.OPERATOR))
    for address in ("/groups/", f"/groups/{group.pk}/", f"/requests/{request.pk}/", "/history/",
                    "/requests/?view=all", f"/contacts/{request.primary_contact_id}/"):  # fmt: skip
        page = inert(client.get(address), address)
        assert len(page.text) < 200_000, address


def test_strings_where_people_type() -> None:
    """The fields of forms, and the query strings; a browser sends no lone surrogates."""
    desk = Desk(contact("Ana", whatsapp("+15550101")), contact("Ana", whatsapp("+15550101")))
    desk.sync()
    operator = client_of(member(Role.OPERATOR))
    pk = desk.group().pk
    for text in map(clean_text, STRINGS[::24]):
        for address, fields in (
            ("/views/new/", {"name": text, "query": f"q={text}", "shared": "on"}),
            (f"/groups/{pk}/note/", {"words": text}),
            (f"/groups/{pk}/snooze/", {"until": text, "note": text}),
            (f"/groups/{pk}/request/", {"primary": text, "sources": [text], "note": text}),
        ):
            answer = operator.post(address, fields)
            assert answer.status_code < 500, (address, ascii(text))
            assert read(answer.content.decode()).wrong == [], (address, ascii(text))
    for text in map(clean_text, STRINGS[1::12]):
        for address in ("/groups/", "/history/", "/views/strip/"):
            answer = operator.get(address, {"q": text, "state": text, "at": text, "day": text})
            assert answer.status_code < 500, (address, ascii(text))
            assert read(answer.content.decode()).wrong == [], (address, ascii(text))
    for address in ("/views/", f"/groups/{pk}/", "/groups/", "/history/"):
        opened(operator, address)
