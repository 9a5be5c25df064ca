"""The recovery pack: its calls, made by hand, bring back what can be brought back."""

import json
from typing import Any

import httpx
import pytest

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.erase import erase
from mergeui.audit.models import Entry
from mergeui.errors import Invalid, NotAllowed, Stale
from mergeui.invent import Contact
from mergeui.merging.models import MergeRequest, RequestState, Source
from mergeui.merging.recovery import NEW_ID, Call, _recreated, pack_of, snapshots, take
from mergeui.sandbox import Fault, SandboxTransport
from tests.contacts import channel, contact, email, parsed, segment, whatsapp
from tests.desk import KEY, Desk, actor
from tests.merging.stage import PHONE, anas, approved, fresh

pytestmark = pytest.mark.django_db


@pytest.fixture
def rich() -> Desk:
    """Ana, and Ana with all that a contact can have."""
    desk = Desk(
        contact("Ana García", PHONE, id="kept", created_at="2020-01-01T00:00:00Z"),
        contact(
            "Ana López",
            whatsapp("+15550101", name="Ana L."),
            email("ana@example.com"),
            channel("internal", "chat-1"),
            id="gone",
            segments=[segment("VIP"), segment("News")],
            unsubscribed=True,
            unsubscribe_reason="too many",
            is_admin=True,
        ),
    )
    desk.sync()
    return desk


def merged(desk: Desk, **choice: Any) -> MergeRequest:
    request = approved(desk, **choice)
    desk.work()
    return fresh(request)


def by_hand(desk: Desk, call: Call, new_id: str = "") -> dict[str, Any]:
    """Makes a call of the pack, as a person would with another program."""
    client = httpx.Client(
        transport=SandboxTransport(desk.sandbox),
        base_url="http://invent.test",
        headers={"Authorization": f"Bearer {KEY}"},
    )
    body = json.loads(json.dumps(call.body).replace(NEW_ID, new_id)) if call.body else None
    with client:
        answer = client.request(call.method, call.path.replace(NEW_ID, new_id), json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_calls_create_the_contact_again(rich: Desk) -> None:
    before = Contact.parse(rich.world.main.contact("gone"))
    request = merged(rich)
    assert not rich.exists("gone")

    pack = take(request, by_user=actor(Role.APPROVER))

    (one,) = pack.gone
    first, *others = one.calls
    new_id = by_hand(rich, first)["id"]
    for call in others:
        by_hand(rich, call, new_id)
    again = Contact.parse(rich.world.main.contact(new_id))
    assert new_id not in {"gone", "kept"}
    assert (again.name, again.unsubscribed, again.blocked) == ("Ana López", True, False)
    assert {s.id for s in again.segments} == {s.id for s in before.segments}
    assert {c.user_id for c in again.channels} == {c.user_id for c in before.external_channels}
    assert {c.email for c in again.channels} == {None, "ana@example.com"}
    by_hand(rich, pack.kept_call)
    assert rich.world.main.contact("kept")["name"] == "Ana García"


def test_what_can_not_come_back_is_said(rich: Desk) -> None:
    (one,) = pack_of(merged(rich)).gone

    assert one.lost == (
        "Its id gone: Invent gives a new one.",
        "That its channels are WhatsApp, Gmail: the call has no field for it.",
        "Its internal channels: Invent makes those by itself.",
        "Why it unsubscribed, as it was written.",
        "That it belongs to your own team.",
    )


def test_a_contact_without_a_usable_channel_or_with_a_long_name() -> None:
    bare = contact("A" * 600, channel("internal", "x"), id="bare")
    phone = contact(None, channel("custom", None, phone="+1 555"), id="phone")
    bare_again, phone_again = (_recreated(one, "/orgs/c") for one in parsed(bare, phone))

    assert bare_again.calls[0].body == {
        "channel": {"user_id": "bare", "name": "A" * 600},
        "segment_ids": [],
    }
    assert bare_again.calls[1].body == {"name": "A" * 512, "blocked": False, "unsubscribed": False}
    assert "The end of its name: the call takes 512 characters." in bare_again.lost
    assert phone_again.calls[0].body == {
        "channel": {"user_id": "+1 555", "phone": "+1 555"},
        "segment_ids": [],
    }
    assert phone_again.calls[1].body["name"] is None


def test_a_flag_that_invent_did_not_say_is_not_set() -> None:
    raw = contact("Ana", PHONE, id="kept", created_at="2020-01-01T00:00:00Z")
    del raw["unsubscribed"]
    desk = Desk(raw, contact("Ana", PHONE))
    desk.sync()

    pack = pack_of(merged(desk))

    assert pack.kept_call.body == {"name": "Ana", "blocked": False}
    assert pack.kept_call.path == "/orgs/c/contacts/kept"


def test_a_merge_in_part_names_what_is_still_there() -> None:
    desk = anas(3)
    desk.faults.next_merge(Fault.PARTIAL)
    request = merged(desk)
    assert request.state == RequestState.PARTIAL

    pack = pack_of(request)

    assert (len(pack.gone), pack.untouched, pack.missing) == (1, ("Ana García",), ())


def test_the_primary_is_as_it_was_before_the_first_of_several_calls() -> None:
    desk = anas(60)
    request = merged(desk)
    entries = list(Entry.objects.select_related("payload").order_by("number"))

    found = snapshots(entries)

    assert request.state == RequestState.MERGED
    assert len(found) == 60
    assert len(found[request.primary_contact_id].channels) == 1
    assert len(pack_of(request).gone) == 59


def test_each_download_is_an_entry(rich: Desk) -> None:
    request = merged(rich)

    take(request, by_user=actor(Role.APPROVER, name="paula"))

    entry = Entry.objects.latest("number")
    assert (entry.action, entry.actor_name) == (Action.RECOVERY_TAKEN, "paula")
    assert entry.facts["count"] == 1
    assert entry.subject == request.subject


def test_what_was_erased_is_not_given_away(rich: Desk) -> None:
    request = merged(rich)
    erase(["gone"], by_user=rich.system)

    assert pack_of(request).missing == ("gone",)
    with pytest.raises(Stale, match="were erased from the history"):
        take(request, by_user=actor(Role.ADMIN))
    assert Entry.objects.latest("number").action == Action.PAYLOAD_ERASED


def test_what_nobody_asked_for_is_in_the_pack_as_the_mirror_has_it() -> None:
    other = whatsapp("+15550177")
    desk = Desk(
        contact("Ana", PHONE, id="ana-1"),
        contact("Ana", PHONE, id="ana-2"),
        contact("Eva", other, id="eva"),
        contact("Ida", other, id="ida"),
    )
    desk.sync()
    request = merged(desk, group=desk.group_of({"id": "ana-1"}))
    request.attempts.update(unasked=["eva", "ida", "never-seen"])
    erase(["ida"], by_user=desk.system)

    pack = pack_of(request)

    assert [one.contact.id for one in pack.gone] == ["ana-2", "eva"]
    assert pack.missing == ("ida", "never-seen")


def test_a_lost_source_is_in_the_pack(rich: Desk) -> None:
    request = merged(rich)
    Source.objects.update(state=Source.State.LOST)
    MergeRequest.objects.update(state=RequestState.PARTIAL)

    assert [one.name for one in take(fresh(request), by_user=actor(Role.APPROVER)).gone] == [
        "Ana López"
    ]


@pytest.mark.parametrize(
    "state", [RequestState.EXECUTING, RequestState.UNKNOWN, RequestState.CONFLICT]
)
def test_there_is_none_before_it_is_known_what_was_merged(rich: Desk, state: RequestState) -> None:
    request = merged(rich)
    MergeRequest.objects.update(state=state)

    with pytest.raises(Stale, match="not known yet which contacts were merged"):
        take(fresh(request), by_user=actor(Role.APPROVER))

    assert not Entry.objects.filter(action=Action.RECOVERY_TAKEN).exists()


def test_who_may_not_and_what_has_nothing_to_recover(rich: Desk) -> None:
    request = approved(rich)
    with pytest.raises(Invalid, match="nothing to recover"):
        take(request, by_user=actor(Role.APPROVER))
    rich.work()
    with pytest.raises(NotAllowed):
        take(fresh(request), by_user=actor(Role.OPERATOR))
