"""Somebody in two organisations: they see one at a time, change to the other, and are told where
a thing of the other one is."""

import pytest
from django.test import Client

from mergeui.accounts.models import Membership, Organization, Role
from mergeui.audit.models import Entry
from mergeui.review.models import Group
from mergeui.review.sync import request_sync, sync
from mergeui.web import organizations
from tests.contacts import contact, whatsapp
from tests.desk import Desk, member
from tests.web.cast import client_of, somebody, stranger, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def both(others: Organization) -> Membership:
    """An operator here who is a viewer of the others."""
    here = member(Role.OPERATOR)
    Membership.objects.create(user=here.user, organization=others, role=Role.VIEWER)
    return here


@pytest.fixture
def ours() -> Group:
    desk = Desk(contact("Ana", whatsapp("+15550101")), contact("Ana", whatsapp("+15550101")))
    desk.sync()
    return desk.group()


@pytest.fixture
def theirs(others: Organization) -> Group:
    desk = Desk(contact("Boris", whatsapp("+15550102")), contact("Boris", whatsapp("+15550102")))
    desk.organization = others
    sync(request_sync(others, by_user=desk.system), client=desk.client, by_user=desk.system)
    return desk.group()


def change_to(browser: Client, organization: Organization, **fields: str) -> str:
    answer = browser.post("/switch/", {"organization": organization.pk, **fields})
    assert answer.status_code == 303
    return answer["Location"]


def test_whoever_has_one_organisation_is_offered_no_switch() -> None:
    assert 'popovertarget="organizations"' not in text_of(somebody().get("/groups/"))


def test_each_sees_one_organisation_at_a_time(
    both: Membership, others: Organization, ours: Group, theirs: Group
) -> None:
    browser = client_of(both)
    page = text_of(browser.get("/groups/"))
    assert "Ana" in page
    assert "Boris" not in page
    assert "Hats &amp; &lt;Sons&gt;" in page  # in the switch, as words

    assert change_to(browser, others) == "/groups/"
    page = text_of(browser.get("/groups/"))
    assert "You are in Hats &amp; &lt;Sons&gt; now." in page
    assert "Boris" in page
    assert "Ana" not in page


def test_it_is_remembered_and_the_role_is_that_of_the_organisation(
    both: Membership, others: Organization, theirs: Group
) -> None:
    change_to(client_of(both), others)

    elsewhere = client_of(both)  # such as on another day, at another desk
    assert elsewhere.get(f"/groups/{theirs.pk}/").status_code == 200
    assert elsewhere.post(f"/groups/{theirs.pk}/dismiss/").status_code == 403


def test_it_goes_on_where_it_was_asked_to(
    both: Membership, others: Organization, theirs: Group
) -> None:
    where = f"/groups/{theirs.pk}/"
    assert change_to(client_of(both), others, next=where) == where


@pytest.mark.parametrize("bad", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_it_never_leaves_the_desk(both: Membership, others: Organization, bad: str) -> None:
    assert change_to(client_of(both), others, next=bad) == "/groups/"


def test_somebody_elses_organisation_is_not_there(others: Organization) -> None:
    for number in (str(others.pk), "0", "", "x"):
        assert somebody().post("/switch/", {"organization": number}).status_code == 404


def test_an_address_of_the_other_offers_the_way_there(both: Membership, theirs: Group) -> None:
    answer = client_of(both).get(f"/groups/{theirs.pk}/?x=1")

    assert answer.status_code == 404
    page = text_of(answer)
    assert "This belongs to Hats &amp; &lt;Sons&gt;" in page
    assert f'name="next" value="/groups/{theirs.pk}/?x=1"' in page
    assert "Boris" not in page


def test_a_contact_of_the_other_offers_the_way_there(both: Membership, theirs: Group) -> None:
    answer = client_of(both).get(f"/contacts/{theirs.primary_contact_id}/")
    assert (answer.status_code, "This belongs to" in text_of(answer)) == (404, True)


def test_what_was_typed_waits_in_the_other(
    both: Membership, others: Organization, theirs: Group
) -> None:
    Membership.objects.filter(organization=others).update(role=Role.OPERATOR)
    browser = client_of(both)
    answer = browser.post(f"/groups/{theirs.pk}/note/", {"words": "They share a phone."})
    assert answer.status_code == 404

    to = change_to(browser, others, next=f"/groups/{theirs.pk}/")
    assert "They share a phone." in text_of(browser.get(to))


def test_a_stranger_is_told_nothing(ours: Group) -> None:
    page = text_of(stranger().get(f"/groups/{ours.pk}/"))
    assert "This belongs to" not in page


def test_what_was_put_together_by_hand_stays_behind(both: Membership, others: Organization) -> None:
    browser = client_of(both)
    session = browser.session
    session["basket"] = []
    session.save()

    change_to(browser, others)
    assert "basket" not in browser.session


def test_the_queue_takes_no_query_more(
    both: Membership, ours: Group, django_assert_num_queries
) -> None:
    browser = client_of(both)
    browser.get("/groups/")
    with django_assert_num_queries(7):
        browser.get("/groups/")


def test_the_history_of_the_other_is_named_too(both: Membership, theirs: Group) -> None:
    entry = Entry.objects.filter(organization=theirs.organization).latest("number")
    assert "This belongs to" in text_of(client_of(both).get(f"/history/{entry.number}/"))


def test_every_thing_of_an_address_is_one_of_an_organisation() -> None:
    for model in organizations.THINGS.values():
        assert model._meta.get_field("organization")
