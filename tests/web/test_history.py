"""The history page, one entry, the export."""

import json
from datetime import UTC, datetime
from unittest import mock

import pytest
from django.test import Client
from django.utils import timezone

from mergeui.accounts.models import Membership, Role, User
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.erase import erase
from mergeui.audit.log import record_alone
from mergeui.audit.models import Entry
from mergeui.merging.approval import approve
from mergeui.review.decisions import dismiss
from tests.contacts import contact, email, whatsapp
from tests.desk import Desk, member
from tests.web.cast import HTMX, client_of, somebody, stranger, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    shared = email("ana@example.com")
    desk = Desk(
        contact("Ana <b>García</b>", shared, whatsapp("+34600111222")), contact("Ana", shared)
    )
    desk.sync()
    return desk


@pytest.fixture
def olga(desk: Desk) -> Membership:
    olga = member(Role.OPERATOR, name="olga")
    desk.propose(Actor.member(olga), note="=HYPERLINK(1)")
    return olga


def sentences(client: Client, query: str = "") -> list[str]:
    days = client.get(f"/history/{query}").context["days"]
    return [row.sentence for _, rows in days for row in rows]


def test_newest_first_by_day(olga: Membership) -> None:
    answer = client_of(olga).get("/history/")
    page = text_of(answer)

    found = sentences(client_of(olga))
    assert found[-1].startswith("The system refreshed the groups")
    assert any("lga asked to merge Ana into" in sentence for sentence in found)
    assert "&lt;b&gt;García" in page
    assert f"{timezone.now().day} {timezone.now():%B %Y}" in page
    assert ">Request " in page


@pytest.mark.parametrize(
    "query",
    [
        "?q=ana", "?q=ana@example.com", "?q=%2B34+600+111+222", "?email=ANA@example.com",
        "?phone=600111222", "?name=garcia", "?action=merge_requested",
        "?q=Ana&action=merge_requested",
    ],
)  # fmt: skip
def test_found_by(olga: Membership, query: str) -> None:
    found = sentences(client_of(olga), query)

    assert any("asked to merge" in sentence for sentence in found)
    assert not any("refreshed" in sentence for sentence in found)


def test_found_by_contact_request_operator_and_day(desk: Desk, olga: Membership) -> None:
    client = client_of(olga)
    request = Entry.objects.get(action=Action.MERGE_REQUESTED).request_pk
    today = timezone.now().date().isoformat()

    for query in (
        f"?contact={desk.group().primary_contact_id}",
        f"?q={desk.group().primary_contact_id}",
        f"?q=request+{request}",
        f"?operator={olga.user_id}",
        f"?day={today}",
    ):
        assert any("asked to merge" in sentence for sentence in sentences(client, query)), query
    assert sentences(client, "?day=2020-01-01") == []


def test_a_group_put_aside_is_found_by_what_its_contacts_are_called(desk: Desk) -> None:
    olga = member(Role.OPERATOR, name="olga")
    dismiss(desk.group(), by_user=Actor.member(olga))

    (sentence,) = sentences(client_of(olga), "?q=garc%C3%ADa")
    assert sentence.startswith("Olga marked group ")
    assert "(Ana <b>García</b>, Ana) as not a duplicate." in sentence


def test_a_merge_is_found_by_who_asked_for_it_and_who_approved_it(desk: Desk, settings) -> None:
    settings.MERGE_FOUR_EYES, settings.MERGE_COOL_OFF_SECONDS = "always", 0
    olga, paul = member(Role.OPERATOR, name="olga"), member(Role.APPROVER, name="paul")
    approve(desk.propose(Actor.member(olga)), by_user=Actor.member(paul))
    desk.work()
    client = client_of(member(Role.VIEWER))

    for person in (olga, paul):
        (sentence,) = sentences(client, f"?operator={person.user_id}&action=merge_completed")
        assert sentence.startswith("Merged Ana into Ana")
        assert ", asked for by olga, approved by paul (request " in sentence
    assert sentences(client, f"?operator={olga.user_id}&action=merge_partial") == []
    nobody = member(Role.OPERATOR).user_id
    assert sentences(client, f"?operator={nobody}&action=merge_completed") == []


def test_an_id_leads_to_what_is_known_of_the_contact(desk: Desk, olga: Membership) -> None:
    client, kept = client_of(olga), desk.group().primary_contact_id
    there = f'href="/contacts/{kept}/"'

    for query in (f"?q={kept}", f"?contact={kept}"):
        page = text_of(client.get(f"/history/{query}"))
        assert f"Where is this contact now? <a {there}>" in page
    assert "Where is this contact now?" not in text_of(client.get("/history/?q=ana"))
    assert "Where is this contact now?" not in text_of(client.get("/history/?contact=nobody"))
    entry = Entry.objects.get(action=Action.MERGE_REQUESTED).number
    assert f"<a {there}><code>{kept}</code></a>" in text_of(client.get(f"/history/{entry}/"))


def test_a_day_is_the_readers_in_the_file_too(olga: Membership) -> None:
    User.objects.filter(pk=olga.user_id).update(time_zone="America/Los_Angeles")
    for hour in (2, 6, 9, 20):  # the first two are the evening of the day before in Los Angeles
        at = datetime(2027, 11, 10, hour, tzinfo=UTC)
        with mock.patch("mergeui.audit.log.timezone.now", return_value=at):
            record_alone(Action.SYNCED, by_user=Actor.system(olga.organization))
    client, query = client_of(olga), "day=2027-11-10&action=synced"

    page = client.get(f"/history/?{query}")
    shown = [row.name for _day, rows in page.context["days"] for row in rows]
    file = client.get(f"/history/export/?format=jsonl&{query}").getvalue().decode()
    assert len(shown) == 2
    assert [f"Entry {json.loads(line)['number']}" for line in file.splitlines()] == shown


DAYS = ["?day=soon", "?day=0001-01-01", "?day=9999-12-31"]


@pytest.mark.parametrize("query", [*DAYS, "?operator=x", "?action=x", "?q=a%00b"])
def test_what_can_not_be_used_is_said(olga: Membership, query: str) -> None:
    answer = client_of(olga).get(f"/history/{query}")

    assert answer.status_code == 200
    assert "Not used, because" in text_of(answer)


def test_nothing_found(olga: Membership) -> None:
    assert "Nothing found" in text_of(client_of(olga).get("/history/?q=nobody"))


def test_htmx_gets_the_list_alone(olga: Membership) -> None:
    answer = client_of(olga).get("/history/?q=ana&day=", headers=HTMX)

    assert "<html" not in text_of(answer)
    assert answer["HX-Push-Url"] == "/history/?q=ana"


def test_pages(olga: Membership, desk: Desk) -> None:
    for _ in range(60):
        desk.sync()
    client = client_of(olga)
    first = client.get("/history/")
    links = {words: url for url, words in first.context["links"]}
    last = client.get(f"/history/{links['Next']}")

    assert len(sentences(client)) == 50
    total = Entry.objects.filter(organization=olga.organization).count()
    assert len(sentences(client, links["Next"])) == total - 50
    back = {words: url for url, words in last.context["links"]}["Previous"]
    assert sentences(client, back) == sentences(client)
    assert "altered" not in sentences(client, "?at=altered")


def test_a_fixed_number_of_queries(olga: Membership, desk: Desk, django_assert_num_queries) -> None:
    client = client_of(olga)
    for _ in range(2):
        with django_assert_num_queries(5):
            client.get("/history/")
        desk.sync()


def test_one_entry_with_all_that_is_kept(olga: Membership) -> None:
    entry = Entry.objects.get(action=Action.MERGE_REQUESTED)
    page = text_of(client_of(olga).get(f"/history/{entry.number}/"))

    assert entry.hash in page
    assert "The contacts as they were then" in page
    assert "&quot;ana@example.com&quot;" in page
    assert "<b>García" not in page


def test_htmx_gets_the_detail_alone(olga: Membership) -> None:
    entry = Entry.objects.get(action=Action.MERGE_REQUESTED)
    answer = client_of(olga).get(f"/history/{entry.number}/", headers=HTMX)

    assert "<html" not in text_of(answer)
    assert entry.hash in text_of(answer)


def test_erased_data_say_so(olga: Membership, desk: Desk) -> None:
    entry = Entry.objects.get(action=Action.MERGE_REQUESTED)
    erase([desk.group().primary_contact_id], by_user=Actor.system(desk.organization))
    page = text_of(client_of(olga).get(f"/history/{entry.number}/"))

    assert "personal data of this entry were erased" in page
    assert "ana@example.com" not in page


def test_export_as_jsonl(olga: Membership) -> None:
    answer = client_of(olga).get("/history/export/?format=jsonl&action=merge_requested")
    lines = [json.loads(line) for line in answer.getvalue().decode().splitlines()]

    assert [line["action"] for line in lines] == ["merge_requested"]
    assert answer["Content-Disposition"].startswith('attachment; filename="history-')
    exported = Entry.objects.get(action=Action.HISTORY_EXPORTED)
    assert exported.facts["format"] == "jsonl"
    assert exported.personal["filters"] == {"action": "merge_requested"}


def test_export_as_csv(olga: Membership) -> None:
    answer = client_of(olga).get("/history/export/")
    lines = answer.getvalue().decode().splitlines()

    assert answer["Content-Type"].startswith("text/csv")
    assert len(lines) == Entry.objects.count() + 1
    assert not any(line.startswith("=") for line in lines)


def test_export_in_no_format(olga: Membership) -> None:
    assert client_of(olga).get("/history/export/?format=exe").status_code == 400


@pytest.mark.parametrize("page", ["/history/", "/history/1/", "/history/export/"])
def test_who_may_look(olga: Membership, page: str) -> None:
    assert somebody(Role.VIEWER).get(page).status_code == 200
    assert Client().get(page).status_code == 302
    assert somebody().post(page).status_code == 405


def test_strangers_find_nothing(olga: Membership) -> None:
    client = stranger()

    assert client.get("/history/1/").status_code == 404
    assert "Ana" not in text_of(client.get("/history/?q=ana"))
    assert b"Ana" not in client.get("/history/export/?format=jsonl").getvalue()
