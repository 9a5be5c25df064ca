"""A person asks to be forgotten: after a whole story nothing is left, and all still works."""

import io
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client

from mergeui.accounts.models import Membership, Role
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.models import Entry, Payload
from mergeui.audit.verify import verify
from mergeui.errors import Invalid, NotAllowed
from mergeui.merging.bulk.wishes import confirm, take_back
from mergeui.merging.erasure import erase_person, extent, same_person
from mergeui.merging.models import MergeRequest
from mergeui.merging.personal import COLUMNS, Way
from mergeui.review.models import Group, GroupState, Member
from tests.contacts import contact, whatsapp
from tests.desk import Desk, actor
from tests.merging.bulk import summary
from tests.merging.stage import anas, approved, past
from tests.test_nothing_leaks import SEEDED, Story, columns, log, story, told
from tests.web.cast import client_of, proved, somebody, stranger, text_of

__all__ = ["log", "story"]

pytestmark = pytest.mark.django_db


def paula() -> Membership:
    return Membership.objects.get(user__username="paula")


def left() -> set[str]:
    """The columns that still hold something of these people, but for what people have typed."""
    short = {column for column, way in COLUMNS.items() if way is Way.SHORT}
    return {column for column, text in columns() if told(text, SEEDED)} - short


def test_nothing_is_left_and_everything_works(story: Story) -> None:
    assert len(left()) > 15
    by = Actor.member(paula())
    for one in ("0", "3", "5"):
        ids = same_person(story.desk.organization, story.people[int(one)]["id"])
        others = [m["id"] for m in story.people]
        erase_person([*ids, *others], by_user=by, note="asked by letter")

    assert left() == set()
    assert verify().broken is None
    assert Entry.objects.filter(action=Action.PAYLOAD_ERASED).count() == 3
    client = client_of(paula())
    request = MergeRequest.objects.get()
    for address in (
        "/groups/?state=all", "/requests/?view=all", "/history/", f"/requests/{request.pk}/",
        *(f"/groups/{pk}/" for pk in Group.objects.values_list("pk", flat=True)),
        *(f"/history/{number}/" for number in Entry.objects.values_list("number", flat=True)),
        *(f"/contacts/{person['id']}/" for person in story.people),
    ):  # fmt: skip
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert told(text_of(answer), SEEDED) == [], address
    # What happened is still told, by ids.
    assert story.people[1]["id"] in text_of(client.get(f"/requests/{request.pk}/"))


def test_the_filter_and_the_note_of_a_bulk_decision_go_too() -> None:
    desk = anas(2)
    olga = actor(Role.OPERATOR)
    bulk = summary(olga, [desk.group()], query="q=Ana")
    confirm(bulk, by_user=olga, note="Ana asked for it")
    asked = Entry.objects.get(action=Action.BULK_REQUESTED)
    assert asked.personal == {"filters": "q=Ana", "note": "Ana asked for it"}
    take_back(bulk, by_user=olga)
    desk.work()

    erase_person([desk.group().primary_contact_id], by_user=actor(Role.ADMIN))

    asked.refresh_from_db()
    assert Entry.objects.get(pk=asked.pk).is_erased
    assert not Payload.objects.filter(data_text__icontains="Ana").exists()
    assert verify().broken is None


def test_all_that_was_merged_is_the_same_person() -> None:
    desk = anas(3)
    request = approved(desk)
    past(request, execute_after=1)
    desk.work()
    ids = {request.primary_contact_id, *request.sources.values_list("contact_id", flat=True)}
    for one in ids:
        found = same_person(desk.organization, one)
        assert (found[0], set(found)) == (one, ids)
    assert same_person(desk.organization, "nobody") == ("nobody",)


def test_not_while_a_merge_is_under_way() -> None:
    desk = anas(2)
    request = approved(desk)
    with pytest.raises(Invalid, match=f"request {request.pk}, which is not finished"):
        erase_person([request.primary_contact_id], by_user=actor(Role.ADMIN))
    assert extent(desk.organization, [request.primary_contact_id]).requests == 1


@pytest.mark.django_db(transaction=True)
def test_nor_while_one_is_being_asked_for() -> None:
    """Who asks first is seen, although it is not committed when the erasure begins."""
    desk = anas(2)
    one, paula = desk.group().primary_contact_id, actor(Role.ADMIN)
    asked = threading.Event()

    def ask() -> None:
        with transaction.atomic():
            desk.propose(actor(Role.OPERATOR))
            asked.set()
            time.sleep(0.5)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask)
        assert asked.wait(30)
        with pytest.raises(Invalid, match="which is not finished"):
            erase_person([one], by_user=paula)
        asking.result()

    assert MergeRequest.objects.get().primary_name == "Ana García"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.APPROVER])
def test_who_may_not(role: Role) -> None:
    desk = anas(2)
    one = desk.group().primary_contact_id
    with pytest.raises(NotAllowed):
        erase_person([one], by_user=actor(role))
    assert somebody(role).get(f"/erase/?contact={one}").status_code == 403


def test_nobody_and_strangers() -> None:
    desk = anas(2)
    with pytest.raises(Invalid, match="at least one"):
        erase_person([], by_user=actor(Role.ADMIN))
    with pytest.raises(Invalid, match="knows nothing"):
        erase_person(["nobody"], by_user=actor(Role.ADMIN))
    page = text_of(stranger().get(f"/erase/?contact={desk.group().primary_contact_id}"))
    assert "The desk knows nothing of this contact." in page


@pytest.fixture
def desk() -> Desk:
    return anas(2)


def test_pages_of_what_was_erased_say_so_and_state_nothing(desk: Desk) -> None:
    request = approved(desk)
    past(request, execute_after=1)
    desk.work()
    kept, client = request.primary_contact_id, somebody(Role.ADMIN)
    ids = same_person(desk.organization, kept)
    pages = [f"/contacts/{one}/" for one in ids] + [f"/requests/{request.pk}/"]
    for address in pages:
        page = text_of(client.get(address))
        assert "The data were erased." not in page
        assert "Receives messages" in page

    erase_person(ids, by_user=actor(Role.ADMIN))
    for address in pages:
        page = text_of(client.get(address))
        assert "The data were erased." in page, address
        for said in ("Receives messages", "As it was before", "As Invent gave", "Expected then:",
                     "Find duplicates", "The history keeps what they were"):  # fmt: skip
            assert said not in page, (address, said)
    assert all(one in text_of(client.get(pages[-1])) for one in ids)


def test_of_others_in_the_same_request_is_shown_what_is_left(desk: Desk) -> None:
    request = approved(desk)
    past(request, execute_after=1)
    desk.work()
    desk.world.main.put(contact("Ana", whatsapp("+15550101")))
    desk.sync()
    source = request.sources.get().contact_id
    erase_person([source], by_user=actor(Role.ADMIN))

    page = text_of(somebody(Role.ADMIN).get(f"/contacts/{request.primary_contact_id}/"))
    assert "As last read from Invent" in page
    assert "The data were erased." not in page


def test_by_the_page_with_the_id_typed(desk: Desk) -> None:
    group = desk.group()
    one = group.primary_contact_id
    client = proved(somebody(Role.ADMIN))
    assert "Erase this person…" in text_of(client.get(f"/contacts/{one}/"))
    assert "Erase this person…" not in text_of(somebody().get(f"/contacts/{one}/"))
    page = text_of(client.get("/erase/", {"contact": one}))
    assert "1 group forgets what was read" in page
    assert "0 " not in page[page.index("What goes") :]
    fields = {"contact": one, "contacts": [one], "note": "asked by letter"}

    refused = client.post("/erase/confirm/", {**fields, "confirm": "something else"})
    assert refused.status_code == 400
    assert "nothing was erased" in text_of(refused)
    assert "asked by letter" in text_of(refused)

    answer = client.post("/erase/confirm/", {**fields, "confirm": one})
    entry = Entry.objects.get(action=Action.PAYLOAD_ERASED)
    assert (answer.status_code, answer["Location"]) == (303, f"/history/{entry.number}/")
    assert entry.facts["contacts"] == [one]
    group.refresh_from_db()
    assert group.state == GroupState.VANISHED
    assert one in group.names
    assert "asked by letter" in text_of(client.get(answer["Location"]))


def test_the_page_names_whom_it_erases(desk: Desk) -> None:
    client, one = somebody(Role.ADMIN), desk.group().primary_contact_id
    page = text_of(client.get("/erase/", {"contact": one}))
    assert f'<a href="/contacts/{one}/"><bdi>Ana García</bdi></a>' in page
    assert f'<input type="hidden" name="contacts" value="{one}">' in page
    assert "were merged with it" not in page

    request = approved(desk)
    past(request, execute_after=1)
    desk.work()
    Member.objects.all().delete()  # the names of the request are left
    page = text_of(client.get("/erase/", {"contact": one}))
    assert "These were merged with it. Tick those that are the same person." in page
    for each in same_person(desk.organization, one):
        assert f'<a href="/contacts/{each}/"><bdi>Ana García</bdi></a>' in page


def test_who_was_merged_with_a_person_is_not_erased_with_them_unless_ticked() -> None:
    """A merge may have been wrong: who did not ask to be forgotten is not taken for who did."""
    desk = anas(3)
    request = approved(desk)
    past(request, execute_after=1)
    desk.work()
    one = request.primary_contact_id
    second, third = request.sources.values_list("contact_id", flat=True)
    client = proved(somebody(Role.ADMIN))

    page = text_of(client.get("/erase/", {"contact": one}))
    form = page.partition('id="what"')[2]
    assert f'<input type="hidden" name="contacts" value="{one}">' in form
    for other in (second, third):
        assert f'<input type="checkbox" name="contacts" value="{other}">' in form
    assert "It confirms the contact above and every other one that is ticked." in form
    assert "What is kept of others that you tick goes as well." in form

    fields = {"contact": one, "contacts": [one, second], "confirm": "something else"}
    form = text_of(client.post("/erase/confirm/", fields))
    assert f'name="contacts" value="{second}" checked>' in form
    assert f'name="contacts" value="{third}">' in form
    client.post("/erase/confirm/", {**fields, "confirm": one})
    entry = Entry.objects.get(action=Action.PAYLOAD_ERASED)
    assert set(entry.facts["contacts"]) == {one, second}


def test_the_page_counts_what_goes_of_whom_it_erases(desk: Desk) -> None:
    """Not what is kept of others, who were merged with the person by another merge."""
    request = approved(desk)
    past(request, execute_after=1)
    desk.work()
    kept, gone = request.primary_contact_id, request.sources.get().contact_id
    desk.world.main.put(contact("Ana", whatsapp("+15550101")))
    desk.sync()
    client = somebody(Role.ADMIN)

    assert "2 groups forget" in text_of(client.get("/erase/", {"contact": kept}))
    assert "1 group forgets" in text_of(client.get("/erase/", {"contact": gone}))


def test_the_page_says_first_what_forbids_it(desk: Desk) -> None:
    request = approved(desk)
    one, client = request.primary_contact_id, proved(somebody(Role.ADMIN))
    sentence = f"belongs to request {request.pk}, which is not finished"
    page = text_of(client.get("/erase/", {"contact": one}))
    assert sentence in page
    assert f'href="/requests/{request.pk}/"' in page

    fields = {"contact": one, "contacts": [one], "confirm": one}
    answer = client.post("/erase/confirm/", fields)
    assert (answer.status_code, text_of(answer).count(sentence)) == (400, 1)
    assert Entry.objects.latest("number").facts["reason"] == "invalid"


def test_the_page_takes_a_fresh_proof_and_keeps_what_was_typed(desk: Desk) -> None:
    one = desk.group().primary_contact_id
    client = somebody(Role.ADMIN)
    fields = {"contact": one, "contacts": [one], "note": "by letter", "confirm": one}
    answer = client.post("/erase/confirm/", fields)
    assert answer["Location"] == "/account/again/?next=%2Ferase%2F"
    assert not Entry.objects.filter(action=Action.PAYLOAD_ERASED).exists()

    page = text_of(proved(client).get("/erase/"))
    assert f'name="contact" value="{one}"' in page
    assert "by letter" in page
    assert client.post("/erase/confirm/", fields).status_code == 303


def test_the_page_before_anything_is_asked(desk: Desk) -> None:
    page = text_of(somebody(Role.ADMIN).get("/erase/"))
    assert "See what is kept" in page
    assert "Erase for good" not in page
    assert Client().get("/erase/").status_code == 302


def test_by_command(desk: Desk) -> None:
    one = desk.group().primary_contact_id
    out = io.StringIO()
    with pytest.raises(CommandError, match="Add --confirm"):
        call_command("erase", one, stdout=out)
    assert out.getvalue() == f"'{one}'. Entries: 0, merge requests: 0, groups: 1.\n"
    assert not Entry.objects.filter(action=Action.PAYLOAD_ERASED).exists()
    out = io.StringIO()
    call_command("erase", one, "--alone", "--confirm", "--note", "asked", stdout=out)
    assert "Erased, as entry" in out.getvalue()
    assert Entry.objects.get(action=Action.PAYLOAD_ERASED).actor_role == "system"


def test_by_command_what_can_not_be_done(desk: Desk) -> None:
    with pytest.raises(CommandError, match="knows nothing"):
        call_command("erase", "nobody")
    with pytest.raises(CommandError, match="no organisation"):
        call_command("erase", "x", "--organization", "org_x")
    request = approved(desk)
    with pytest.raises(CommandError, match="not finished"):
        call_command("erase", request.primary_contact_id, "--confirm", stdout=io.StringIO())
    with pytest.raises(CommandError, match="--confirm"):
        call_command("erase", request.primary_contact_id, "--organization",
                     desk.organization.invent_org_id, stdout=io.StringIO())  # fmt: skip
