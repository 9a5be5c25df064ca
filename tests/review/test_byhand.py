"""Groups that people put together: made, read again, taken over by Invent, discarded."""

import threading
import time
from collections.abc import Mapping

import pytest
from django.db import connection

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.models import Entry
from mergeui.errors import Invalid, NotAllowed, Stale
from mergeui.invent import Contact
from mergeui.merging.models import RequestState
from mergeui.merging.reading import read_again
from mergeui.merging.worker import read_those_by_hand
from mergeui.review import byhand
from mergeui.review.again import follow
from mergeui.review.decisions import dismiss, snooze
from mergeui.review.models import Group, GroupState, MergedContact
from mergeui.review.seen import contacts_of
from mergeui.sandbox.faults import Fault
from mergeui.sandbox.state import Change
from tests.contacts import contact, email, segment, whatsapp
from tests.desk import Desk, actor, past

pytestmark = pytest.mark.django_db

ANA = contact("Ana García", whatsapp("+34600111222"), segments=[segment("VIP")])
TWIN = contact("Ana G.", email("ana@example.com"), created_at="2020-01-01T00:00:00Z")
BARE = contact("Ana without anything")


@pytest.fixture
def desk() -> Desk:
    return Desk(ANA, TWIN, BARE)


def made(desk: Desk, *raw: dict[str, object], reason: str = "She told me.") -> Group:
    contacts = [Contact.parse(one) for one in raw or (ANA, TWIN)]
    by_user = actor(Role.OPERATOR)
    return byhand.make_group(desk.organization, contacts, by_user=by_user, reason=reason)


def change(desk: Desk, raw: dict[str, object], **fields: object) -> None:
    """Somebody edits a contact in Invent."""
    desk.world.apply(Change(desk.world.top.id, put=(raw | fields,)))


def test_it_is_a_group_like_any_other_and_says_what_it_is(desk: Desk) -> None:
    group = made(desk)

    assert (group.state, group.by_hand, group.member_count) == (GroupState.OPEN, True, 2)
    assert group.primary_contact_id == TWIN["id"]
    assert group.risk_codes[-1] == "by_hand"
    assert group.risky
    assert group.made_because == "She told me."
    assert [m.name for m in group.members.all()] == ["Ana G.", "Ana García"]
    assert list(group.segments.values_list("name", flat=True)) == ["VIP"]
    assert "ana@example.com" in group.search_text
    entry = Entry.objects.get(action=Action.GROUP_MADE)
    assert entry.personal["note"] == "She told me."
    assert entry.facts["members"] == [TWIN["id"], ANA["id"]]


def test_a_sync_leaves_it_alone(desk: Desk) -> None:
    group = made(desk)
    desk.sync()
    group.refresh_from_db()

    assert (group.state, group.by_hand) == (GroupState.OPEN, True)


def test_what_invent_suggests_later_is_its_suggestion_from_then_on(desk: Desk) -> None:
    group = made(desk)
    shared = email("both@example.com")
    for one in (ANA, TWIN):
        change(desk, one, channels=[*one["channels"], shared])
    desk.sync()
    group.refresh_from_db()

    assert Group.objects.count() == 1
    assert not group.by_hand
    assert "by_hand" not in group.risk_codes
    assert group.made_because == "She told me."


def test_it_takes_a_suggestion_of_all_of_them(desk: Desk) -> None:
    group = made(desk)
    change(desk, BARE, channels=ANA["channels"])
    desk.sync()
    group.refresh_from_db()

    assert (group.state, group.by_hand, group.member_count) == (GroupState.OPEN, True, 2)
    assert Group.objects.exclude(pk=group.pk).get().member_count == 2


def test_it_is_merged_with_a_second_person(desk: Desk) -> None:
    group = made(desk)
    with pytest.raises(Invalid, match="risky"):
        desk.propose(actor(Role.OPERATOR), group, acknowledged=False)
    request = desk.propose(actor(Role.OPERATOR), group)

    assert request.state == RequestState.PROPOSED
    assert request.cautions[0][0] == "by_hand"


@pytest.mark.parametrize("with_bare", [False, True])
def test_it_is_carried_out_like_any_other(desk: Desk, settings, with_bare: bool) -> None:
    settings.MERGE_FOUR_EYES = "never"
    group = made(desk, *((ANA, BARE) if with_bare else (ANA, TWIN)))
    request = desk.propose(actor(Role.OPERATOR), group)
    past(request, execute_after=1)
    desk.work()
    request.refresh_from_db()
    group.refresh_from_db()

    assert request.state == RequestState.MERGED
    assert group.state == GroupState.MERGED


def test_the_worker_reads_it_again(desk: Desk) -> None:
    group = made(desk)
    change(desk, ANA, name="Ana García López")
    read_those_by_hand(desk.organization, client=desk.client)
    group.refresh_from_db()

    assert "Ana García López" in group.names
    assert group.by_hand
    assert group.risk_codes[-1] == "by_hand"


def test_one_that_is_gone_leaves_it(desk: Desk) -> None:
    group = made(desk)
    desk.world.apply(Change(desk.world.top.id, remove=(TWIN["id"],)))
    read_those_by_hand(desk.organization, client=desk.client)
    group.refresh_from_db()

    assert group.state == GroupState.VANISHED


def test_what_did_not_change_stays(desk: Desk) -> None:
    group = made(desk)
    read_those_by_hand(desk.organization, client=desk.client)

    assert Group.objects.get().changed_at == group.changed_at


def test_what_was_decided_while_it_was_read_stays_decided(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = made(desk)
    change(desk, ANA, name="Somebody else")

    def slowly(client: object, seen: object) -> dict[str, Contact | None]:
        dismiss(group, by_user=actor(Role.OPERATOR))
        return read_again(desk.client, contacts_of(group))

    monkeypatch.setattr("mergeui.merging.worker.read_again", slowly)
    read_those_by_hand(desk.organization, client=desk.client)

    assert Group.objects.get().state == GroupState.DISMISSED
    assert "Somebody else" not in Group.objects.get().names


@pytest.mark.django_db(transaction=True)
def test_who_decides_while_it_is_changed_is_told_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = made(desk)
    change(desk, ANA, channels=[whatsapp("+34600111222"), email("ana@example.com")])
    deciding, told = [], []

    def decide() -> None:
        try:
            snooze(group, until=None, by_user=actor(Role.OPERATOR))
        except Stale as problem:
            told.append(problem.sentence)
        connection.close()

    def meanwhile(group_id: int, now: Mapping[str, Contact | None]) -> None:
        deciding.append(threading.Thread(target=decide))
        deciding[0].start()
        time.sleep(0.3)  # for that to come as far as it can
        follow(group_id, now)

    monkeypatch.setattr("mergeui.merging.worker.follow", meanwhile)
    read_those_by_hand(desk.organization, client=desk.client)
    deciding[0].join()

    assert told == ["This group has changed meanwhile. Look at it once more."]
    assert Group.objects.get().state == GroupState.OPEN
    assert not Entry.objects.filter(action=Action.GROUP_SNOOZED).exists()


def test_one_without_a_channel_that_is_gone_is_found_out_before_the_merge(
    desk: Desk, settings
) -> None:
    settings.MERGE_FOUR_EYES = "never"
    request = desk.propose(actor(Role.OPERATOR), made(desk, ANA, BARE))
    desk.world.apply(Change(desk.world.top.id, remove=(BARE["id"],)))
    past(request, execute_after=1)
    desk.work()
    request.refresh_from_db()

    assert request.state == RequestState.STALE


def test_invent_down_leaves_it_as_it_is(desk: Desk) -> None:
    group = made(desk)
    desk.faults.next_read(Fault.STATUS, times=100)
    read_those_by_hand(desk.organization, client=desk.client)
    group.refresh_from_db()

    assert group.state == GroupState.OPEN


def test_the_same_idea_twice_is_one_group(desk: Desk) -> None:
    assert made(desk).pk == made(desk, TWIN, ANA).pk
    assert made(desk, ANA, BARE).pk != made(desk).pk


@pytest.mark.parametrize(
    ("raw", "reason", "words"),
    [
        ((ANA, TWIN), " ", "Say why"),
        ((ANA, TWIN), "x" * 2_001, "too long"),
        ((ANA, ANA), "why", "two contacts or more"),
    ],
)
def test_what_is_refused(desk: Desk, raw, reason: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        made(desk, *raw, reason=reason)
    assert not Group.objects.exists()


def test_a_merged_away_contact_can_not_be_taken(desk: Desk) -> None:
    MergedContact.objects.create(
        organization=desk.organization,
        contact_id=TWIN["id"],
        into_contact_id="x",
        merged_at="2024-01-01T00:00:00Z",
    )
    with pytest.raises(Stale, match="merged away already"):
        made(desk)


def test_only_operators_make_and_discard(desk: Desk) -> None:
    group = made(desk)
    viewer = actor(Role.VIEWER)
    contacts = [Contact.parse(ANA), Contact.parse(TWIN)]
    with pytest.raises(NotAllowed):
        byhand.make_group(desk.organization, contacts, by_user=viewer, reason="why")
    with pytest.raises(NotAllowed):
        byhand.discard(group, by_user=viewer)


def test_it_can_be_discarded_once(desk: Desk) -> None:
    group, by_user = made(desk), actor(Role.OPERATOR)
    byhand.discard(group, by_user=by_user)

    assert Group.objects.get().state == GroupState.VANISHED
    assert Entry.objects.filter(action=Action.GROUP_DISCARDED).count() == 1
    with pytest.raises(Stale, match="no longer to be decided"):
        byhand.discard(group, by_user=by_user)
    with pytest.raises(Stale, match="no longer to be decided"):
        dismiss(group, by_user=by_user)


def test_a_suggestion_can_not_be_discarded() -> None:
    desk = Desk(contact("A", email("a@x.org")), contact("A", email("a@x.org")))
    desk.sync()
    with pytest.raises(Invalid, match="dismissed"):
        byhand.discard(desk.group(), by_user=actor(Role.OPERATOR))


def test_finding_one_again(desk: Desk) -> None:
    def find(raw: dict[str, object], *user_ids: str, name: str = "") -> bool:
        found = byhand.find(desk.client, str(raw["id"]), user_ids=user_ids, name=name)
        return found is not None and found.id == raw["id"]

    assert find(ANA, "nobody", "+34600111222")
    assert find(BARE, name="Ana")
    assert not find(BARE, name="Robert")
    assert not find(ANA, "nobody", name="Ana")
    assert not find(BARE)
