"""Two people never decide the same group: who has it open, and how it is taken over or left."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from mergeui.accounts.models import Role
from mergeui.review.models import Group, GroupState
from tests.contacts import contact, email
from tests.desk import Desk, member
from tests.web.cast import HTMX, choice, client_of, somebody, stranger, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    desk = Desk(*(contact("Ana", email("a@example.com")) for _ in range(3)))
    desk.sync()
    return desk


@pytest.fixture
def rosa(desk: Desk) -> Client:
    """Rosa, who has the group open."""
    client = client_of(member(Role.OPERATOR, name="rosa"))
    client.get(address(desk))
    return client


@pytest.fixture
def olga(desk: Desk) -> Client:
    return client_of(member(Role.OPERATOR, name="olga"))


def address(desk: Desk, what: str = "") -> str:
    return f"/groups/{desk.group().pk}/{what}"


def holder(desk: Desk) -> str:
    return str(desk.group().claimed_by or "")


def until_of(page: str) -> str:
    found = re.search('name="until" value="([^"]+)">\n *</form>', page)
    assert found, page
    return found[1]


def fields(desk: Desk, what: str) -> dict[str, object]:
    tomorrow = (timezone.now() + timedelta(days=2)).date().isoformat()
    some = {**choice(desk.group()), "fingerprint": "", "note": "a long story"}
    return {**some, "until": tomorrow} if what == "snooze" else some


@pytest.mark.parametrize("what", ["dismiss", "snooze", "request"])
def test_a_group_that_somebody_has_open_is_not_decided(
    desk: Desk, rosa: Client, olga: Client, what: str
) -> None:
    answer = olga.post(address(desk, f"{what}/"), fields(desk, what))

    assert answer.status_code == 409
    page = text_of(answer)
    assert "rosa has this group open now. Decide it together, or take it over." in page
    assert "a long story</textarea>" in page
    assert f'formaction="{address(desk, "claim/")}"' in page
    assert desk.group().state == GroupState.OPEN
    assert rosa.post(address(desk, f"{what}/"), fields(desk, what)).status_code == 303


def test_htmx_gets_the_sentence_and_the_button(desk: Desk, rosa: Client, olga: Client) -> None:
    answer = olga.post(address(desk, "dismiss/"), headers=HTMX)

    assert (answer.status_code, answer["HX-Retarget"]) == (409, "#problem")
    assert "rosa has this group open now" in text_of(answer)
    assert f'form="choice" formaction="{address(desk, "claim/")}"' in text_of(answer)


def test_taking_over_keeps_what_was_chosen_and_typed(
    desk: Desk, rosa: Client, olga: Client
) -> None:
    ids = [m.contact_id for m in desk.group().members.all()]
    chosen = {"primary": ids[1], "sources": [ids[2]], "note": "my words", "fingerprint": ""}
    page = text_of(olga.post(address(desk, "claim/"), chosen))

    assert holder(desk) == "olga"
    assert "my words</textarea>" in page
    assert f'name="primary" value="{ids[1]}" checked' in page
    by_htmx = olga.post(address(desk, "claim/"), chosen, headers=HTMX)
    assert by_htmx["HX-Push-Url"] == address(desk)
    assert olga.post(address(desk, "claim/")).url == address(desk)
    assert olga.post(address(desk, "dismiss/")).status_code == 303


def test_what_is_decided_can_not_be_taken_over(desk: Desk, rosa: Client, olga: Client) -> None:
    rosa.post(address(desk, "dismiss/"))
    answer = olga.post(address(desk, "claim/"), {"note": "my words", "fingerprint": ""})

    assert answer.status_code == 409
    assert "marked as not a duplicate meanwhile by rosa" in text_of(answer)
    assert "my words" in text_of(answer)
    assert holder(desk) == ""


def test_a_page_that_is_open_still_hears_of_the_decision_when_it_chooses(
    desk: Desk, rosa: Client, olga: Client
) -> None:
    """The choice of a group that is decided can't be sent, so no button to send it is left."""
    assert "rosa has this group open" in text_of(olga.get(address(desk)))
    chosen = {**choice(desk.group()), "fingerprint": ""}
    rosa.post(address(desk, "dismiss/"), {**chosen, "note": "cousins"})

    fragment = text_of(olga.post(address(desk, "preview/"), chosen, headers=HTMX))

    _preview, stands = fragment.split('<div id="stands" hx-swap-oob="innerHTML">')
    assert "Not a duplicate · by rosa · just now · “cousins”" in stands
    assert "Reopen" in stands
    assert "rosa has this group open" not in fragment
    assert "This group was marked as not a duplicate meanwhile by rosa." in stands
    assert '<div id="acknowledge" hx-swap-oob="innerHTML"></div>' in stands
    assert f'<a class="button button-main" href="{address(desk)}">Look again</a>' in stands
    assert "I have read what is risky" not in fragment
    assert "Merge 2 contacts" not in fragment


@pytest.mark.parametrize("what", ["dismiss", "snooze", "request"])
def test_a_decision_that_comes_too_late_leaves_no_button_to_send_it_again(
    desk: Desk, rosa: Client, olga: Client, what: str
) -> None:
    chosen = fields(desk, what)
    rosa.post(address(desk, "dismiss/"), fields(desk, "dismiss"))

    answer = olga.post(address(desk, f"{what}/"), chosen, headers=HTMX)

    assert answer.status_code == 409
    assert "Someone was faster" in text_of(answer)
    assert '<div id="decide" hx-swap-oob="innerHTML"><a' in text_of(answer)


def test_what_can_not_be_taken_back_leaves_the_page_of_another_group(
    desk: Desk, rosa: Client
) -> None:
    """The bar that takes back the last decision stands on the page of the next group."""
    Group.objects.update(state=GroupState.MERGED)

    answer = rosa.post(address(desk, "reopen/"), headers=HTMX)

    assert answer.status_code == 409
    assert "hx-swap-oob" not in text_of(answer)


def test_the_later_one_is_told_that_it_was_they_themselves(desk: Desk, olga: Client) -> None:
    """The answer to the first click was lost on its way."""
    olga.post(address(desk, "dismiss/"))

    assert "not a duplicate meanwhile by you" in text_of(olga.post(address(desk, "dismiss/")))


def test_an_open_page_renews_its_claim(desk: Desk, rosa: Client) -> None:
    Group.objects.update(claimed_until=timezone.now() + timedelta(seconds=5))
    answer = rosa.post(address(desk, "hold/"))

    until = desk.group().claimed_until
    assert until is not None
    assert until > timezone.now() + timedelta(minutes=9)
    assert until_of(text_of(answer)) == until.isoformat()


def test_an_open_page_hears_who_took_the_group_over(desk: Desk, rosa: Client, olga: Client) -> None:
    olga.post(address(desk, "claim/"))

    said = text_of(rosa.post(address(desk, "hold/")))
    assert "olga has taken this group over." in said
    assert "Take over</button>" in said
    olga.post(address(desk, "dismiss/"))
    said = text_of(rosa.post(address(desk, "hold/")))
    assert "marked as not a duplicate meanwhile by olga" in said
    assert "Take over</button>" not in said


def test_leaving_lets_go(desk: Desk, rosa: Client, olga: Client) -> None:
    until = until_of(text_of(rosa.get(address(desk))))
    assert olga.post(address(desk, "release/"), {"until": until}).status_code == 204
    assert holder(desk) == "rosa"

    assert rosa.post(address(desk, "release/"), {"until": until}).status_code == 204
    assert holder(desk) == ""


def test_leaving_late_lets_go_of_nothing_new(desk: Desk, rosa: Client) -> None:
    """A page that is loaded anew says that it was left after it was opened again."""
    until = until_of(text_of(rosa.get(address(desk))))
    rosa.get(address(desk))
    for late in (until, "", "soon", "2026-99-01", "2026-11-24", "2026-11-24T10:00:00"):
        rosa.post(address(desk, "release/"), {"until": late})

    assert holder(desk) == "rosa"


def test_opening_another_group_lets_go_of_the_first() -> None:
    pairs = [email(f"{name}@example.com") for name in "ab"]
    Desk(*(contact("Ana", shared) for shared in pairs for _ in "12")).sync()
    client = somebody()
    first, second = Group.objects.order_by("pk")
    client.get(f"/groups/{first.pk}/")
    client.get(f"/groups/{second.pk}/")

    assert list(Group.objects.exclude(claimed_by=None)) == [second]


def test_the_queue_says_who_has_it_open(desk: Desk, rosa: Client, olga: Client) -> None:
    assert "Open by <bdi>rosa</bdi>" in text_of(olga.get("/groups/"))
    assert "Open by" not in text_of(rosa.get("/groups/"))


@pytest.mark.parametrize("what", ["hold/", "release/"])
def test_what_a_page_sends_by_itself_leads_nobody_away(desk: Desk, what: str) -> None:
    client = Client()
    assert client.post(address(desk, what)).status_code == 403
    assert "typed" not in client.session
    assert somebody().get(address(desk, what)).status_code == 405
    assert somebody(Role.VIEWER).post(address(desk, what)).status_code == 403
    assert stranger().post(address(desk, what)).status_code == 404


def test_refusals(desk: Desk, rosa: Client) -> None:
    claim = address(desk, "claim/")
    assert somebody().get(claim).status_code == 405
    assert Client().post(claim).url == f"/login/?next={address(desk)}"
    assert somebody(Role.VIEWER).post(claim).status_code == 403
    assert stranger().post(claim).status_code == 404
    assert holder(desk) == "rosa"
