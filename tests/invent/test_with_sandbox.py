"""The client against the stand-in: a merge as a story, and each switch of the stand-in judged."""

import json

import pytest

from mergeui.invent import (
    InventClient,
    InventError,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Unauthorized,
    Unavailable,
    fingerprint,
)
from mergeui.sandbox import Fault, Sandbox
from mergeui.sandbox.server import running
from tests.invent.calling import merge


def test_a_merge_from_the_list_to_the_end(sandbox: Sandbox, invent: InventClient):
    seven = sandbox.world.named["seven"]
    (page,) = invent.duplicate_groups()
    group = next(one for one in page.items if one.primary.id in seven)

    # Read again by the shared channel: nothing has changed since it was listed.
    shared = group.primary.external_channels[0].user_id
    assert shared is not None
    again = {contact.id: fingerprint(contact) for contact in invent.contacts_by_user_id(shared)}
    assert again == {contact.id: fingerprint(contact) for contact in group.members}

    sources = tuple(contact.id for contact in group.duplicates)
    done = merge(invent, group.primary.id, sources)
    assert done.result.merged_contact_ids == sources
    assert json.loads(done.body) == done.result.raw
    assert len(done.result.merged.channels) == 7

    for source in sources:
        with pytest.raises(NotFound):
            invent.contact_segments(source)
    assert [contact.id for contact in invent.contacts_by_user_id(shared)] == [group.primary.id]
    assert sandbox.counters.hazard_calls == 0


UNKNOWN = [
    Fault.DROP, Fault.HANG, Fault.HTML, Fault.EMPTY, Fault.CUT_JSON, Fault.CUT_BODY,
    Fault.REDIRECT, Fault.WRONG_ID, Fault.STATUS,
]  # fmt: skip


@pytest.mark.parametrize("fault", UNKNOWN)
@pytest.mark.parametrize("applied", [False, True])
def test_each_fault_of_a_merge_is_unknown_and_asked_once(
    sandbox: Sandbox, invent: InventClient, fault: Fault, applied: bool
):
    primary, *sources = sandbox.world.named["seven"]
    sandbox.faults.next_merge(fault, applied=applied, hang_seconds=600)
    with pytest.raises(OutcomeUnknown):
        merge(invent, primary, tuple(sources))
    assert sandbox.counters.merge_calls == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, Unauthorized), (404, NotFound), (429, RateLimited)],
)
def test_each_refusal_of_a_merge_is_rejected(
    sandbox: Sandbox, invent: InventClient, status: int, kind: type[InventError]
):
    primary, *sources = sandbox.world.named["seven"]
    sandbox.faults.next_merge(Fault.STATUS, merge_status=status, merge_retry_after="30")
    with pytest.raises(kind) as caught:
        merge(invent, primary, tuple(sources))
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_after == 30
    assert sandbox.counters.merges_applied == 0


def test_a_merge_in_part_is_an_answer(sandbox: Sandbox, invent: InventClient):
    primary, *sources = sandbox.world.named["seven"]
    sandbox.faults.next_merge(Fault.PARTIAL)
    done = merge(invent, primary, tuple(sources))
    assert done.result.merged_contact_ids == tuple(sources[:3])


def test_a_contact_is_changed_and_nothing_but_what_is_given(sandbox: Sandbox, invent: InventClient):
    contact = sandbox.world.main.groups()[0][0]
    before = sandbox.world.main.contact(contact)
    after = invent.update_contact(contact, unsubscribed=True)
    assert (after.id, after.unsubscribed, after.blocked) == (contact, True, before["blocked"])
    assert after.name == before["name"]
    with pytest.raises(NotFound):
        invent.update_contact("contact_gone", blocked=True)


@pytest.mark.parametrize("fault", UNKNOWN)
@pytest.mark.parametrize("applied", [False, True])
def test_each_fault_of_a_change_is_unknown_and_asked_once(
    sandbox: Sandbox, invent: InventClient, fault: Fault, applied: bool
):
    contact = sandbox.world.main.groups()[0][0]
    sandbox.faults.next_patch(fault, applied=applied, hang_seconds=600)
    with pytest.raises(OutcomeUnknown):
        invent.update_contact(contact, unsubscribed=True)
    assert sandbox.counters.requests["PATCH contacts/{}"] == 1


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.HTML, Fault.CUT_BODY, Fault.STATUS])
def test_each_passing_fault_of_a_read_is_outlasted(
    sandbox: Sandbox, invent: InventClient, fault: Fault
):
    sandbox.faults.next_read(fault, times=3)
    assert invent.duplicate_groups_page().count == 20
    sandbox.faults.next_read(fault, times=4)
    with pytest.raises(Unavailable):
        invent.duplicate_groups_page()


def test_hostile_contacts_come_through_as_they_are(sandbox: Sandbox, invent: InventClient):
    (page,) = invent.duplicate_groups()
    names = [contact.name or "" for group in page.items for contact in group.members]
    assert "<img src=x onerror=alert(1)>" in names
    assert any("\u202e" in name for name in names)
    assert page.unreadable == ()


def test_pages_shift_while_they_are_read(sandbox: Sandbox, invent: InventClient):
    """One reading misses a group then; the next has all that are left."""
    sandbox.faults.set(shift_after_page=1)
    read = [group.primary.id for page in invent.duplicate_groups(5) for group in page.items]
    assert len(read) == 19
    assert len(list(invent.duplicate_groups(5))) == 4


def test_over_a_socket(sandbox: Sandbox):
    primary, *sources = sandbox.world.named["seven"]
    with running(sandbox) as url, InventClient(url, "sandbox-key") as invent:
        assert sum(page.size for page in invent.duplicate_groups(7)) == 20
        assert merge(invent, primary, tuple(sources)).result.merged.id == primary
        assert sum(page.size for page in invent.duplicate_groups(7)) == 19
