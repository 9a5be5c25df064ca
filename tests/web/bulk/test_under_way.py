"""A bulk decision under way and after: how far it is, what became of each group, the list."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from mergeui.accounts.models import Membership, Role
from mergeui.audit.actor import Actor
from mergeui.merging.models import BulkDecision, BulkItem, BulkKind, BulkState, MergeRequest
from tests.desk import Desk
from tests.many import pairs, stored
from tests.merging.bulk import begun, now, summary, work
from tests.web.bulk.pages import address, groups, shown
from tests.web.cast import HTMX, somebody, stranger, text_of

pytestmark = pytest.mark.django_db


# Under way


def test_how_far_it_is(client: Client, desk: Desk, olga: Membership) -> None:
    bulk = begun(Actor.member(olga), groups())
    page = shown(client, bulk)
    assert "The worker goes from group to group; 3 are still to come." in page
    assert 'hx-trigger="every 2s"' in page
    assert "Stop and take back" in page

    work(desk, bulk)
    polled = client.get(address(bulk), headers={**HTMX, "HX-Target": "live"})
    live = text_of(polled)
    assert live.lstrip().startswith('<section class="card" id="live"')
    assert 'Being merged <b class="nums">3</b>' in live
    # The worker has been to every group, and nothing is merged yet.
    assert '<span class="mark mark-info">Being merged</span>' in text_of(client.get("/bulk/"))
    assert "every 2s" in live  # until they are merged
    # Pressed while it is swapped, a button does nothing: it stays where it is.
    again = client.get(f"{address(bulk)}?was=done-1", headers={**HTMX, "HX-Target": "live"})
    assert again["HX-Retarget"] == "#live-line"
    assert "bulk-take-back" not in text_of(again)
    MergeRequest.objects.update(execute_after=timezone.now())
    desk.work()
    ended = client.get(address(bulk), headers={**HTMX, "HX-Target": "live"})
    assert 'Merged <b class="nums">3</b>' in text_of(ended)
    assert "every 2s" not in text_of(ended)
    assert "bulk-ended" in ended["HX-Trigger"]
    assert '<span class="mark mark-good">Done</span>' in text_of(client.get("/bulk/"))
    assert "Take back" not in text_of(ended)


def test_what_can_still_be_taken_back_is_not_said_to_go_on(
    client: Client, desk: Desk, olga: Membership
) -> None:
    bulk = work(desk, begun(Actor.member(olga), groups()))
    words = "What is being merged goes on, but can be taken back until it is sent."
    assert f"Every group has had its turn. {words}" in shown(client, bulk)

    BulkDecision.objects.update(state=BulkState.STOPPED)
    assert words in shown(client, bulk)


def test_a_list_that_everything_left_gives_way_once_it_is_over(
    client: Client, desk: Desk, olga: Membership
) -> None:
    """It began with what was still to come; what was asked for by hand stays while it holds."""
    bulk = work(desk, begun(Actor.member(olga), groups()[:3]))
    live, results = ({**HTMX, "HX-Target": part} for part in ("live", "results"))
    stale = f"{address(bulk)}?fate=waiting"
    assert "No group is in this list" in text_of(client.get(stale, headers=results))
    MergeRequest.objects.update(execute_after=timezone.now())
    desk.work()

    assert "<h2>Merged</h2>" in text_of(client.get(stale, headers=results))
    assert '?fate=merged" aria-current="true"' in text_of(client.get(stale, headers=live))
    BulkItem.objects.filter(pk=BulkItem.objects.latest("pk").pk).update(state="set_aside")
    chosen = client.get(f"{address(bulk)}?fate=aside", headers=results)
    assert "<h2>Set aside</h2>" in text_of(chosen)
    assert "No group is in this list" in shown(client, bulk, "?fate=waiting")


def test_one_that_is_still_to_come(client: Client, olga: Membership) -> None:
    bulk = begun(Actor.member(olga), groups()[:1], BulkKind.DISMISS)

    assert "from group to group; 1 is still to come." in shown(client, bulk)


def test_a_worker_that_does_not_come_is_missed(client: Client, olga: Membership) -> None:
    bulk = begun(Actor.member(olga), groups())
    assert "start it with" not in shown(client, bulk)
    BulkDecision.objects.update(asked_at=timezone.now() - timedelta(seconds=20))
    assert "start it with `manage.py worker`" in shown(client, bulk)


def test_everybody_of_the_team_may_look(desk: Desk, olga: Membership) -> None:
    bulk = begun(Actor.member(olga), groups(), note="same people")
    page = shown(somebody(Role.VIEWER), bulk)

    assert "asked for by <bdi>olga</bdi>" in page
    assert "same people" in page
    assert "bulk-stop" not in page
    assert stranger().get(address(bulk)).status_code == 404


def test_stop_and_take_back(client: Client, desk: Desk, olga: Membership) -> None:
    bulk = begun(Actor.member(olga), groups())
    answer = client.post(address(bulk, "stop/"))
    assert (answer.status_code, answer.url) == (303, address(bulk))
    assert "olga stopped this half-way." in shown(client, bulk)
    assert client.post(address(bulk, "stop/")).status_code == 409

    assert client.post(address(bulk, "take-back/"), headers=HTMX)["HX-Redirect"] == address(bulk)
    assert "olga is taking this back." in shown(client, bulk)
    desk.work()
    assert "olga took back what could be taken back." in shown(client, bulk)
    refused = client.post(address(bulk, "take-back/"), headers=HTMX)
    assert (refused.status_code, refused["HX-Retarget"]) == (409, "#problem")


def test_a_page_that_answers_a_refused_button_goes_on(client: Client, olga: Membership) -> None:
    """As where two tabs have the same summary: it asks, and leads, where it is looked at."""
    bulk = begun(Actor.member(olga), groups())
    refused = client.post(address(bulk, "confirm/"))

    assert refused.status_code == 409
    page = text_of(refused)
    assert 'href="?' not in page
    (asked,) = re.findall(r'id="live"[^>]* hx-get="([^"]+)"', page)
    assert client.get(unescape(asked), headers=HTMX | {"HX-Target": "live"}).status_code == 200
    led = re.findall(rf'href="(/bulk/{bulk.pk}/[^"]*)"', page)
    assert led
    assert {client.get(unescape(one)).status_code for one in led} == {200}


@pytest.mark.parametrize("what", ["confirm/", "stop/", "take-back/"])
def test_refusals_of_the_buttons(desk: Desk, olga: Membership, what: str) -> None:
    bulk = begun(Actor.member(olga), groups())
    assert somebody().get(address(bulk, what)).status_code == 405
    assert somebody(Role.VIEWER).post(address(bulk, what)).status_code == 403
    assert stranger().post(address(bulk, what)).status_code == 404
    assert Client().post(address(bulk, what)).url == f"/login/?next={address(bulk)}"
    if what != "confirm/":
        assert somebody().post(address(bulk, what)).status_code == 403
    assert now(bulk).state == BulkState.WORKING


def test_somebody_who_lost_the_role(client: Client, desk: Desk, olga: Membership) -> None:
    bulk = begun(Actor.member(olga), groups())
    Membership.objects.update(role=Role.VIEWER)
    work(desk, bulk)

    assert "olga may no longer decide here, so this was stopped." in shown(client, bulk)


# What became of each


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"why": "risky", "detail": ",blocked,names,new,"},
            "Risky: Blocked differs, Names conflict.",
        ),
        (
            {"why": "grade", "detail": "conflict"},
            "one person or several: look at it alone.",
        ),
        ({"why": "grade", "detail": ""}, "Refresh the queue, then try again."),
        ({"why": "claimed", "detail": ""}, "Somebody has it open."),
        ({"why": "decided", "detail": "dismissed"}, "Decided already: Not a duplicate."),
        ({"why": "decided", "detail": "eaten"}, "Decided already: eaten."),
        ({"why": "elsewhere"}, "It waits in another bulk decision."),
        ({"why": "changed"}, "It changed since the summary."),
        ({"why": "refused", "detail": "Too <late>\u202e."}, "Too &lt;late&gt;⟨U+202E⟩."),
    ],
)
def test_why_a_group_was_set_aside(
    client: Client, olga: Membership, fields: dict[str, str], words: str
) -> None:
    bulk = begun(Actor.member(olga), groups()[:1])
    BulkItem.objects.update(state="set_aside", **fields)

    assert words in shown(client, bulk, "?fate=aside")


def test_each_fate_has_its_list(client: Client, desk: Desk, olga: Membership) -> None:
    bulk = work(desk, begun(Actor.member(olga), groups()[:3]))
    one, two, three = MergeRequest.objects.order_by("pk")
    MergeRequest.objects.filter(pk=one.pk).update(state="stale")
    MergeRequest.objects.filter(pk=two.pk).update(state="cancelled")
    BulkItem.objects.filter(request=three).update(state="failed", why="failed", request=None)

    answer = client.get(address(bulk))
    assert [(part.label, part.count) for part in answer.context["live"].bar] == [
        ("Need a look", "1"), ("Failed", "1"), ("Taken back", "1"),
    ]  # fmt: skip
    assert answer.context["rows"][0].url == f"/requests/{one.pk}/"
    assert "Contacts changed" in text_of(answer)
    assert "The desk could not decide it." in shown(client, bulk, "?fate=failed")
    assert f"/requests/{two.pk}/" in shown(client, bulk, "?fate=back")
    assert "No group is in this list" in shown(client, bulk, "?fate=waiting")


@pytest.mark.parametrize(
    ("kind", "words"), [(BulkKind.DISMISS, "Not duplicates"), (BulkKind.SNOOZE, "Snoozed")]
)
def test_groups_that_were_put_aside(
    client: Client, desk: Desk, olga: Membership, kind: BulkKind, words: str
) -> None:
    until = timezone.now() + timedelta(days=3)
    bulk = work(desk, begun(Actor.member(olga), groups(), kind, until=until))
    answer = client.get(address(bulk))

    assert [(part.label, part.count) for part in answer.context["live"].bar] == [(words, "4")]
    assert "Every group has had its turn." in text_of(answer)
    assert answer.context["live"].may_take_back == "Take back"
    assert answer.context["live"].poll == 0


def test_pages_of_groups_and_a_fixed_number_of_queries(
    client: Client, desk: Desk, olga: Membership, django_assert_num_queries: Any
) -> None:
    few = summary(Actor.member(olga), groups())
    stored(desk, pairs(60))
    many = summary(Actor.member(olga), groups())
    client.get(address(few))
    for bulk in (few, many):
        with django_assert_num_queries(7):
            client.get(address(bulk))

    first = client.get(address(many) + "?fate=waiting")
    links = {words: url for url, words in first.context["links"]}
    second = client.get(links["Next"], headers={**HTMX, "HX-Target": "results"})
    assert (len(first.context["rows"]), len(second.context["rows"])) == (50, 13)
    assert text_of(second).lstrip().startswith('<section class="card" id="results"')


# All of them


def test_the_list_of_bulk_decisions(client: Client, desk: Desk, olga: Membership) -> None:
    assert "Tick groups in the queue" in text_of(client.get("/bulk/"))
    work(desk, begun(Actor.member(olga), groups()[:2], BulkKind.DISMISS, note="<b>family</b>"))
    summary(Actor.member(olga), groups())

    page = text_of(client.get("/bulk/"))
    assert "Mark 2 groups as not duplicates" in page
    assert "2 of 2" in page
    assert "&lt;b&gt;family&lt;/b&gt;" in page
    assert "Merge" not in page.partition("<main")[2]  # a summary is nothing yet
    assert "Tick groups" in text_of(stranger().get("/bulk/"))
    assert Client().get("/bulk/").status_code == 302
    fragment = text_of(client.get("/bulk/", headers=HTMX))
    assert fragment.lstrip().startswith("<section")


def test_a_fixed_number_of_queries_for_the_list(
    client: Client, olga: Membership, django_assert_num_queries: Any
) -> None:
    begun(Actor.member(olga), groups()[:1])
    client.get("/bulk/")
    with django_assert_num_queries(4):
        client.get("/bulk/")
    begun(Actor.member(olga), groups()[1:])
    with django_assert_num_queries(4):
        client.get("/bulk/")


def test_the_history_leads_to_it(client: Client, desk: Desk, olga: Membership) -> None:
    bulk = begun(Actor.member(olga), groups())
    page = text_of(client.get(f"/history/?q=bulk+{bulk.pk}"))

    assert f"asked to merge 3 groups at once (bulk decision {bulk.pk})." in page
    assert f'href="{address(bulk)}"' in page
