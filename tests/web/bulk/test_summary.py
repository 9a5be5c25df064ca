"""Ticking groups in the queue, and the summary of what would happen to them."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from mergeui.accounts.models import Membership, Role, User
from mergeui.audit.actor import Actor
from mergeui.merging.bulk import prepare as preparing
from mergeui.merging.models import BulkDecision, BulkKind, BulkState
from mergeui.review.claims import claim
from mergeui.review.decisions import dismiss
from mergeui.review.models import Group, GroupState
from tests.contacts import contact, email
from tests.desk import Desk, member
from tests.many import stored
from tests.merging.bulk import begun, now, summary, work
from tests.web.bulk.pages import address, groups, latest, numbers, shown
from tests.web.cast import HTMX, somebody, stranger, text_of

pytestmark = pytest.mark.django_db


# Ticking


def test_rows_have_boxes_for_those_who_may_decide(client: Client) -> None:
    page = text_of(client.get("/groups/"))

    assert page.count("data-tick ") == 4
    assert 'aria-label="Tick Ana 0"' in page
    assert "All on this page" in page
    assert "that match" not in page  # it is the whole list
    viewer = text_of(somebody(Role.VIEWER).get("/groups/"))
    assert "data-tick" not in viewer


def test_what_is_barred_from_bulk_has_no_boxes(client: Client) -> None:
    Group.objects.update(grade="conflict")
    page = text_of(client.get("/groups/?grade=conflict"))

    assert page.count("row-link") == 4
    assert "data-tick" not in page


@pytest.mark.parametrize("state", ["dismissed", "all", "merged"])
def test_only_what_is_to_decide_can_be_ticked(client: Client, olga: Membership, state: str) -> None:
    dismiss(groups()[0], by_user=Actor.member(olga))

    assert "data-tick" not in text_of(client.get(f"/groups/?state={state}"))


def test_ticked_groups_become_a_summary(client: Client) -> None:
    fields = {"kind": "merge", "groups": numbers(2), "query": "sort=name"}
    answer = client.post("/bulk/new/", fields)

    bulk = latest()
    assert (answer.status_code, answer.url) == (303, address(bulk))
    assert (bulk.state, bulk.kind, bulk.total) == ("draft", "merge", 2)
    assert 'href="/groups/?sort=name"' in text_of(client.get(answer.url))
    assert Group.objects.filter(state=GroupState.OPEN).count() == 4


def test_a_whole_page_without_a_script(client: Client) -> None:
    page = ",".join(map(str, numbers(3)))
    client.post("/bulk/new/", {"kind": "dismiss", "page": page, "groups": numbers(1)})

    assert latest().total == 3


def test_all_that_match_is_looked_up_again(client: Client) -> None:
    fields = {"kind": "merge", "all": "1", "query": "q=ana&risk=none", "groups": numbers(1)}
    client.post("/bulk/new/", fields)

    bulk = latest()
    assert (bulk.total, bulk.set_aside, bulk.query) == (3, 0, "q=ana&risk=none")


def test_all_without_a_filter_is_what_is_to_decide(client: Client, olga: Membership) -> None:
    dismiss(groups()[0], by_user=Actor.member(olga))
    client.post("/bulk/new/", {"kind": "merge", "all": "1", "query": ""})

    assert (latest().total, latest().set_aside) == (3, 1)


def test_ticked_groups_that_are_gone_are_said(client: Client) -> None:
    answer = client.post("/bulk/new/", {"kind": "merge", "groups": [*numbers(1), 999_999]})

    assert "1 ticked group is no longer there." in text_of(client.get(answer.url))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"kind": "merge"}, "Tick at least one group"),
        ({"kind": "merge", "groups": ["x", "-1", "²", "9" * 30]}, "Tick at least one group"),
        ({"kind": "explode", "groups": [1]}, "Say what to do"),
        ({"groups": [1]}, "Say what to do"),
        ({"kind": "merge", "groups": list(range(1001))}, "too many at once"),
        ({"kind": "merge", "all": "1", "query": "q=nobody"}, "Tick at least one group"),
    ],
)
def test_what_can_not_be_used(client: Client, fields: dict[str, Any], sentence: str) -> None:
    answer = client.post("/bulk/new/", fields)

    assert answer.status_code == 400
    assert sentence in text_of(answer)
    assert not BulkDecision.objects.exists()


def test_refusals(client: Client, desk: Desk) -> None:
    fields = {"kind": "merge", "groups": numbers()}
    assert client.get("/bulk/new/").status_code == 405
    assert somebody(Role.VIEWER).post("/bulk/new/", fields).status_code == 403
    assert stranger().post("/bulk/new/", fields).status_code == 400  # none of these is theirs
    assert Client().post("/bulk/new/", fields).url == "/login/?next=/groups/"
    assert not BulkDecision.objects.exists()
    assert client.post("/bulk/new/", fields, headers=HTMX)["HX-Redirect"] == address(latest())


def test_ten_thousand_and_more(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "MOST_GROUPS", 2)
    answer = client.post("/bulk/new/", {"kind": "merge", "all": "1"})

    assert "More groups match than can be decided at once" in text_of(client.get(answer.url))


# The summary


def test_in_spanish_a_question_has_both_its_signs(client: Client, olga: Membership) -> None:
    User.objects.update(language="es")
    page = shown(client, summary(Actor.member(olga), groups()))

    assert re.search(r"<h1>¿Fusionar .+\?</h1>", page)


def test_it_says_what_would_happen_and_names_what_is_set_aside(
    client: Client, olga: Membership
) -> None:
    amir = member(Role.OPERATOR, name="amir")
    claim(groups()[1], by=amir.user)
    bulk = summary(Actor.member(olga), groups())
    page = shown(client, bulk)

    assert "<h1>Merge 2 groups?</h1>" in page
    assert "with all of its members: 2 contacts disappear. A merge can&#x27;t be undone." in page
    assert "Each one waits 10 seconds before it is sent" in page
    # What can't be undone is listed first; what is set aside is said, and one click away.
    taken = client.get(address(bulk))
    assert [row.names for row in taken.context["rows"]] == [["Ana 0"], ["Ana 2"]]
    assert "nothing happens to them: 1 risky, 1 open by somebody else." in page
    aside = shown(client, bulk, "?fate=aside")
    assert "Risky: Consent differs. Look at it alone." in aside
    assert "amir has it open." in aside
    assert f'href="/groups/{groups()[3].pk}/"' in aside
    assert now(bulk).state == BulkState.DRAFT


@pytest.mark.parametrize("kind", BulkKind)
def test_it_says_how_sure_the_groups_are_that_it_is_about(
    desk: Desk, client: Client, olga: Membership, kind: BulkKind
) -> None:
    for name in ("Bea", "Cas"):
        mail = email(f"{name}@example.com")
        stored(desk, [[contact(f"{name} Gil", mail), contact(None, mail)]])
    bulk = summary(Actor.member(olga), groups(), kind)
    full = 3 if kind == BulkKind.MERGE else 4  # the opt-out is set aside from a merge alone

    answer = client.get(address(bulk))
    page = text_of(answer)
    assert f'<span class="grade grade-good">Names agree: <b class="nums">{full}</b></span>' in page
    assert '<span class="grade grade-line">A name missing or incomplete: <b class="nums">2<' in page
    assert "Names agree in part" not in page
    assert [row.grade[1] for row in answer.context["rows"]] == [
        *["Names agree"] * full,
        *["A name missing or incomplete"] * 2,
    ]
    assert page.count('<span class="grade grade-line">A name missing or incomplete</span>') == 2
    assert "Names agree: " not in text_of(client.get(address(bulk), headers=HTMX))


def test_a_group_that_was_merged_has_no_grade(desk: Desk, client: Client, olga: Membership) -> None:
    """How sure it was is of no use once it is asked for: its request says how it is."""
    bulk = begun(Actor.member(olga), groups()[:1])
    work(desk, bulk)

    assert [row.grade for row in client.get(address(bulk)).context["rows"]] == [("", "")]


def test_when_every_group_is_set_aside_nothing_is_asked(client: Client, olga: Membership) -> None:
    page = shown(client, summary(Actor.member(olga), [groups()[3]]))

    assert "<h1>Nothing to do: 1 set aside</h1>" in page
    assert "Every group is set aside, so there is nothing to do here." in page
    assert 'id="bulk-confirm"' not in page


@pytest.mark.parametrize(
    ("kind", "many", "one"),
    [
        (
            BulkKind.DISMISS,
            "They leave the queue, and come back only when",
            "It leaves the queue, and comes back only when its members",
        ),
        (
            BulkKind.SNOOZE,
            "They leave the queue until the day that you choose",
            "It leaves the queue until the day that you choose",
        ),
    ],
)
def test_what_is_put_aside_can_be_taken_back(
    client: Client, olga: Membership, kind: BulkKind, many: str, one: str
) -> None:
    page = shown(client, summary(Actor.member(olga), groups(), kind))

    assert many in page
    assert "you can take it back at any time" in page
    assert one in shown(client, summary(Actor.member(olga), groups()[:1], kind))


def test_a_day_is_chosen_beside_the_button_or_is_one(client: Client, olga: Membership) -> None:
    """The button of the day that is typed is the first: the Enter key presses that."""
    page = shown(client, summary(Actor.member(olga), groups(), BulkKind.SNOOZE))
    _before, _field, after = page.partition('name="until" id="id_until" value="" required>')

    assert after.split("</button>")[0].endswith('type="submit">Snooze 4 groups')
    assert after.index("Or with one click:") < after.index("formnovalidate>Tomorrow</button>")


def test_policy_is_said(client: Client, olga: Membership, settings: Any) -> None:
    bulk = summary(Actor.member(olga), groups())
    settings.MERGE_FOUR_EYES = "always"
    assert "wants a second person for every merge" in shown(client, bulk)
    settings.MERGE_FOUR_EYES, settings.MERGE_COOL_OFF_SECONDS = "risky", 0
    assert "The worker begins at once" in shown(client, bulk)


def test_nothing_to_do(client: Client, olga: Membership) -> None:
    page = shown(client, summary(Actor.member(olga), groups()[3:]))

    assert "Every group is set aside" in page
    assert "bulk-confirm" not in page


def test_a_summary_is_for_its_maker_alone(desk: Desk, olga: Membership) -> None:
    bulk = summary(Actor.member(olga), groups())

    for other in (somebody(Role.ADMIN), stranger()):
        assert other.get(address(bulk)).status_code == 404
        assert other.post(address(bulk, "confirm/")).status_code == 404
    assert bulk.state == BulkState.DRAFT


def test_confirm_once(client: Client, olga: Membership) -> None:
    bulk = summary(Actor.member(olga), groups())
    answer = client.post(address(bulk, "confirm/"), {"note": "same people"})

    assert (answer.status_code, answer.url) == (303, address(bulk))
    assert (now(bulk).state, now(bulk).note) == (BulkState.WORKING, "same people")
    again = client.post(address(bulk, "confirm/"), {"note": "same people"})
    assert again.status_code == 409
    assert "This has begun already." in text_of(again)


def test_a_day_for_all_of_them(client: Client, olga: Membership) -> None:
    bulk = summary(Actor.member(olga), groups(), BulkKind.SNOOZE)
    refused = client.post(address(bulk, "confirm/"), {"until": "", "note": "a story"})
    assert refused.status_code == 400
    assert "Choose the day" in text_of(refused)
    assert "a story</textarea>" in text_of(refused)
    late = client.post(address(bulk, "confirm/"), {"until": "2999-01-01"})
    assert "at most a year away" in text_of(late)
    assert 'value="2999-01-01"' in text_of(late)

    day = (timezone.now() + timedelta(days=7)).date().isoformat()
    assert client.post(address(bulk, "confirm/"), {"until": ["", day]}).status_code == 303
    until = now(bulk).until
    assert until is not None
    assert until.date().isoformat() == day


def test_what_was_typed_is_kept_for_after_the_sign_in(client: Client, olga: Membership) -> None:
    bulk = summary(Actor.member(olga), groups())
    client.logout()
    client.post(address(bulk, "confirm/"), {"note": "a story"})
    client.post("/login/", {"username": "olga", "password": "a long enough password"})

    assert "a story</textarea>" in shown(client, bulk)
