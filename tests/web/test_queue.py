"""The queue: what a row says, search, filters, order, pages, empty states."""

from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from mergeui.accounts.models import Membership, Role
from mergeui.review import claims
from mergeui.review.decisions import dismiss, reopen
from mergeui.review.models import Group, GroupState, SyncRun
from mergeui.web.queue import _drawn
from tests.contacts import channel, contact, email, segment, whatsapp
from tests.desk import Desk, actor, member
from tests.web.cast import HTMX, client_of, somebody, stranger, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    """Ana twice, a family of three on one number, an opt-out with an unknown channel."""
    desk = Desk(
        contact("Ana García", whatsapp("+34600111222"), email("ana@example.com"),
                segments=[segment("VIP", "amber")]),
        contact("Ana Garcia", whatsapp("+34600111222"), segments=[segment("Press", "mauve")]),
        contact("Bea Costa", email("casa@example.org")),
        contact("Rui Costa", email("casa@example.org")),
        contact("Eva Costa", email("casa@example.org")),
        contact("Дмитрий", channel("pigeon", "coop-7")),
        contact("Dmitry", channel("pigeon", "coop-7"), unsubscribed=True),
    )  # fmt: skip
    desk.sync()
    return desk


@pytest.fixture
def client(desk: Desk) -> Client:
    return somebody()


def names(client: Client, query: str = "") -> list[list[str]]:
    """The names of each row of the list."""
    return [list(row.names) for row in client.get(f"/groups/{query}").context["rows"]]


ANA, COSTA, DMITRY = (
    ["Ana García", "Ana Garcia"],
    ["Bea Costa", "Rui Costa", "Eva Costa"],
    ["Дмитрий", "Dmitry"],
)


def test_a_row_says_enough_to_decide(client: Client) -> None:
    page = text_of(client.get("/groups/"))

    assert "<bdi>Ana García</bdi>" in page
    assert "WhatsApp <b><bdi>+34600111222</bdi></b>" in page
    assert '<bdi class="seg seg-amber">VIP</bdi>' in page
    assert '<bdi class="seg seg-neutral">Press</bdi>' in page
    assert "Names conflict" in page
    assert "Consent differs" in page
    assert "3 contacts" in page
    assert "3 groups" in page
    assert "just now" in page


def test_a_row_says_how_sure_it_is(client: Client) -> None:
    rows = client.get("/groups/").context["rows"]

    # Where names conflict, the risk mark says so already.
    assert [row.grade[1] for row in rows] == ["Names agree", "", "Names agree in part"]
    page = text_of(client.get("/groups/"))
    assert '<span class="grade grade-good">Names agree</span>' in page
    assert '<span class="grade grade-part">Names agree in part</span>' in page
    # The filter for what is sure finds both.
    assert '<option value="sure">Names agree, fully or in part</option>' in page


def test_a_group_that_came_back_says_so(desk: Desk, client: Client) -> None:
    assert "Decided before" not in text_of(client.get("/groups/"))
    ana = Group.objects.get(member_count=2, risky=False)
    dismiss(ana, by_user=actor(Role.OPERATOR))
    assert "Decided before" not in text_of(client.get("/groups/?state=all"))
    reopen(Group.objects.get(pk=ana.pk), by_user=actor(Role.OPERATOR))

    rows = client.get("/groups/").context["rows"]
    assert [row.before for row in rows if row.pk == str(ana.pk)] == ["Decided before"]
    assert [row.before for row in rows].count("") == len(rows) - 1


def test_a_large_group_names_the_first_four() -> None:
    desk = Desk(*(contact(f"Ana {n}", email("a@example.com")) for n in "ABCDEFG"))
    desk.sync()

    assert "and 3 more" in text_of(somebody().get("/groups/"))


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("ana", [ANA]), ("GARCÍA", [ANA]), ("garcia ana", [ANA]), ("ana costa", []),
        ("ana@example.com", [ANA]), ("+34 600 111 222", [ANA]), ("600-111-222", [ANA]),
        ("0600111222", [ANA]), ("dmitrij", []), ("dmitri", [DMITRY]), ("дмитрий", [DMITRY]),
        ("coop-7", [DMITRY]), ("costa", [COSTA]), ("%", []), ("_", []), ("'; --", []),
        ("ga", [ANA]), ("g", [ANA]), ("arc", []), ("example.com", [ANA]), ("222", [ANA]),
        ("11222", [ANA]), ("346001", [ANA]), ("22", []), ("2", []), ('"ana"', [ANA]),
    ],
)  # fmt: skip
def test_search(client: Client, q: str, found: list[list[str]]) -> None:
    answer = client.get("/groups/", {"q": q})

    assert [list(row.names) for row in answer.context["rows"]] == found
    assert answer.context["total"] == ("1 group" if found else "0 groups")


def test_among_many_the_same_is_found(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the index names more than are read by their keys."""
    monkeypatch.setattr("mergeui.web.looking.FEW", 0)

    assert names(client, "?q=ana&channel=whatsapp_bot&segment=seg_vip&risk=none&size=2") == [ANA]
    assert client.get("/groups/?q=co").context["total"] == "0+ groups"


def test_search_by_contact_id(client: Client) -> None:
    contact_id = Group.objects.get(sort_name="ana garcia").primary_contact_id

    assert names(client, f"?q={contact_id}") == [ANA]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?channel=whatsapp_bot", [ANA]), ("?channel=pigeon", [DMITRY]),
        ("?channel=gmail", [COSTA]),
        ("?channel=twilio", []), ("?segment=seg_vip", [ANA]), ("?segment=seg_none", []),
        ("?risk=unsubscribed", [DMITRY]), ("?risk=none", [ANA]), ("?risk=any", [COSTA, DMITRY]),
        ("?size=3-5", [COSTA]), ("?size=2", [ANA, DMITRY]), ("?size=21%2B", []),
        ("?grade=sure", [ANA, DMITRY]), ("?grade=full", [ANA]), ("?grade=conflict", [COSTA]),
        ("?grade=missing", []), ("?grade=sure&risk=none", [ANA]),
        ("?size=2&risk=any&q=dm", [DMITRY]), ("?state=merged", []),
        ("?sort=largest", [COSTA, DMITRY, ANA]), ("?sort=name", [ANA, COSTA, DMITRY]),
        ("?sort=newest", [DMITRY, COSTA, ANA]), ("?sort=smallest", [ANA, DMITRY, COSTA]),
    ],
)  # fmt: skip
def test_filters_and_order(client: Client, query: str, found: list[list[str]]) -> None:
    Group.objects.filter(sort_name="ana garcia").update(
        first_seen_at=timezone.now() - timedelta(days=2)
    )
    Group.objects.filter(sort_name="bea costa").update(
        first_seen_at=timezone.now() - timedelta(days=1)
    )

    assert names(client, query) == found


@pytest.mark.parametrize(
    "query", ["?state=x", "?risk=x", "?size=x", "?grade=x", "?sort=x", "?channel=%00"]
)
def test_what_is_not_known_is_ignored_and_said(client: Client, query: str) -> None:
    answer = client.get(f"/groups/{query}")

    assert answer.status_code == 200
    assert len(answer.context["rows"]) == 3
    assert "Not used, because the desk doesn&#x27;t know it" in text_of(answer)


def test_an_altered_place_in_the_list_is_said(client: Client) -> None:
    assert "could not be read" in text_of(client.get("/groups/?at=nonsense"))


def test_decided_groups_say_how(client: Client) -> None:
    olga = member(Role.OPERATOR, name="olga")
    Group.objects.filter(sort_name="ana garcia").update(
        state=GroupState.DISMISSED,
        decided_by=olga.user,
        decided_at=timezone.now(),
        decided_note="<b>father</b> and son",
    )

    assert names(client) == [COSTA, DMITRY]
    page = text_of(client.get("/groups/?state=dismissed"))
    assert "Not a duplicate · by olga · just now · “&lt;b&gt;father&lt;/b&gt; and son”" in page
    assert len(names(client, "?state=all")) == 3


def test_a_group_that_somebody_has_open_is_marked(desk: Desk) -> None:
    olga = member(Role.OPERATOR, name="olga")
    group = Group.objects.get(sort_name="ana garcia")
    client_of(olga).get(f"/groups/{group.pk}/")

    assert "Open by <bdi>olga</bdi>" in text_of(somebody().get("/groups/"))
    assert "Open by" not in text_of(client_of(olga).get("/groups/"))


def test_strangers_see_nothing_of_it(desk: Desk) -> None:
    page = text_of(stranger().get("/groups/?state=all"))

    assert "Ana" not in page
    assert "VIP" not in page
    assert "Nothing read from Invent yet" in page


def test_anonymous_people_sign_in_first(desk: Desk) -> None:
    answer = Client().get("/groups/?q=ana")

    assert (answer.status_code, answer.url) == (302, "/login/?next=/groups/%3Fq%3Dana")


def test_anonymous_htmx_is_sent_to_the_sign_in(desk: Desk) -> None:
    headers = {**HTMX, "HX-Current-URL": "http://testserver/groups/?q=a"}
    answer = Client().get("/groups/?q=ana", headers=headers)

    assert answer["HX-Redirect"] == "/login/?next=/groups/%3Fq%3Da"


def test_a_page_only_reads(client: Client) -> None:
    assert client.post("/groups/").status_code == 405


def test_pages_with_personal_data_are_not_kept_by_browsers(client: Client) -> None:
    assert "no-store" in client.get("/groups/")["Cache-Control"]


def test_viewers_look_but_have_no_refresh_button(desk: Desk) -> None:
    page = text_of(somebody(Role.VIEWER).get("/groups/"))

    assert "Ana García" in page
    assert 'action="/sync/"' not in page


def test_htmx_gets_the_list_alone_and_a_clean_address(client: Client) -> None:
    answer = client.get("/groups/?q=ana&channel=&sort=oldest&state=open", headers=HTMX)

    assert text_of(answer).lstrip().startswith('<section class="card" id="results"')
    assert "<html" not in text_of(answer)
    assert answer["HX-Push-Url"] == "/groups/?q=ana"


def test_going_back_in_the_browser_gets_the_whole_page(client: Client) -> None:
    answer = client.get("/groups/", headers={**HTMX, "HX-History-Restore-Request": "true"})

    assert "<html" in text_of(answer)


def test_never_refreshed() -> None:
    page = text_of(somebody().get("/groups/"))

    assert "Nothing read from Invent yet" in page
    assert "Never refreshed" in page


def test_nothing_left_to_decide(client: Client) -> None:
    Group.objects.update(state=GroupState.DISMISSED)

    assert "All done" in text_of(client.get("/groups/"))


def test_nothing_matches(client: Client) -> None:
    page = text_of(client.get("/groups/?q=nobody&state=all"))

    assert "Nothing matches" in page
    assert 'href="/groups/?state=all"' in page


def test_what_is_in_another_state_is_said_with_the_way_there(client: Client) -> None:
    Group.objects.filter(sort_name="ana garcia").update(state=GroupState.MERGED)
    answer = client.get("/groups/?q=ana&size=2&at=x")
    page = text_of(answer)

    assert "No group under “To decide” matches" in page
    assert "1 group in another state does." in page
    assert '<a class="button" href="?q=ana&amp;size=2&amp;state=all">Look in all states' in page
    assert names(client, answer.context["empty"].url) == [ANA]
    many = text_of(client.get("/groups/?state=snoozed&size=2"))
    assert "2 groups in other states do." in many
    assert "Look in all states" not in text_of(client.get("/groups/?q=nobody"))
    assert "Look in all states" not in text_of(client.get("/groups/?state=snoozed"))


def test_who_has_just_finished_a_list_is_told_so(client: Client) -> None:
    """No other list that is empty says so, and nobody else is told."""
    pk = Group.objects.get(sort_name="ana garcia").pk
    client.get("/groups/?q=ana")
    answer = client.post(f"/groups/{pk}/dismiss/", {"note": ""}, follow=True)

    assert answer.redirect_chain[-1][0] == "/groups/?q=ana"
    assert "All of these are decided" in text_of(answer)
    assert '<a class="button" href="/groups/">Show all that is to decide</a>' in text_of(answer)
    for looked in (client.get("/groups/?q=nobody"), client.get("/groups/?q=ana&state=snoozed")):
        assert "Nothing matches" in text_of(looked)
    client.cookies["lately"] = "²"
    assert "Nothing matches" in text_of(client.get("/groups/?q=ana"))
    assert "Nothing matches" in text_of(somebody().get("/groups/?q=ana"))


def test_hostile_names_are_text() -> None:
    hostile = "<img src=x onerror=alert(1)>\u202egnp.exe"
    Desk(contact(hostile, email("a@example.com")), contact(hostile, email("a@example.com"))).sync()
    page = text_of(somebody().get("/groups/"))

    assert "<img src=x" not in page
    assert "\u202e" not in page
    assert "⟨U+202E⟩" in page


def some_groups(count: int) -> None:
    """So many more groups, made from one that is there."""
    group = Group.objects.get(sort_name="ana garcia")
    for number in range(count):
        group.pk = None
        group.names = [f"Person {number}"]
        group.sort_name = f"person {number:03}"
        group.save()


def test_pages(client: Client) -> None:
    some_groups(60)
    first = client.get("/groups/?sort=name")
    links = {words: url for url, words in first.context["links"]}
    second = client.get(f"/groups/{links['Next']}")

    assert len(first.context["rows"]) == 50
    assert len(second.context["rows"]) == 13
    assert links["First"] == links["Previous"] == ""
    assert second.context["here"] == f"/groups/{links['Next']}"
    assert second.context["rows"][0].names == ("Person 47",)


def test_of_a_page_before_on_which_nothing_is_left_what_stands_behind_is_shown(
    client: Client,
) -> None:
    some_groups(120)

    def links(page: HttpResponse) -> dict[str, str]:
        return {words: url for url, words in page.context["links"]}

    third = client.get("/groups/?sort=name&at=last")
    second = client.get(f"/groups/{links(third)['Previous']}")
    first = f"/groups/{links(second)['Previous']}"
    gone = {row.names for row in client.get(first).context["rows"]}
    decided = [group.pk for group in Group.objects.all() if tuple(group.names) in gone]
    Group.objects.filter(pk__in=decided).update(state="dismissed")

    left = client.get(first)
    assert left.context["rows"][0].names == second.context["rows"][0].names


def test_a_group_leads_back_to_the_page_that_it_was_on(client: Client) -> None:
    ana = f"/groups/{Group.objects.get(sort_name='ana garcia').pk}/"
    some_groups(60)
    first = client.get("/groups/?sort=name")
    links = {words: url for url, words in first.context["links"]}
    second = client.get(f"/groups/{links['Next']}")
    opened = client.get(ana)
    assert second.context["here"] == opened.context["back"] == f"/groups/{links['Next']}"

    # Of a page on which nothing is left, what stands before it is shown.
    Group.objects.filter(sort_name__gte="person 047").update(state="dismissed")
    left = client.get(opened.context["back"])
    assert len(left.context["rows"]) == 50
    assert left.context["rows"][-1].names == ("Person 46",)

    client.get("/groups/?sort=name")
    assert client.get(ana).context["back"] == "/groups/?sort=name"
    # A place too long for a cookie is none, rather than that of another list.
    client.get(f"/groups/{links['Next']}")
    client.get("/groups/?sort=name&at=next:1:" + "é" * 1_000)
    assert client.get(ana).context["back"] == "/groups/?sort=name"


def test_a_fixed_number_of_queries(client: Client, django_assert_num_queries) -> None:
    client.get("/groups/")
    with django_assert_num_queries(7):
        client.get("/groups/")
    some_groups(40)
    with django_assert_num_queries(7):
        client.get("/groups/")


def test_a_row_is_drawn_once_and_anew_when_it_says_something_else(desk: Desk) -> None:
    Group.objects.update(first_seen_at=timezone.now() - timedelta(days=2, hours=1))
    reader = member(Role.OPERATOR, name="rui")
    group = Group.objects.get(sort_name="ana garcia")

    def drawn() -> int:
        before = _drawn.cache_info().misses
        page = text_of(client_of(reader).get("/groups/"))
        assert f'href="/groups/{group.pk}/"' in page
        return _drawn.cache_info().misses - before

    drawn()
    assert drawn() == 0
    claims.enter(group, by=member(Role.OPERATOR, name="olga").user)
    assert drawn() == 1
    Group.objects.filter(pk=group.pk).update(names=["Ana Ruiz", "Ana"])
    assert drawn() == 1
    reader.user.language = "es"
    reader.user.save()
    assert drawn() == 3


def test_few_queries_for_approvers_and_filters(desk: Desk, django_assert_max_num_queries) -> None:
    client = somebody(Role.APPROVER)
    with django_assert_max_num_queries(8):
        client.get("/groups/?q=ana&channel=whatsapp_bot&segment=seg_vip&risk=none&size=2&at=last")


@pytest.fixture
def olga() -> Membership:
    return member(Role.OPERATOR, name="olga")


def run(state: SyncRun.State, olga: Membership, **fields: object) -> SyncRun:
    now = timezone.now()
    return SyncRun.objects.create(
        organization=olga.organization,
        **{
            "state": state,
            "wanted_by": olga.user,
            "wanted_at": now,
            "seen_alive_at": now,
            **fields,
        },
    )


def line(olga: Membership) -> str:
    sync = client_of(olga).get("/groups/").context["sync"]
    return f"{sync.words} {sync.trouble}".strip()


def test_how_fresh_the_list_is(olga: Membership) -> None:
    run(SyncRun.State.DONE, olga, finished_at=timezone.now(), new=12, changed=3, vanished=1)

    assert line(olga) == ("Refreshed just now by olga: 12 new, 3 changed, 1 no longer suggested")


def test_why_a_refresh_failed_and_how_old_the_list_is(olga: Membership) -> None:
    earlier = timezone.now() - timedelta(hours=2)
    run(SyncRun.State.DONE, olga, finished_at=earlier)
    run(SyncRun.State.FAILED, olga, finished_at=timezone.now(), error="Invent did not answer.")

    assert line(olga) == (
        "Refresh failed just now Invent did not answer. The list is as it was 2 hours ago."
    )


def test_a_worker_that_does_not_come_is_missed(olga: Membership) -> None:
    waiting = run(SyncRun.State.WANTED, olga)
    assert line(olga) == "Waiting for the worker…"

    SyncRun.objects.filter(pk=waiting.pk).update(wanted_at=timezone.now() - timedelta(seconds=20))
    assert "start it with `manage.py worker`" in line(olga)


def test_how_far_a_refresh_is(olga: Membership) -> None:
    running = run(SyncRun.State.RUNNING, olga)
    assert line(olga) == "Reading Invent's groups…"

    SyncRun.objects.filter(pk=running.pk).update(groups_read=300, groups_listed=2_140)
    assert line(olga) == "Reading 300 of 2,140 groups…"
    assert 'value="300" max="2140"' in text_of(client_of(olga).get("/groups/"))

    SyncRun.objects.filter(pk=running.pk).update(
        groups_read=2_140, seen_alive_at=timezone.now() - timedelta(minutes=2)
    )
    assert line(olga) == "Storing what was read… The last sign of life was 2 minutes ago."
