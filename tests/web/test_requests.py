"""Requests: what waits for whom, one request with its fate, and what people say of it."""

import pytest
from django.test import Client
from django.utils import timezone

from mergeui.accounts.models import Membership, Organization, Role
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.models import Entry
from mergeui.merging.approval import approve, reject
from mergeui.merging.execution import execute_next
from mergeui.merging.models import (
    BulkDecision,
    BulkKind,
    Heartbeat,
    MergeRequest,
    RequestState,
    Source,
)
from mergeui.review.models import Group, GroupState
from mergeui.sandbox import Fault
from mergeui.sandbox.state import Change
from mergeui.web.views import requests as views
from mergeui.web.when import exact
from tests.contacts import contact, whatsapp
from tests.desk import Desk, actor, member, past
from tests.merging.stage import anas, approved, look

pytestmark = pytest.mark.django_db

PHONE = whatsapp("+15550101")
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def desk() -> Desk:
    """Ana twice, one of them unsubscribed: it needs a second person."""
    desk = Desk(contact("Ana García", PHONE), contact("Ana", PHONE, unsubscribed=True))
    desk.sync()
    return desk


@pytest.fixture
def operator(desk: Desk) -> Membership:
    return member(Role.OPERATOR, name="olga")


@pytest.fixture
def proposed(desk: Desk, operator: Membership) -> MergeRequest:
    return desk.propose(Actor.member(operator), note="same number, same person")


def signed_in(membership: Membership) -> Client:
    client = Client()
    client.force_login(membership.user)
    return client


def address(request: MergeRequest, what: str = "") -> str:
    return f"/requests/{request.pk}/{what}"


def test_an_approver_sees_what_waits_for_them(proposed: MergeRequest) -> None:
    page = signed_in(member(Role.APPROVER)).get("/requests/")

    assert page.status_code == 200
    assert "Merge 1 contact into" in page.content.decode()
    assert "Ana unsubscribed" in page.content.decode()
    assert "For you: to approve" in page.content.decode()


def test_the_proposer_sees_it_under_asked_by_me(
    proposed: MergeRequest, operator: Membership
) -> None:
    client = signed_in(operator)

    assert "Asked by <bdi>olga" in client.get("/requests/").content.decode()
    assert "No merge waits" in client.get("/requests/?view=waiting").content.decode()


def test_the_page_of_a_request_says_what_was_seen(proposed: MergeRequest) -> None:
    page = signed_in(member(Role.APPROVER)).get(address(proposed)).content.decode()

    assert "Merge 1 contact into <bdi>Ana García" in page
    assert "1 contact will be merged into Ana García and disappears" in page
    assert "same number, same person" in page
    assert "Approve this merge" in page
    assert "asked to merge" in page


def test_who_approves_sees_what_would_be_lost_and_what_goes(proposed: MergeRequest) -> None:
    client = signed_in(member(Role.APPROVER))
    page = client.get(address(proposed)).content.decode()

    assert "<h3>Expected result</h3>" in page
    assert "Whether the result is unsubscribed or receives messages." in page
    assert "Will disappear" in page
    assert "Not sent yet" not in page
    assert "Next group" not in page
    assert "Expected then:" not in page
    approve(proposed, by_user=actor(Role.APPROVER))
    MergeRequest.objects.update(state=RequestState.MERGED)
    page = client.get(address(proposed)).content.decode()
    assert "<h3>Expected result</h3>" not in page
    assert "Expected then:</span> 1 contact will be merged" in page
    assert "Next group" in page


def test_one_of_many_says_of_which_bulk_decision_it_is(
    proposed: MergeRequest, operator: Membership
) -> None:
    assert "Bulk decision" not in signed_in(operator).get(address(proposed)).content.decode()
    bulk = BulkDecision.objects.create(
        organization=proposed.organization,
        asked_by=operator.user,
        kind=BulkKind.MERGE,
        asked_at=timezone.now(),
    )
    MergeRequest.objects.update(bulk=bulk)

    page = signed_in(operator).get(address(proposed)).content.decode()
    assert f'<a href="/bulk/{bulk.pk}/">Bulk decision {bulk.pk}</a>' in page


@pytest.mark.parametrize(
    ("role", "first", "never"),
    [
        (Role.VIEWER, "view=all", ["view=waiting", "view=mine"]),
        (Role.OPERATOR, "view=mine", ["view=waiting"]),
        (Role.APPROVER, "view=waiting", []),
    ],
)
def test_each_begins_with_what_concerns_them(
    role: Role, first: str, never: list[str], proposed: MergeRequest
) -> None:
    page = signed_in(member(role)).get("/requests/").content.decode()

    assert f'<a href="?{first}" aria-current="true">' in page
    assert not any(f'href="?{view}"' in page for view in never)


def test_approve(proposed: MergeRequest) -> None:
    answer = signed_in(member(Role.APPROVER)).post(address(proposed, "approve/"), {"note": "ok"})

    assert (answer.status_code, answer.headers["Location"]) == (303, address(proposed))
    proposed.refresh_from_db()
    assert proposed.state == RequestState.APPROVED


def test_approve_by_htmx_answers_with_a_fragment(proposed: MergeRequest) -> None:
    answer = signed_in(member(Role.APPROVER)).post(address(proposed, "approve/"), **HTMX)

    assert answer.status_code == 200
    assert "Approved." in answer.content.decode()
    assert "<html" not in answer.content.decode()
    proposed.refresh_from_db()
    assert proposed.state == RequestState.APPROVED


def test_nobody_approves_their_own(desk: Desk) -> None:
    approver = member(Role.APPROVER)
    request = desk.propose(Actor.member(approver), note="mine")

    answer = signed_in(approver).post(address(request, "approve/"), {"note": "typed words"})

    assert answer.status_code == 403
    assert "You asked for this merge, so somebody else has to decide on it." in (
        answer.content.decode()
    )
    assert Entry.objects.latest("number").action == Action.REFUSED


def test_a_rejection_without_a_reason_keeps_the_page(proposed: MergeRequest) -> None:
    client = signed_in(member(Role.APPROVER))

    answer = client.post(address(proposed, "reject/"), {"note": ""})
    assert answer.status_code == 400
    assert "Say why" in answer.content.decode()

    answer = client.post(address(proposed, "reject/"), {"note": "Two sisters"})
    assert answer.status_code == 303
    page = client.get(address(proposed)).content.decode()
    asked = page.partition('id="asked-for"')[2].partition('id="rest"')[0]
    assert "rejected this merge: Two sisters" in page
    assert "Rejected by" in asked
    assert "Two sisters" not in asked


def test_a_group_that_came_back_says_why(
    desk: Desk, proposed: MergeRequest, operator: Membership
) -> None:
    signed_in(member(Role.APPROVER, name="paula")).post(
        address(proposed, "reject/"), {"note": "Two sisters"}
    )

    page = signed_in(operator).get(f"/groups/{proposed.group_id}/").content.decode()

    assert "olga asked for a merge just now: rejected." in page
    assert "paula rejected this merge: Two sisters" in page
    assert f"/requests/{proposed.pk}/" in page


def test_the_second_approver_is_told_who_was_faster(proposed: MergeRequest) -> None:
    signed_in(member(Role.APPROVER, name="paula")).post(address(proposed, "approve/"))

    answer = signed_in(member(Role.APPROVER)).post(
        address(proposed, "approve/"), {"note": "typed words"}
    )

    assert answer.status_code == 409
    assert "paula approved this request meanwhile." in answer.content.decode()


def test_a_refusal_by_htmx_is_a_fragment_and_one_entry(proposed: MergeRequest) -> None:
    answer = signed_in(member(Role.APPROVER)).post(address(proposed, "reject/"), **HTMX)

    assert answer.status_code == 400
    assert "Say why" in answer.content.decode()
    assert "<html" not in answer.content.decode()
    assert Entry.objects.filter(action=Action.REFUSED).count() == 1


def test_cancel_in_the_cool_off(desk: Desk, operator: Membership, settings) -> None:
    settings.MERGE_FOUR_EYES = "never"
    request = desk.propose(Actor.member(operator))
    client = signed_in(operator)
    assert "Cancel the merge" in client.get(address(request)).content.decode()

    assert client.post(address(request, "cancel/")).status_code == 303

    page = client.get(address(request)).content.decode()
    assert "olga took this request back." in page
    assert "Nothing was sent to Invent." in page
    assert "hx-trigger" not in page.partition('id="live"')[2].partition("</section>")[0]


def test_a_cancel_behind_a_429_says_that_the_desk_finds_out_first(desk: Desk) -> None:
    request = approved(desk)
    past(request, execute_after=1)
    desk.faults.next_merge(Fault.STATUS, merge_status=429)
    execute_next(client=desk.client, organization_id=desk.organization.pk)
    client = signed_in(member(Role.APPROVER))

    page = client.post(address(request, "cancel/"), follow=True).content.decode()

    assert "Taken back." not in page
    assert "It is not sent again. The desk finds out first whether Invent did it" in page
    assert "Nothing was sent" not in page


def test_the_live_part_is_silent_while_nothing_changes(proposed: MergeRequest) -> None:
    client = signed_in(member(Role.APPROVER))

    assert client.get(f"{address(proposed)}?was=proposed", **HTMX).status_code == 204
    assert client.get(f"{address(proposed)}?was=approved", **HTMX).status_code == 200


def test_a_button_is_not_swapped_away_under_the_pointer(
    desk: Desk, operator: Membership, settings
) -> None:
    settings.MERGE_FOUR_EYES = "never"
    request = desk.propose(Actor.member(operator))
    polled = signed_in(operator).get(f"{address(request)}?was=approved", **HTMX)

    assert polled["HX-Retarget"] == "#live-line"
    assert 'id="live-line"' in polled.content.decode()
    assert "Cancel the merge" not in polled.content.decode()


def test_a_person_resolves_what_the_desk_can_not_judge(
    desk: Desk, proposed: MergeRequest, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MERGE_COOL_OFF_SECONDS = 0
    approver = member(Role.APPROVER)
    client = signed_in(approver)
    client.post(address(proposed, "approve/"))
    past(proposed, execute_after=1)
    desk.faults.next_merge(Fault.DROP, applied=True)
    desk.work()
    MergeRequest.objects.update(state=RequestState.CONFLICT)
    source = proposed.sources.get().contact_id

    assert client.post(address(proposed, "resolve/"), {"merged": source}).status_code == 400
    monkeypatch.setattr(views, "connect", lambda org, **_: desk.connect())
    answer = client.post(
        address(proposed, "resolve/"), {"merged": source, "note": "Looked in Invent"}
    )

    assert answer.status_code == 303
    proposed.refresh_from_db()
    assert proposed.state == RequestState.MERGED
    page = client.get(address(proposed)).content.decode()
    assert "This merge lost an opt-out" in page
    assert "An opt-out was lost: the result receives messages again." in page


def test_without_a_key_a_person_can_say_all_the_same_what_was_merged(
    desk: Desk, operator: Membership, settings
) -> None:
    settings.INVENT_API_KEY = ""
    request = approved(desk)
    MergeRequest.objects.update(state=RequestState.CONFLICT)
    client = signed_in(member(Role.APPROVER))
    given = {"merged": request.sources.get().contact_id, "note": "Looked in Invent"}

    assert client.post(address(request, "resolve/"), given).status_code == 303

    assert "There is no key to ask Invent with." in client.get(address(request)).content.decode()


@pytest.mark.parametrize("what", ["approve/", "reject/", "cancel/", "resolve/"])
def test_who_may_not(proposed: MergeRequest, what: str) -> None:
    stranger = member(
        Role.ADMIN, Organization.objects.create(name="Others", invent_org_id="org_others")
    )
    where = address(proposed, what)

    assert signed_in(member(Role.VIEWER)).post(where, {"note": "x"}).status_code == 403
    assert signed_in(stranger).post(where, {"note": "x"}).status_code == 404
    assert signed_in(stranger).get(address(proposed)).status_code == 404
    assert signed_in(member(Role.ADMIN)).get(where).status_code == 405
    assert Client().post(where, {"note": "x"}).headers["Location"].startswith("/login/")
    proposed.refresh_from_db()
    assert proposed.state == RequestState.PROPOSED


def test_the_list_takes_a_fixed_number_of_queries(
    desk: Desk, operator: Membership, django_assert_max_num_queries
) -> None:
    client = signed_in(operator)
    with django_assert_max_num_queries(8):
        client.get("/requests/?view=all")
    desk.propose(Actor.member(operator))
    with django_assert_max_num_queries(8):
        client.get("/requests/?view=all")


def test_what_invent_merged_beyond_what_was_asked_is_said_loudly(desk: Desk) -> None:
    third = contact("Ana <b>Tres</b>", PHONE)
    desk.world.apply(Change(desk.world.top.id, put=(third,)))
    desk.sync()
    request = desk.propose(
        actor(Role.OPERATOR), source_ids=[desk.group().members.all()[1].contact_id]
    )
    approve(request, by_user=actor(Role.APPROVER))
    past(request, execute_after=1)
    client = signed_in(member(Role.VIEWER))
    assert "more than was asked for" not in client.get(address(request)).content.decode()
    for where in ("/requests/?view=all", "/history/"):
        assert "More than asked for" not in client.get(where).content.decode()

    desk.faults.next_merge(Fault.MORE)
    desk.work()
    MergeRequest.objects.get(pk=request.pk).attempts.update(unasked=[third["id"], "new", "a/b"])
    page = client.get(address(request)).content.decode()

    assert "Invent merged more than was asked for" in page
    assert f'<a href="/contacts/{third["id"]}/"><bdi>Ana &lt;b&gt;Tres' in page
    assert '<a href="/contacts/new/">A contact that this desk has never seen</a>' in page
    assert "a/b" in page
    assert "Everything that was asked for was merged, and more than that: see below." in page
    assert "What is left comes up in the queue again" not in page
    badge = '<span class="mark mark-bad">More than asked for</span>'
    assert client.get("/history/").content.decode().count(badge) == 2  # the answer, and the end
    # Nothing of what was asked for is left, so nothing may call it a merge in part.
    whole = '<span class="mark mark-bad">Merged more than asked</span>'
    listed = client.get("/requests/?view=all").content.decode()
    for shown in (page, listed):
        assert shown.count(whole) == 1
        assert "Merged in part" not in shown.partition('id="timeline"')[0]
    assert badge not in listed
    request.sources.update(state=Source.State.NOT_MERGED)
    listed = client.get("/requests/?view=all").content.decode()
    assert (listed.count(badge), whole in listed) == (1, False)
    assert '<span class="mark mark-risk">Merged in part</span>' in listed
    assert (
        "What is left comes up in the queue again" in client.get(address(request)).content.decode()
    )
    assert client.get(f"/contacts/{third['id']}/").status_code == 200


def test_a_merge_that_went_beyond_is_an_alarm_for_approvers_for_a_week() -> None:
    desk = anas(4)
    ids = [m.contact_id for m in desk.group().members.all()]
    request = approved(desk, source_ids=ids[1:3])
    past(request, execute_after=1)
    alarm = "1 merge of the last 7 days took more than was asked for"
    approver, operator = signed_in(member(Role.APPROVER)), signed_in(member(Role.OPERATOR))
    desk.faults.next_merge(Fault.MORE)
    desk.work()

    page = approver.get("/requests/").content.decode()
    assert alarm in page
    assert 'href="?view=person"' in page.partition(alarm)[2].partition("</div>\n</")[0]
    assert alarm not in operator.get("/requests/").content.decode()
    for client in (approver, operator):
        listed = client.get("/requests/?view=person")
        assert [row.number for row in listed.context["rows"]] == [f"Request {request.pk}"]

    # Invent said it had merged another, and nothing that was asked for was.
    MergeRequest.objects.update(state=RequestState.NOT_APPLIED)
    assert alarm in approver.get("/requests/").content.decode()
    past(request, finished_at=8 * 86_400)
    assert alarm not in approver.get("/requests/").content.decode()
    assert approver.get("/requests/?view=person").context["rows"] == []


def test_what_was_merged_as_asked_or_less_is_no_alarm() -> None:
    desk = anas(3)
    request = approved(desk)
    past(request, execute_after=1)
    desk.faults.next_merge(Fault.PARTIAL)
    desk.work()
    request.refresh_from_db()
    assert request.state == RequestState.PARTIAL
    client = signed_in(member(Role.APPROVER))

    assert "took more than was asked" not in client.get("/requests/").content.decode()
    assert client.get("/requests/?view=person").context["rows"] == []
    assert "Merged in part" in client.get("/requests/?view=all").content.decode()


def lost(applied: bool) -> tuple[Desk, MergeRequest]:
    """A request whose answer was lost, before the desk has looked."""
    desk = anas()
    request = approved(desk)
    past(request, execute_after=1)
    desk.faults.next_merge(Fault.DROP, applied=applied)
    execute_next(client=desk.client, organization_id=desk.organization.pk)
    request.refresh_from_db()
    assert request.state == RequestState.UNKNOWN
    return desk, request


@pytest.mark.parametrize(("applied", "state"), [(True, "merged"), (False, "not_applied")])
def test_a_settled_request_no_longer_says_that_it_is_not_known(applied: bool, state: str) -> None:
    desk, request = lost(applied)
    client = signed_in(member(Role.APPROVER))
    doubt, past_doubt = "It is not known whether", "At first it was not known whether"
    assert doubt in client.get(address(request)).content.decode()
    while look(desk, request).state == RequestState.UNKNOWN:
        pass

    assert request.state == state
    group = f"/groups/{request.group_id}/"
    for page in (address(request), "/requests/?view=all", group):
        told = client.get(page).content.decode()
        shown = told.partition('id="timeline"')[0].partition('id="calls"')[0]
        assert doubt not in shown
        if page != group or not applied:
            assert past_doubt in shown


def test_an_unknown_outcome_says_when_the_desk_looks_again_and_to_wait() -> None:
    desk, request = lost(applied=False)
    client = signed_in(member(Role.APPROVER))
    page = client.get(address(request)).content.decode()
    assert "It looks any moment now; there is nothing to do until then." in page

    look(desk, request)
    page = client.get(address(request)).content.decode()

    moment = exact(request.read_back_at, to_second=True)
    assert f"It looks next at {moment}; there is nothing to do until then." in page
    by_hand = page.partition("<details>")[2].partition("</details>")[0]
    assert "<summary>Settle it by hand now</summary>" in by_hand
    assert "Tick none if none of them was merged." in by_hand
    assert 'class="button" type="submit">Record what became of them' in by_hand
    polled = client.get(f"{address(request)}?was=unknown", **HTMX)
    assert polled["HX-Retarget"] == "#live-line"

    answer = client.post(address(request, "resolve/"), {"note": " "})
    assert "<details open>" in answer.content.decode()

    MergeRequest.objects.update(state=RequestState.CONFLICT)
    page = client.get(address(request)).content.decode()
    assert "Settle it by hand now" not in page
    assert "It looks next" not in page
    assert 'class="button button-main" type="submit">Record what became of them' in page


QUEUE = "back in the queue"


def test_what_is_gone_is_not_said_to_be_back_in_the_queue() -> None:
    desk = anas(2)
    request = approved(desk)
    past(request, execute_after=1)
    desk.world.remove(request.sources.all()[0].contact_id)
    desk.work()

    client = signed_in(member(Role.VIEWER))
    page = client.get(address(request)).content.decode()

    assert Group.objects.get().state == GroupState.VANISHED
    assert QUEUE not in page
    assert "Nothing was merged. Invent no longer suggests this group" in page


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (GroupState.OPEN, "Nothing was sent. The group is back in the queue."),
        (GroupState.DISMISSED, "Nothing was sent."),
        (GroupState.SNOOZED, "Nothing was sent."),
        (GroupState.REQUESTED, "Nothing was sent. Another merge of this group goes on."),
        (GroupState.MERGED, "Nothing was sent. What is left of the group comes up again"),
    ],
)
def test_nor_what_somebody_has_decided_since(
    proposed: MergeRequest, state: GroupState, words: str
) -> None:
    reject(proposed, by_user=actor(Role.APPROVER), note="two people")
    Group.objects.update(state=state)
    page = signed_in(member(Role.VIEWER)).get(address(proposed)).content.decode()

    assert words in page
    assert (QUEUE in page) == (state is GroupState.OPEN)


def test_what_was_ticked_is_ticked_again_when_it_could_not_be_sent() -> None:
    """Or a second press would record that nothing was merged."""
    _desk, request = lost(applied=False)
    MergeRequest.objects.update(state=RequestState.CONFLICT)
    approver = member(Role.APPROVER)
    client = signed_in(approver)
    source = request.sources.all()[0]
    ticked = f'name="merged" value="{source.contact_id}" checked'
    assert ticked not in client.get(address(request)).content.decode()

    refused = client.post(address(request, "resolve/"), {"merged": source.contact_id, "note": " "})
    assert refused.status_code == 400
    assert ticked in refused.content.decode()

    client.logout()
    found = {"merged": source.contact_id, "note": "Looked in Invent"}
    client.post(address(request, "resolve/"), found)
    client.force_login(approver.user)
    page = client.get(address(request)).content.decode()
    assert ticked in page
    assert "Looked in Invent" in page

    # Nor is a tick that was taken out put back by what the desk believes.
    Source.objects.update(state=Source.State.MERGED)
    assert ticked in client.get(address(request)).content.decode()
    refused = client.post(address(request, "resolve/"), {"note": " "})
    assert ticked not in refused.content.decode()


def test_a_look_that_is_late_for_want_of_a_worker_is_said() -> None:
    _desk, request = lost(applied=False)
    client = signed_in(member(Role.VIEWER))
    Heartbeat.objects.all().delete()
    missed = "The worker doesn&#x27;t seem to be running"
    assert missed not in client.get(address(request)).content.decode()

    past(request, read_back_at=60)
    assert missed in client.get(address(request)).content.decode()


def test_the_name_of_invent_stays_a_name_within_a_sentence() -> None:
    desk = anas()
    request = approved(desk)
    past(request, execute_after=1)
    desk.faults.next_merge(Fault.STATUS, merge_status=400)
    desk.work()
    client = signed_in(member(Role.OPERATOR))

    assert "Call 1: refused by Invent" in client.get(address(request)).content.decode()
    group = client.get(f"/groups/{request.group_id}/").content.decode()
    assert ": refused by Invent." in group
