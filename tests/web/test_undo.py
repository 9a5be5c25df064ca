"""Taking back the last decision: from the bar, from the next page, a merge only while it waits."""

import re
from datetime import timedelta

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.describe import describe
from mergeui.audit.models import Entry
from mergeui.merging.execution import execute_next
from mergeui.merging.models import MergeRequest, RequestState, Standing
from mergeui.merging.standing import halt
from mergeui.merging.undo import Decision
from mergeui.review.models import Group, GroupState
from mergeui.sandbox import Fault
from tests.contacts import contact, email
from tests.desk import Desk, member, past
from tests.web.cast import HTMX, choice, client_of, somebody, stranger, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    """Three pairs, oldest first: Ana, Bea, Eva."""
    pairs = [(name, email(f"{name}@example.com")) for name in ("Ana", "Bea", "Eva")]
    desk = Desk(*(contact(name, shared) for name, shared in pairs for _ in "12"))
    desk.sync()
    return desk


def group(name: str = "ana") -> Group:
    return Group.objects.get(sort_name=name)


def decide(client: Client, what: str, name: str = "ana") -> None:
    tomorrow = (timezone.now() + timedelta(days=2)).date().isoformat()
    fields = {"dismiss": {}, "snooze": {"until": tomorrow}, "request": choice(group(name))}
    answer = client.post(f"/groups/{group(name).pk}/{what}/", fields[what])
    assert answer.status_code == 303, text_of(answer)


def bar_of(client: Client, page: str = "/history/") -> str:
    found = re.search('<div id="lately" role="status">(.*?)</div>', text_of(client.get(page)), re.S)
    return re.sub(r"\s+", " ", found[1]).strip() if found else "no bar"


@pytest.mark.parametrize("what", ["dismiss", "snooze", "request"])
def test_any_decision_is_taken_back_from_the_next_page(desk: Desk, what: str) -> None:
    client = somebody()
    decide(client, what)
    assert f'name="group" value="{group().pk}"' in bar_of(client)

    answer = client.post("/undo/", {"group": group().pk})

    assert (answer.status_code, answer.url) == (303, f"/groups/{group().pk}/")
    assert group().state == GroupState.OPEN
    page = text_of(client.get(answer.url))
    assert "Taken back: <bdi>Ana</bdi>. It is to decide again." in page
    assert bar_of(client) == ""
    for request in MergeRequest.objects.all():
        assert request.state == RequestState.CANCELLED
    action = Action.MERGE_CANCELLED if what == "request" else Action.GROUP_REOPENED
    assert Entry.objects.filter(action=action).count() == 1


def test_without_a_group_it_is_the_last_one_and_then_the_one_before(desk: Desk) -> None:
    client = somebody()
    decide(client, "dismiss", "ana")
    decide(client, "request", "bea")
    decide(somebody(), "dismiss", "eva")

    assert client.post("/undo/").url == f"/groups/{group('bea').pk}/"
    assert client.post("/undo/").url == f"/groups/{group('ana').pk}/"
    assert "Nothing to undo: no decision" in text_of(client.post("/undo/", follow=True))
    assert group("eva").state == GroupState.DISMISSED


def test_nothing_to_undo_is_said_where_one_is_and_is_no_refusal(desk: Desk) -> None:
    answer = somebody().post("/undo/", headers=HTMX)

    assert (answer.status_code, answer["HX-Retarget"]) == (200, ".messages")
    assert text_of(answer).strip().startswith('<div class="note note-info">')
    assert "Nothing to undo: no decision" in text_of(answer)
    assert not Entry.objects.filter(action=Action.REFUSED).exists()


def test_a_request_that_waits_for_approval_is_withdrawn(desk: Desk, settings) -> None:
    settings.MERGE_FOUR_EYES = "always"
    client = somebody()
    decide(client, "request")
    assert "Approval asked for: <bdi>Ana</bdi>." in bar_of(client)

    client.post("/undo/")

    assert MergeRequest.objects.get().state == RequestState.WITHDRAWN


def test_a_merge_that_was_sent_is_not_taken_back(desk: Desk) -> None:
    client = somebody()
    decide(client, "request")
    past(MergeRequest.objects.get(), execute_after=1)
    assert "About to merge" in bar_of(client)
    desk.work()
    assert "Merged: <bdi>Ana</bdi>." in bar_of(client)
    assert "/undo/" not in bar_of(client)

    answer = client.post("/undo/", headers=HTMX)

    assert (answer.status_code, answer["HX-Retarget"]) == (409, "#problem")
    assert "<strong>Too late.</strong> Ana is merged, and Invent" in text_of(answer)


def test_the_bar_promises_nothing_while_all_merges_are_halted(desk: Desk) -> None:
    client = somebody()
    decide(client, "request")
    assert "Merging in" in bar_of(client)
    halt(desk.organization, Standing.Halt.KEY, "refused")

    assert "Approved, but all merges are halted: <bdi>Ana</bdi>." in bar_of(client)
    assert "/undo/" in bar_of(client)


def test_a_merge_that_was_answered_with_429_is_not_said_to_be_undone(desk: Desk) -> None:
    client = somebody()
    decide(client, "request")
    request = MergeRequest.objects.get()
    past(request, execute_after=1)
    desk.faults.next_merge(Fault.STATUS, merge_status=429)
    execute_next(client=desk.client, organization_id=desk.organization.pk)

    answer = client.post("/undo/", {"group": group().pk})

    assert (answer.status_code, answer.url) == (303, f"/requests/{request.pk}/")
    page = text_of(client.get(answer.url))
    assert "It is to decide again" not in page
    assert "It is not sent again. The desk finds out first whether Invent did it" in page
    assert "Outcome unknown" in page


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (RequestState.EXECUTING, "The merge of Ana was sent to Invent already."),
        (RequestState.UNKNOWN, "The merge of Ana was sent to Invent already."),
    ],
)
def test_nor_one_that_is_under_way(desk: Desk, state: str, words: str) -> None:
    client = somebody()
    decide(client, "request")
    MergeRequest.objects.update(state=state)

    page = text_of(client.post("/undo/"))
    assert words in page
    assert "<h1>Too late</h1>" in page
    assert "Someone was faster" not in page
    assert MergeRequest.objects.get().state == state


def test_nor_what_invent_no_longer_suggests(desk: Desk) -> None:
    client = somebody()
    decide(client, "dismiss")
    Group.objects.filter(pk=group().pk).update(state=GroupState.VANISHED)

    assert "Invent no longer suggests Ana" in text_of(client.post("/undo/"))
    assert "No longer suggested: <bdi>Ana</bdi>." in bar_of(client)


def test_what_somebody_else_decided_since_stays(desk: Desk) -> None:
    olga, amir = somebody(), somebody()
    decide(olga, "dismiss")
    amir.post(f"/groups/{group().pk}/reopen/")
    decide(amir, "dismiss")

    assert olga.post("/undo/", {"group": group().pk}).status_code == 409
    assert group().state == GroupState.DISMISSED
    assert bar_of(olga) == ""


def test_htmx_gets_the_group_in_the_same_answer(desk: Desk) -> None:
    client = somebody()
    decide(client, "dismiss")
    answer = client.post("/undo/", {"group": group().pk}, headers=HTMX)

    assert (answer.status_code, answer["HX-Push-Url"]) == (200, f"/groups/{group().pk}/")
    assert "Taken back" in text_of(answer)
    assert 'name="group"' not in text_of(answer)


def test_the_bar_alone_as_it_is_now(desk: Desk) -> None:
    client = somebody()
    decide(client, "request")
    fragment = text_of(client.get("/lately/", headers=HTMX))

    assert "<html" not in fragment
    assert "Merging in" in fragment
    assert re.search('hx-trigger="load delay:1[01]s"', fragment)
    assert client.get("/lately/").url == "/groups/"
    MergeRequest.objects.update(state=RequestState.EXECUTING)
    assert 'delay:1s"' in text_of(client.get("/lately/", headers=HTMX))
    MergeRequest.objects.update(state=RequestState.UNKNOWN)
    assert 'delay:30s"' in text_of(client.get("/lately/", headers=HTMX))
    MergeRequest.objects.update(state=RequestState.REFUSED)
    assert "hx-trigger" not in text_of(client.get("/lately/", headers=HTMX)).split("<form")[0]


def test_the_bar_does_not_lead_to_the_page_that_it_is_on(desk: Desk) -> None:
    client = somebody()
    decide(client, "request")
    page = f"/requests/{MergeRequest.objects.get().pk}/"
    link = f'<a href="{page}">Look at the request</a>'

    assert link in bar_of(client)
    assert "Merging in" in bar_of(client, page)
    assert link not in bar_of(client, page)
    on_it = {**HTMX, "HX-Current-URL": f"http://testserver{page}?all=1"}
    assert link not in text_of(client.get("/lately/", headers=on_it))
    assert link in text_of(client.get("/lately/", headers=HTMX))


@pytest.mark.parametrize("cookie", ["999999", "x", "9" * 40, "²", ""])
def test_an_altered_cookie_does_no_harm(desk: Desk, cookie: str) -> None:
    client = somebody()
    client.cookies["lately"] = cookie

    assert bar_of(client) == ""


def test_refusals(desk: Desk) -> None:
    client = somebody()
    decide(client, "dismiss")
    fields = {"group": group().pk}

    assert client.get("/undo/").status_code == 405
    assert Client().post("/undo/", fields).url == "/login/?next=/groups/"
    assert somebody(Role.VIEWER).post("/undo/", fields).status_code == 403
    assert stranger().post("/undo/", fields).status_code == 409
    assert somebody().post("/undo/", fields).status_code == 409
    assert group().state == GroupState.DISMISSED


@pytest.fixture
def half_merged() -> tuple[Client, MergeRequest]:
    """Of 52 sources 50 are merged when the worker is stopped; the other two wait."""
    desk = Desk(*(contact("Ana", email("ana@example.com")) for _ in range(53)))
    desk.sync()
    olga = member(Role.OPERATOR)
    with override_settings(MERGE_FOUR_EYES="never"):
        request = desk.propose(Actor.member(olga))
    past(request, execute_after=1)
    to = {"client": desk.client, "organization_id": desk.organization.pk}
    execute_next(**to, go_on=lambda: False)
    client = client_of(olga)
    client.cookies["lately"] = str(request.group_id)
    request.refresh_from_db()
    assert (request.state, desk.counters.merge_calls) == (RequestState.APPROVED, 1)
    return client, request


BEFORE = "50 of its contacts were merged before; the rest was not sent."


def test_of_what_is_merged_in_part_the_bar_offers_no_undo(
    half_merged: tuple[Client, MergeRequest],
) -> None:
    client, request = half_merged
    assert 'action="/undo/"' not in bar_of(client)
    assert f'href="/requests/{request.pk}/"' in bar_of(client)

    refused = client.post("/undo/", {"group": group().pk})

    assert refused.status_code == 409
    assert "was sent to Invent already" in text_of(refused)
    request.refresh_from_db()
    assert request.state == RequestState.APPROVED


def test_what_was_merged_just_before_it_was_taken_back_is_said(
    half_merged: tuple[Client, MergeRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, request = half_merged
    monkeypatch.setattr(Decision, "can_be_undone", True)

    answer = client.post("/undo/", {"group": group().pk})

    assert answer.url == f"/requests/{request.pk}/"
    page = text_of(client.get(answer.url))
    assert "to decide again" not in page
    assert BEFORE in page


def test_to_cancel_the_rest_says_what_is_merged_and_so_does_the_history(
    half_merged: tuple[Client, MergeRequest],
) -> None:
    client, request = half_merged
    client.post(f"/requests/{request.pk}/cancel/")

    page = text_of(client.get(f"/requests/{request.pk}/"))
    assert "Taken back." not in page
    assert page.count(BEFORE) > 1
    cancelled = Entry.objects.get(action=Action.MERGE_CANCELLED)
    assert describe(cancelled).endswith(f"(request {request.pk}). {BEFORE}")
