"""Taking the recovery pack away: who may, what is in it, what is not."""

import io
import json
import zipfile

import pytest
from django.test import Client

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.erase import erase
from mergeui.audit.models import Entry
from mergeui.merging.models import MergeRequest, RequestState
from mergeui.sandbox import Fault
from tests.contacts import contact, segment, whatsapp
from tests.desk import Desk, past
from tests.merging.stage import approved, fresh
from tests.web.cast import somebody, stranger, text_of

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script> \u202eAna"


@pytest.fixture
def desk() -> Desk:
    desk = Desk(
        contact("Ana García", whatsapp("+15550101"), id="kept", created_at="2020-01-01T00:00:00Z"),
        contact(HOSTILE, whatsapp("+15550101"), id="gone", segments=[segment("VIP")]),
    )
    desk.sync()
    return desk


@pytest.fixture
def request_merged(desk: Desk) -> MergeRequest:
    request = approved(desk)
    past(request, execute_after=1)
    desk.work()
    return fresh(request)


def unpacked(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_the_pack(request_merged: MergeRequest, settings) -> None:
    page = text_of(somebody(Role.APPROVER).get(f"/requests/{request_merged.pk}/"))
    assert "Download the recovery pack" in page

    answer = somebody(Role.APPROVER).post(f"/requests/{request_merged.pk}/recovery/")

    name = f"recovery-of-request-{request_merged.pk}.zip"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert "no-store" in answer.headers["Cache-Control"]
    files = unpacked(answer.content)
    folder = f"request-{request_merged.pk}"
    assert sorted(files) == [
        f"{folder}/START-HERE.html", f"{folder}/calls.json", f"{folder}/contacts.json"
    ]  # fmt: skip
    assert not any(settings.INVENT_API_KEY in text for text in files.values())

    contacts = json.loads(files[f"{folder}/contacts.json"])
    assert contacts["kept"]["id"] == "kept"
    assert contacts["gone"][0]["name"] == HOSTILE
    hashes = dict(Entry.objects.values_list("number", "hash"))
    assert contacts["history"][0] == {"entry": contacts["history"][0]["entry"],
                                      "hash": hashes[contacts["history"][0]["entry"]]}  # fmt: skip
    calls = json.loads(files[f"{folder}/calls.json"])["gone"][0]["calls"]
    assert [(call["method"], call["path"]) for call in calls] == [
        ("POST", "/orgs/c/contacts"),
        ("PATCH", "/orgs/c/contacts/NEW-ID"),
        ("POST", "/orgs/c/contacts/NEW-ID/segments/seg_vip"),
    ]

    read = files[f"{folder}/START-HERE.html"]
    assert "<script" not in read
    assert "Create <bdi>&lt;script&gt;alert(1)&lt;/script&gt; ⟨U+202E⟩Ana</bdi> again" in read
    assert "\u202e" not in read
    assert "POST https://api.useinvent.com/orgs/c/contacts" in read
    assert "If the answer has the id <code>kept</code>, stop" in read
    assert hashes[1 + min(hashes)] in read or hashes[max(hashes) - 1] in read


def test_an_operator_is_told_whom_to_ask(request_merged: MergeRequest) -> None:
    page = text_of(somebody(Role.OPERATOR).get(f"/requests/{request_merged.pk}/"))

    assert "Ask an approver or an admin for it: it holds personal data." in page
    assert "Download the recovery pack" not in page


def test_erased_snapshots_are_said(desk: Desk, request_merged: MergeRequest) -> None:
    erase(["gone"], by_user=desk.system)
    client = somebody(Role.ADMIN)

    page = text_of(client.get(f"/requests/{request_merged.pk}/"))
    assert "The snapshots of these contacts were erased from the history." in page
    answer = client.post(f"/requests/{request_merged.pk}/recovery/")
    assert answer.status_code == 409
    assert "The snapshots of these contacts were erased" in text_of(answer)


def test_a_request_that_merged_nothing_offers_none(desk: Desk) -> None:
    request = approved(desk)
    client = somebody(Role.APPROVER)

    assert "recovery pack" not in text_of(client.get(f"/requests/{request.pk}/"))
    assert client.post(f"/requests/{request.pk}/recovery/").status_code == 400


def test_none_is_offered_before_it_is_known_what_was_merged(desk: Desk) -> None:
    request = approved(desk)
    past(request, execute_after=1)
    desk.faults.next_merge(Fault.DROP, applied=False)
    desk.work()
    assert fresh(request).state == RequestState.UNKNOWN
    client = somebody(Role.APPROVER)

    assert "If this was a mistake" not in text_of(client.get(f"/requests/{request.pk}/"))
    answer = client.post(f"/requests/{request.pk}/recovery/")

    assert answer.status_code == 409
    assert "It is not known yet which contacts were merged." in text_of(answer)


def test_who_may_not(request_merged: MergeRequest) -> None:
    where = f"/requests/{request_merged.pk}/recovery/"

    assert somebody(Role.OPERATOR).post(where).status_code == 403
    assert stranger().post(where).status_code == 404
    assert somebody(Role.ADMIN).get(where).status_code == 405
    assert Client().post(where).headers["Location"].startswith("/login/")
    assert not Entry.objects.filter(action=Action.RECOVERY_TAKEN).exists()
