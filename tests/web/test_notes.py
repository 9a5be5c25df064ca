"""Writing notes on the pages of a group and of a request, and reading what is for one."""

import pytest
from django.test import Client

from mergeui.accounts.models import Membership, Role
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.erase import erase
from mergeui.audit.models import Entry
from mergeui.merging.models import Notice
from tests.desk import Desk, member
from tests.merging.stage import anas
from tests.web.cast import HTMX, client_of, somebody, stranger, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return anas()


@pytest.fixture
def olga(desk: Desk) -> Membership:
    return member(Role.OPERATOR, name="olga")


@pytest.fixture
def paula(desk: Desk) -> Membership:
    return member(Role.APPROVER, name="paula")


def noted(client: Client, where: str, words: str, **more: str) -> str:
    """Writes a note and gives the page that follows."""
    answer = client.post(f"{where}note/", {"words": words}, headers=more)
    assert answer.status_code in {200, 303}
    return text_of(client.get(answer.headers["Location"]) if answer.status_code == 303 else answer)


def test_a_note_on_a_group(desk: Desk, olga: Membership, paula: Membership) -> None:
    where = f"/groups/{desk.group().pk}/"

    page = noted(client_of(olga), where, "@paula the same?\nI think so, @sam.")

    assert "Notes (1)" in page
    assert '<b class="mention">@paula</b> the same?\nI think so, @sam.' in page
    assert "Nobody on this team is called @sam, so the note tells nobody by that name." in page
    assert "To tell somebody: @ and their user name." in page


def test_who_can_be_mentioned_is_told_to_who_begins_to_write(
    desk: Desk, olga: Membership, paula: Membership
) -> None:
    stranger()

    for client, told in ((client_of(olga), "@paula"), (client_of(paula), "@olga")):
        hint = text_of(client.get("/notes/hint/", headers=HTMX))
        assert hint.endswith(f"To tell somebody: {told}")

    paula.user.is_active = False
    paula.user.save()
    assert "Nobody else is in the team" in text_of(client_of(olga).get("/notes/hint/"))
    assert somebody(Role.VIEWER).get("/notes/hint/").status_code == 403


def test_notes_take_no_more_queries_than_a_group_has(
    desk: Desk, olga: Membership, paula: Membership, django_assert_num_queries
) -> None:
    where, client = f"/groups/{desk.group().pk}/", client_of(paula)
    for text, shown in (("first", ">first<"), ("@paula look", ">@paula</b> look<")):
        noted(client_of(olga), where, text)
        with django_assert_num_queries(9):  # one is who has it open
            page = text_of(client.get(where))
        assert shown in page


def test_by_htmx_the_thread_comes_back(desk: Desk, olga: Membership) -> None:
    page = noted(client_of(olga), f"/groups/{desk.group().pk}/", "well", **HTMX)

    assert page.lstrip().startswith('<section class="card notes" id="notes"')
    assert "The note is kept." in page
    assert "well" in page


def test_who_is_mentioned_finds_it_and_has_read_it(
    desk: Desk, olga: Membership, paula: Membership
) -> None:
    where = f"/groups/{desk.group().pk}/"
    client = client_of(paula)
    noted(client_of(olga), where, "@paula look")
    assert '1<span class="unseen"> for you' in text_of(client.get("/history/"))

    page = text_of(client.get(where))
    assert "For you" in page
    notice = Notice.objects.get()
    assert f'name="notice" value="{notice.pk}"' in page

    answer = client.post("/notices/read/", {"notice": notice.pk}, headers=HTMX)
    assert answer.status_code == 200
    assert 'id="for-you-count" hx-swap-oob="true"></span>' in text_of(answer)
    assert 'class="badge"' not in text_of(client.get("/history/"))
    assert 'name="notice"' not in text_of(client.get(where))


@pytest.mark.parametrize(
    ("page", "to"),
    [("/groups/1/", "/groups/1/"), ("//evil.example", "/requests/"), ("", "/requests/")],
)
def test_without_scripts_it_goes_back_to_the_page(
    desk: Desk, paula: Membership, page: str, to: str
) -> None:
    answer = client_of(paula).post("/notices/read/", {"notice": ["all", "x"], "page": page})

    assert (answer.status_code, answer.headers["Location"]) == (303, to)


def test_a_request_shows_the_notes_of_its_group_and_the_group_those_of_its_requests(
    desk: Desk, olga: Membership
) -> None:
    client = client_of(olga)
    group_page = f"/groups/{desk.group().pk}/"
    noted(client, group_page, "first words")
    request = desk.propose(Actor.member(olga))
    request_page = f"/requests/{request.pk}/"

    page = noted(client, request_page, "second words")

    assert page.index("first words") < page.index("second words")
    assert "on request" not in page.partition('id="notes"')[2].partition("</section>")[0]
    assert f"on request {request.pk}" in text_of(client.get(group_page))


def test_hostile_words_are_shown_as_they_are(desk: Desk, olga: Membership) -> None:
    words = "<script>alert(1)</script> https://evil.example \u202egnp.exe"

    page = noted(client_of(olga), f"/groups/{desk.group().pk}/", words)

    assert "&lt;script&gt;alert(1)&lt;/script&gt; https://evil.example ⟨U+202E⟩gnp.exe" in page
    assert 'href="https://evil' not in page


def test_an_erased_note_says_so(desk: Desk, olga: Membership) -> None:
    group = desk.group()
    client = client_of(olga)
    noted(client, f"/groups/{group.pk}/", "her mother's number")

    erase([group.primary_contact_id], by_user=desk.system)

    page = text_of(client.get(f"/groups/{group.pk}/"))
    assert "The text was erased." in page
    assert "mother" not in page


def test_only_the_last_hundred_are_on_the_page(
    desk: Desk, olga: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mergeui.web.notes.SHOWN", 1)
    client, where = client_of(olga), f"/groups/{desk.group().pk}/"
    noted(client, where, "the old one")

    page = noted(client, where, "the new one")

    assert "the new one" in page
    assert "the old one" not in page
    older = f"/history/?q=group+{desk.group().pk}&action=note_written"
    assert older.replace("&", "&amp;") in page
    assert "the old one" in text_of(client.get(older))


def test_what_was_typed_is_not_lost(desk: Desk, olga: Membership) -> None:
    where = f"/groups/{desk.group().pk}/"
    client = client_of(olga)

    answer = client.post(f"{where}note/", {"words": "x" * 2001})
    assert answer.status_code == 400
    assert "The note is too long: 2,000 characters are possible." in text_of(answer)
    assert "x" * 2001 in text_of(answer)
    assert Entry.objects.latest("number").action == Action.REFUSED

    client.logout()
    assert client.post(f"{where}note/", {"words": "half a thought"}).status_code == 303
    client.force_login(olga.user)
    page = text_of(client.get(where))
    assert ">half a thought</textarea>" in page
    assert page.count("half a thought") == 1


def test_an_empty_note_by_htmx_is_a_fragment(desk: Desk, olga: Membership) -> None:
    answer = client_of(olga).post(f"/groups/{desk.group().pk}/note/", headers=HTMX)

    assert answer.status_code == 400
    assert "The note is empty." in text_of(answer)
    assert "<html" not in text_of(answer)


def test_who_may_not(desk: Desk, olga: Membership) -> None:
    request = desk.propose(Actor.member(olga))
    for where in (f"/groups/{request.group_id}/note/", f"/requests/{request.pk}/note/"):
        assert somebody(Role.VIEWER).post(where, {"words": "x"}).status_code == 403
        assert stranger().post(where, {"words": "x"}).status_code == 404
        assert somebody().get(where).status_code == 405
        assert Client().post(where, {"words": "x"}).headers["Location"].startswith("/login/")
    assert not Entry.objects.filter(action=Action.NOTE_WRITTEN).exists()
    viewer = text_of(somebody(Role.VIEWER).get(f"/groups/{request.group_id}/"))
    assert "Nobody has written a note yet." in viewer
    assert "Discuss this group" not in viewer


def test_the_note_of_a_decision_and_the_talk_have_names_of_their_own(
    desk: Desk, olga: Membership
) -> None:
    page = text_of(client_of(olga).get(f"/groups/{desk.group().pk}/"))

    assert '<label for="id_note">Note with this decision <span' in page
    assert "<summary>Discuss this group</summary>" in page
    assert '<label class="unseen" for="id_words">Note for the team</label>' in page


def test_a_name_in_the_note_of_a_decision_tells_nobody_and_says_so(
    desk: Desk, olga: Membership, paula: Membership
) -> None:
    client, where = client_of(olga), f"/groups/{desk.group().pk}/"
    hint = "To tell somebody with @, use “Discuss this group”: nobody is told of a name in here."
    page = text_of(client.get(where))
    assert f'<p class="hint" id="note-hint">{hint}</p>' in page
    assert 'name="note" id="id_note" rows="2" maxlength="2000" dir="auto" aria-describedby' in page
    assert "<summary>Discuss this group</summary>" in page

    client.post(f"{where}dismiss/", {"note": "@paula cousins"})

    assert not Notice.objects.exists()
    assert hint not in text_of(client.get(where))


def test_a_large_team_is_named_in_part(desk: Desk, olga: Membership) -> None:
    for n in range(14):
        member(Role.VIEWER, name=f"person{n:02}")

    hint = text_of(client_of(olga).get("/notes/hint/"))

    assert "@person00 @person01" in hint
    assert "@person11 and 2 more" in hint
    assert "@person12" not in hint
