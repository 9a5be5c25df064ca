"""Working off what waits: the lists, what changed since, and on to the next one."""

import re
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from mergeui.accounts.models import Membership, Role
from mergeui.audit.actor import Actor
from mergeui.merging.approval import cancel, expire, reject
from mergeui.merging.models import MergeRequest, Notice, RequestState
from mergeui.review.models import Group
from tests.contacts import contact, whatsapp
from tests.desk import Desk, member, past
from tests.web.cast import HTMX, client_of, somebody, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    """Ana, Bea and Cleo, each twice, one of the two unsubscribed."""
    people = [(name, whatsapp(f"+1555010{n}")) for n, name in enumerate(["Ana", "Bea", "Cleo"])]
    desk = Desk(
        *[contact(f"{name} One", phone) for name, phone in people],
        *[contact(f"{name} One", phone, unsubscribed=True) for name, phone in people],
    )
    desk.sync()
    return desk


@pytest.fixture
def olga(desk: Desk) -> Membership:
    return member(Role.OPERATOR, name="olga")


@pytest.fixture
def paula(desk: Desk) -> Membership:
    return member(Role.APPROVER, name="paula")


@pytest.fixture
def asked(desk: Desk, olga: Membership) -> list[MergeRequest]:
    """A request for each group, in the order of the names."""
    groups = Group.objects.order_by("sort_name")
    return [desk.propose(Actor.member(olga), group) for group in groups]


def page_of(who: Membership, address: str) -> str:
    return text_of(client_of(who).get(address))


def test_what_waits_is_listed_oldest_first_with_reason_and_expiry(
    asked: list[MergeRequest], paula: Membership
) -> None:
    MergeRequest.objects.filter(pk=asked[1].pk).update(
        expires_at=F("expires_at") - timedelta(days=6, hours=20)
    )

    page = page_of(paula, "/requests/")

    assert page.index("Ana One</bdi></a>") < page.index("Bea One</bdi></a>")
    assert "Ana One (2) unsubscribed; Ana One (1) still receives messages." in page
    assert page.count(">Expires in 7 days</span>") == 2
    assert re.search(r'<span class="mark mark-bad" title="[^"]+">Expires in 4 hours</span>', page)


def test_a_decision_leads_to_the_next_that_waits(
    asked: list[MergeRequest], paula: Membership
) -> None:
    client = client_of(paula)
    first, second, third = (f"/requests/{request.pk}/" for request in asked)
    assert f'href="{third}" data-key="n"' in text_of(client.get(second))

    answer = client.post(f"{second}approve/")
    assert (answer.status_code, answer.headers["Location"]) == (303, third)
    bar = text_of(client.get(third)).partition('id="lately"')[2].partition("</form>")[0]
    assert "Merging in" in bar
    assert f'<bdi>Bea One</bdi>. <a href="{second}">' in bar

    answer = client.post(f"{third}reject/", {"note": "two people"}, headers=HTMX)
    assert answer.headers["HX-Redirect"] == first

    answer = client.post(f"{first}approve/")
    assert answer.headers["Location"] == first
    assert "Approved. No other request waits for your approval." in text_of(client.get(first))


def test_an_approval_is_taken_back_from_the_next_page(
    asked: list[MergeRequest], paula: Membership
) -> None:
    client, group = client_of(paula), asked[0].group
    client.post(f"/requests/{asked[0].pk}/approve/")
    assert f'name="group" value="{group.pk}"' in text_of(client.get("/requests/"))

    assert somebody(Role.APPROVER).post("/undo/", {"group": group.pk}).status_code == 409
    answer = client.post("/undo/", {"group": group.pk})

    assert answer.headers["Location"] == f"/requests/{asked[0].pk}/"
    asked[0].refresh_from_db()
    assert asked[0].state == RequestState.CANCELLED
    page = text_of(client.get(answer.headers["Location"]))
    assert "Taken back: <bdi>" in page
    assert f'name="group" value="{group.pk}"' not in page


def test_own_and_late_requests_are_not_next(
    desk: Desk, asked: list[MergeRequest], paula: Membership
) -> None:
    past(asked[2], expires_at=1)
    cancel(asked[1], by_user=Actor.member(paula))
    desk.propose(Actor.member(paula), asked[1].group)

    answer = client_of(paula).post(f"/requests/{asked[0].pk}/approve/")

    assert answer.headers["Location"] == f"/requests/{asked[0].pk}/"


def test_nothing_read_since_then_nothing_changed_then_what_changed(
    desk: Desk, asked: list[MergeRequest], paula: Membership
) -> None:
    address = f"/requests/{asked[0].pk}/"
    assert "Nothing has been read from Invent since olga asked." in page_of(paula, address)

    desk.sync()
    assert "Nothing has changed since olga asked, as read from Invent just now." in page_of(
        paula, address
    )

    ids = [asked[0].primary_contact_id, asked[0].sources.get().contact_id]
    desk.world.change(ids[0], name="Somebody Else")
    desk.sync()
    page = page_of(paula, address)
    assert "Changed since olga asked" in page
    assert "Name was Ana One and is now Somebody Else." in page
    assert "Merge 1 contact into <bdi>Ana One" in page

    desk.world.change(ids[0], channels=[])
    Group.objects.get(pk=asked[0].group_id).members.filter(contact_id=ids[0]).delete()
    assert "Ana One is no longer in this group." in page_of(paula, address)


def test_who_was_left_out_is_named(desk: Desk, olga: Membership, paula: Membership) -> None:
    phone = whatsapp("+15550199")
    crowd = Desk(*[contact(f"Dora {n}", phone, id=f"dora{n:02}") for n in range(9)])
    crowd.sync()
    group = Group.objects.latest("pk")
    ids = [m.contact_id for m in group.members.all()]
    request = crowd.propose(
        Actor.member(olga), group, primary_id=ids[0], source_ids=ids[1:2], acknowledged=True
    )
    MergeRequest.objects.filter(pk=request.pk).update(state=RequestState.PROPOSED)

    page = page_of(paula, f"/requests/{request.pk}/")

    names = ", ".join(f"Dora {n}" for n in range(2, 8))
    assert f"In the group, but not part of this merge: {names} and 1 more." in page


def test_a_decided_request_says_nothing_of_changes(
    asked: list[MergeRequest], paula: Membership
) -> None:
    reject(asked[0], by_user=Actor.member(paula), note="two people")

    page = page_of(paula, f"/requests/{asked[0].pk}/")

    assert 'id="since"' not in page
    assert "Approve this merge" not in page


def test_a_rejection_goes_back_to_whoever_asked(
    asked: list[MergeRequest], olga: Membership, paula: Membership
) -> None:
    reject(asked[1], by_user=Actor.member(paula), note="Two\nsisters <b>")
    client = client_of(olga)

    page = text_of(client.get("/requests/"))
    assert "paula rejected what you asked for" in page
    assert page.index("Two sisters &lt;b&gt;") < page.index('id="results"')
    assert '1<span class="unseen"> for you' in page
    listed = page.partition('id="results"')[2]
    assert "paula rejected this merge: Two" in listed

    answer = client.post("/notices/read/", {"notice": Notice.objects.get().pk}, headers=HTMX)
    assert 'id="for-you-count" hx-swap-oob="true"' in text_of(answer)
    assert "badge" not in text_of(answer)
    other = client_of(paula).post("/notices/read/", {"notice": "1"}, headers=HTMX)
    assert '2<span class="unseen"> for you' in text_of(other)
    assert "rejected what you asked for" not in text_of(client.get("/requests/"))


def test_mentions_and_rejections_stand_together_and_are_read_at_once(
    desk: Desk, asked: list[MergeRequest], olga: Membership, paula: Membership
) -> None:
    reject(asked[0], by_user=Actor.member(paula), note="no")
    paulas = client_of(paula)
    paulas.post(f"/groups/{asked[1].group_id}/note/", {"words": "@olga which one?"})
    paulas.post(f"/requests/{asked[2].pk}/note/", {"words": f"@olga {'long ' * 100}"})
    Notice.objects.filter(request=None).update(entry=None)  # as if its entry were not there
    client = client_of(olga)

    page = text_of(client.get("/requests/?view=all"))
    assert page.count("mentioned you") == 4  # each with its button's name
    assert f'href="/groups/{asked[1].group_id}/#notes"' in page
    assert f'href="/requests/{asked[2].pk}/#notes"' in page
    assert "long long…" in page or "long lon…" in page or "long lo…" in page
    assert "The text was erased." in page
    assert "I have read all of it" in page

    answer = client.post("/notices/read/", {"notice": "all", "page": "/requests/?view=all"})
    assert answer.headers["Location"] == "/requests/?view=all"
    assert "mentioned you" not in text_of(client.get("/requests/?view=all"))


def test_what_was_typed_against_a_decision_of_a_moment_ago_is_shown(
    asked: list[MergeRequest], paula: Membership
) -> None:
    reject(asked[0], by_user=Actor.member(paula), note="two people")

    answer = somebody(Role.APPROVER).post(
        f"/requests/{asked[0].pk}/reject/", {"note": "A long reason"}
    )

    assert answer.status_code == 409
    assert '<pre dir="auto">A long reason</pre>' in text_of(answer)


def test_whoever_asked_is_told_of_what_nobody_approved(
    asked: list[MergeRequest], olga: Membership
) -> None:
    past(asked[0], expires_at=1)
    expire(now=timezone.now())

    page = page_of(olga, "/requests/")
    assert "A merge that you asked for expired" in page
    assert "Nobody approved it in time. Nothing was sent to Invent." in page


def test_what_needs_a_person_is_brought_to_those_who_may_settle_it(
    asked: list[MergeRequest], olga: Membership, paula: Membership
) -> None:
    words = "1 merge needs a person: the desk can&#x27;t find out what became of it."
    MergeRequest.objects.update(state=RequestState.MERGED, needs_approval=False)
    page = page_of(paula, "/requests/")
    assert "needs a person:" not in page
    assert "badge" not in page
    MergeRequest.objects.filter(pk=asked[0].pk).update(state=RequestState.CONFLICT)

    page = page_of(paula, "/requests/")

    assert words in page
    assert '<a class="button button-small" href="?view=person">' in page
    assert '1<span class="unseen"> for you' in page
    assert words not in page_of(paula, "/requests/?view=person")
    page = page_of(olga, "/requests/")
    assert words not in page
    assert "badge" not in page


def test_who_asked_settles_it_too_but_does_not_approve_their_own(
    asked: list[MergeRequest], olga: Membership
) -> None:
    olga.role = Role.APPROVER
    olga.save()
    assert "badge" not in page_of(olga, "/history/")

    conflict = {"state": RequestState.CONFLICT, "needs_approval": False}
    MergeRequest.objects.filter(pk=asked[0].pk).update(**conflict)

    assert '1<span class="unseen"> for you' in page_of(olga, "/history/")


def test_a_fixed_number_of_queries(
    asked: list[MergeRequest], paula: Membership, django_assert_num_queries
) -> None:
    client = client_of(paula)
    with django_assert_num_queries(8):
        client.get("/requests/")
    with django_assert_num_queries(14):
        client.get(f"/requests/{asked[0].pk}/")
    MergeRequest.objects.exclude(pk=asked[0].pk).update(expires_at=timezone.now())
    with django_assert_num_queries(8):
        client.get("/requests/")
