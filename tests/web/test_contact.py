"""Everything that is known about a contact id: where is it, where did it go?"""

from urllib.parse import quote

import pytest
from django.test import Client

from mergeui.accounts.models import Organization, Role
from mergeui.audit.actor import Actor
from mergeui.sandbox.faults import Fault
from tests.contacts import contact, segment, whatsapp
from tests.desk import Desk, member

pytestmark = pytest.mark.django_db

PHONE = whatsapp("+15550101")


@pytest.fixture(autouse=True)
def _no_cool_off(settings) -> None:
    settings.MERGE_COOL_OFF_SECONDS = 0


def signed_in(role: Role) -> Client:
    client = Client()
    client.force_login(member(role).user)
    return client


def test_a_contact_that_was_merged_away_is_found_with_its_snapshot() -> None:
    kept = contact("Ana García", PHONE)
    gone = contact("Ana", PHONE, segments=[segment("VIP")], created_at="2025-01-01T00:00:00Z")
    desk = Desk(kept, gone)
    desk.sync()
    request = desk.propose(Actor.member(member(Role.OPERATOR, name="olga")))
    desk.work()

    page = signed_in(Role.VIEWER).get(f"/contacts/{gone['id']}/").content.decode()

    assert "Merged away" in page
    assert f'<a href="/contacts/{kept["id"]}/"><bdi>Ana García' in page
    assert "Asked by <bdi>olga" in page
    assert f"/requests/{request.pk}/" in page
    assert "As it was before the merge" in page
    assert "VIP" in page
    page = signed_in(Role.VIEWER).get(f"/contacts/{kept['id']}/").content.decode()
    absorbed = page.partition("Merged into it")[2].partition("</ul>")[0]
    assert "<bdi>Ana</bdi>" in absorbed
    assert gone["id"] in absorbed


def test_a_contact_that_invent_merged_unasked_names_the_merge_that_took_it() -> None:
    """Not one that had asked for it before and did not get it; nobody asked this one for it."""
    desk = Desk(*(contact("Ana", PHONE) for _ in range(3)))
    desk.sync()
    kept, second, third = (m.contact_id for m in desk.group().members.all())
    operator = Actor.member(member(Role.OPERATOR, name="olga"))
    left = desk.propose(operator, primary_id=kept, source_ids=[second, third])
    desk.faults.next_merge(Fault.PARTIAL)  # the first of the two
    desk.work()
    fourth = contact("Ana", PHONE)
    desk.world.main.put(fourth)
    desk.sync()
    group = desk.group("open")
    more = desk.propose(operator, group, primary_id=kept, source_ids=[fourth["id"]])
    desk.faults.next_merge(Fault.MORE)
    desk.work()
    assert more.attempts.get().unasked == [third]

    page = signed_in(Role.VIEWER).get(f"/contacts/{third}/").content.decode()

    note, _, named = page.partition("Merged away")[2].partition("Groups and requests")
    assert "Asked by" not in note
    assert "Nobody asked for it" in note
    assert f"/requests/{more.pk}/" in note
    assert f"/requests/{left.pk}/" not in note
    assert f"/requests/{more.pk}/" in named
    assert f"/requests/{left.pk}/" in named
    page = signed_in(Role.VIEWER).get(f"/contacts/{fourth['id']}/").content.decode()
    assert "Asked by <bdi>olga" in page
    assert "Nobody asked for it" not in page


def test_a_contact_that_took_others_in_is_shown_as_it_is_since_then() -> None:
    kept = contact("Ana García", PHONE)
    desk = Desk(kept, contact("Ana", PHONE, segments=[segment("VIP")]))
    desk.sync()
    request = desk.propose(Actor.member(member(Role.OPERATOR)))
    client, here = signed_in(Role.VIEWER), f"/contacts/{kept['id']}/"

    before = client.get(here).content.decode()
    assert f"As it was when request {request.pk} was asked for" in before
    assert "VIP" not in before
    desk.work()
    after = client.get(here).content.decode()
    assert f"As Invent gave it back after request {request.pk}" in after
    assert "VIP" in after
    # Another sync read it in another group, newer than the merge.
    desk.world.main.put(contact("Ana García", PHONE))
    desk.sync()
    assert "As last read from Invent" in client.get(here).content.decode()


def test_a_contact_that_only_waits_in_the_queue() -> None:
    ana = contact("Ana García", PHONE)
    desk = Desk(ana, contact("Ana", PHONE))
    desk.sync()

    page = signed_in(Role.VIEWER).get(f"/contacts/{ana['id']}/").content.decode()

    assert "As last read from Invent" in page
    assert "No entry names this contact yet" in page


def test_what_nobody_knows_and_what_is_anothers_is_not_there() -> None:
    ana = contact("Ana García", PHONE)
    desk = Desk(ana, contact("Ana", PHONE))
    desk.sync()
    others = Organization.objects.create(name="Others", invent_org_id="org_others")
    stranger = Client()
    stranger.force_login(member(Role.ADMIN, others).user)

    assert signed_in(Role.VIEWER).get("/contacts/contact_nobody/").status_code == 404
    assert stranger.get(f"/contacts/{ana['id']}/").status_code == 404
    assert Client().get(f"/contacts/{ana['id']}/").status_code == 302


@pytest.mark.parametrize("odd", ["a%2Fb", "%3Cimg%3E", "..", "%F0%9F%8C%B8", "a%00b", "x" * 3000])
def test_an_odd_id_is_simply_not_there(odd: str) -> None:
    assert signed_in(Role.VIEWER).get(f"/contacts/{odd}/").status_code == 404
    assert signed_in(Role.VIEWER).get(f"/groups/1/raw/{odd}/").status_code == 404


@pytest.mark.parametrize("page", ["groups", "requests", "history", "sync"])
def test_a_number_that_no_database_holds_is_not_there(page: str) -> None:
    assert signed_in(Role.VIEWER).get(f"/{page}/{'9' * 40}/").status_code == 404


def test_a_chain_of_merges_leads_to_where_it_is_today() -> None:
    first, second, third = (
        contact("Ana", PHONE, created_at=f"202{n}-01-01T00:00:00Z") for n in (5, 4, 3)
    )
    desk = Desk(first, second, third)
    desk.sync()
    operator = Actor.member(member(Role.OPERATOR))
    desk.propose(operator, primary_id=second["id"], source_ids=[first["id"]])
    desk.work()
    desk.sync()
    desk.propose(operator, desk.group("open"), primary_id=third["id"], source_ids=[second["id"]])
    desk.work()

    page = signed_in(Role.VIEWER).get(f"/contacts/{first['id']}/").content.decode()

    assert f'Today it is: <a href="/contacts/{third["id"]}/">' in page


@pytest.mark.parametrize("odd", ["a\nb", "a\x01b", "\x7f", "a\u202eb", "..", "a/b", "?", "#"])
def test_an_id_that_no_merge_could_name_has_its_pages_all_the_same(odd: str) -> None:
    desk = Desk(contact("Ana", PHONE, id=odd), contact("Ana", PHONE))
    desk.sync()
    client, group, there = signed_in(Role.APPROVER), desk.group().pk, quote(odd, safe="")

    for page in ("/groups/", f"/groups/{group}/", f"/groups/{group}/raw/{there}/"):
        assert client.get(page).status_code == 200
    assert "Ana" in client.get(f"/contacts/{there}/").content.decode()
