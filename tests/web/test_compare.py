"""The compare page: what it shows, to whom, and that looking claims the group."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from mergeui.accounts.models import Role
from mergeui.review.models import Group, GroupState, Member
from mergeui.sandbox import Fault
from tests.contacts import channel, contact, email, segment, whatsapp
from tests.desk import Desk, member, past
from tests.merging.stage import anas, approved
from tests.web.cast import HTMX, choice, client_of, somebody, stranger, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    """Ana twice: the same number, a channel of her own each, different segments."""
    desk = Desk(
        contact(
            "Ana García",
            whatsapp("+34600111222"),
            email("ana@example.com"),
            segments=[segment("VIP", "amber")],
        ),
        contact("Ana García", whatsapp("+34600111222", link="javascript:alert(1)")),
    )
    desk.sync()
    return desk


@pytest.fixture
def risky() -> Desk:
    desk = Desk(
        contact("Bea", email("bea@example.com")),
        contact("Bea", email("bea@example.com"), unsubscribed=True),
    )
    desk.sync()
    return desk


def page_of(desk: Desk, role: Role = Role.OPERATOR) -> str:
    return text_of(somebody(role).get(f"/groups/{desk.group().pk}/"))


def test_it_says_what_is_shared_and_what_differs(desk: Desk) -> None:
    page = page_of(desk)

    assert "Both have WhatsApp +34600111222: Names agree." in page
    assert "Shared by both" in page
    assert "Only in one" in page
    assert '<bdi class="seg seg-amber">VIP</bdi>' in page
    assert "Recommended by Invent" in page
    assert "Show 6 rows that are the same in all" in page


def test_nothing_against_it_so_it_is_ticked(desk: Desk) -> None:
    page = page_of(desk)

    assert page.count(" checked") == 2
    assert "1 contact will be merged into Ana García and disappears" in page
    assert "You have 10 seconds to cancel it." in page
    assert "Merge 1 contact" in page


def test_a_risky_group_has_no_tick(risky: Desk) -> None:
    page = page_of(risky)

    assert page.count(" checked") == 1
    assert "Look closely before you merge" in page
    assert "Bea (2) unsubscribed" in page
    assert "Tick at least one contact" in page


def test_who_is_called_the_same_is_told_apart_by_a_number() -> None:
    """The warning's number stands at the head of that contact's column, and of no other one."""
    shared = email("bea@example.com")
    desk = Desk(
        contact("Bea", shared), contact("Ana", shared), contact("Bea", shared, unsubscribed=True)
    )
    desk.sync()

    page = page_of(desk)

    assert "Bea (3) unsubscribed; Bea (1) and Ana still receive messages." in page
    for number in (1, 3):
        assert f'<bdi>Bea</bdi> <span class="soft">({number})</span>' in page
        assert f'Keep this one<span class="unseen">: Bea ({number})</span>' in page
    assert "<bdi>Ana</bdi></span>" in page


def test_the_numbers_are_there_in_a_group_without_risks_too() -> None:
    """What is shared, and what would be added from whom, is said of one of them."""
    phone, mail = whatsapp("+34600111222"), email("ana@example.com")
    own = email("ana@example.org")
    desk = Desk(
        contact("Ana García", phone, mail),
        contact("Ana García", phone),
        contact("Ana García", mail, own),
    )
    desk.sync()

    page = page_of(desk)

    assert "Look closely before you merge" not in page
    for number in (1, 2, 3):
        assert f'<bdi>Ana García</bdi> <span class="soft">({number})</span>' in page
        assert f'<bdi class="node">Ana García ({number})</bdi>' in page
    assert "Ana García (1) and Ana García (2) both have WhatsApp +34600111222: " in page
    assert "Ana García (2) and Ana García (3) share nothing directly." in page
    assert "added from <bdi>Ana García (3)</bdi>" in page
    assert "Two contacts named" not in page


def test_a_name_that_a_channel_lends_is_told_from_one_of_its_own() -> None:
    """The evidence says that a name is missing, so the head may not look as if there was one."""
    mail = email("franziska@example.com", name="Franziska Weiss")
    phone = whatsapp("+15550101")
    desk = Desk(contact("Franziska Weiss", mail), contact(None, mail, phone), contact(None, phone))
    desk.sync()

    page = page_of(desk)

    assert "A name missing or incomplete" in page
    assert '<bdi>Franziska Weiss</bdi> <span class="soft">(' in page
    assert '<bdi class="soft">Franziska Weiss</bdi> <span class="soft">(' in page
    assert page.count('<span class="small soft">Name from Gmail</span>') == 1
    split = text_of(somebody().get(f"/groups/{desk.group().pk}/split/"))
    assert split.count('<span class="small soft">Name from Gmail</span>') == 1


def test_links_of_strangers_are_text(desk: Desk) -> None:
    page = page_of(desk)

    assert 'href="javascript' not in page
    assert "Link, not to be followed" in page


def test_a_good_link_tells_nothing_to_its_target() -> None:
    good = email("a@example.com", link="https://example.com/a")
    desk = Desk(contact("A", good), contact("A", good))
    desk.sync()

    assert 'href="https://example.com/a" rel="noopener noreferrer nofollow"' in page_of(desk)


def test_hostile_contacts_are_text() -> None:
    hostile = '"><img src=x onerror=alert(1)>\u202e'
    shared = channel(hostile, hostile, name=hostile, link="//evil.example")
    one, other = contact(hostile, shared), contact("B", shared)
    one["id"] = 'a/b?c#"><script>'
    one["segments"] = [segment(hostile, hostile)]
    Desk(one, other).sync()
    group = Group.objects.get()
    client = somebody()
    page = text_of(client.get(f"/groups/{group.pk}/"))

    assert "<img src=x" not in page
    assert "<script>" not in page
    assert "\u202e" not in page
    raw = text_of(client.get(f"/groups/{group.pk}/raw/a/b%3Fc%23%22%3E%3Cscript%3E/"))
    assert "&lt;script&gt;" in raw
    assert "\u202e" not in raw


def test_five_contacts_have_a_row_each_with_the_choice_in_the_frozen_column() -> None:
    shared = [email(f"{letter}@example.com") for letter in "abcde"]
    people = [contact(name, *shared) for name in ("Ana", "Anna", "Ana", None, "Ana")]
    people[0]["channels"].append(whatsapp("+34600111222"))
    desk = Desk(*people)
    desk.sync()
    page = page_of(desk)

    assert "compare-many" in page
    assert "Tick all" in page
    rows = re.findall(r'<th scope="row" class="frozen contact">', page)
    assert len(rows) == 5
    heads = re.findall(r'<span class="row-label">(.*?)</span>', page)
    assert heads[:6] == ["Name", "Gmail", "Gmail", "Gmail", "Further shared", "Other channels"]
    assert "2 channels" in page
    assert 'An<mark class="differs">n</mark>a</bdi>' in page
    assert "(differs in: n)" in page
    assert "that are the same in all" in page


def test_what_is_alike_is_not_called_shared() -> None:
    """One number at two networks may be two people's."""
    shared = [email(f"{letter}@example.com") for letter in "abc"]
    people = [contact("Ana", *shared) for _ in range(5)]
    people[0]["channels"].append(whatsapp("+34600111222"))
    people[1]["channels"].append({**whatsapp("+34 600 111 222"), "type": "sms"})
    desk = Desk(*people)
    desk.sync()
    page = page_of(desk)

    assert "Further shared or alike" in page
    assert "Same number, different channels" in page


def test_a_date_is_an_age_and_a_day_with_the_exact_time_in_reach(desk: Desk) -> None:
    page = page_of(desk)

    summary = (
        r'<summary title="3 May 2024, 10:00 UTC">\d years? ago'
        r' <span class="small soft">3 May 2024</span></summary>'
    )
    assert re.search(summary, page)
    assert '<time datetime="2024-05-03T10:00:00+00:00">3 May 2024, 10:00 UTC</time>' in page


def test_ticking_all_and_none_without_scripts() -> None:
    desk = Desk(*(contact("Ana", email("a@example.com")) for _ in range(6)))
    desk.sync()
    client, group = somebody(), desk.group()
    fields = {"primary": group.primary_contact_id, "acknowledge": "yes", "note": "mine"}
    preview = f"/groups/{group.pk}/preview/"

    everything = text_of(client.post(preview, {**fields, "tick": "all"}))
    assert "5 contacts will be merged into Ana" in everything
    assert "mine</textarea>" in everything
    assert everything.count(" checked") == 6
    nothing = text_of(client.post(preview, {**fields, "sources": ["x"], "tick": "none"}))
    assert nothing.count(" checked") == 1


def test_looking_claims_the_group(desk: Desk) -> None:
    olga, amir = member(Role.OPERATOR, name="olga"), member(Role.APPROVER, name="amir")
    address = f"/groups/{desk.group().pk}/"
    client_of(olga).get(address)
    page = text_of(client_of(amir).get(address))

    assert desk.group().claimed_by == olga.user
    assert "olga has this group open" in page
    assert "Take over" in page


def test_a_viewer_looks_without_claiming_or_deciding(desk: Desk) -> None:
    page = page_of(desk, Role.VIEWER)

    assert desk.group().claimed_by is None
    assert "Shared by both" in page
    assert "Keep this one" not in page
    assert "Not a duplicate" not in page
    assert "Are these the same person?" not in page
    assert "<h1>2 contacts compared</h1>" in page
    assert "Expected result" in page


def test_a_viewer_is_not_asked_to_tick_what_only_others_can(risky: Desk) -> None:
    page = page_of(risky, Role.VIEWER)

    assert "What makes a merge of these risky" in page
    assert "Look closely before you merge" not in page
    assert "Tick at least one contact" not in page
    assert "Expected result" not in page


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (GroupState.DISMISSED, "Not a duplicate · by olga · just now · “why”"),
        (GroupState.SNOOZED, "Snoozed · until 31 December 2026 · by olga"),
        (GroupState.VANISHED, "no longer suggests this group"),
    ],
)
def test_a_decided_group_says_so(desk: Desk, state: GroupState, words: str) -> None:
    until = datetime(2026, 12, 31, tzinfo=UTC) if state == "snoozed" else None
    Group.objects.update(
        state=state,
        decided_by=member(Role.OPERATOR, name="olga").user,
        decided_at=timezone.now(),
        decided_note="why",
        snoozed_until=until,
    )
    page = page_of(desk)

    assert words in page
    assert "Keep this one" not in page
    assert ("Reopen" in page) == (state != GroupState.VANISHED)


def test_a_requested_group_leads_to_its_request(desk: Desk) -> None:
    olga = member(Role.OPERATOR, name="olga")
    client_of(olga).post(f"/groups/{desk.group().pk}/request/", choice(desk.group()))

    page = page_of(desk)
    assert "A merge was requested · by olga" in page
    assert "Look at the request" in page


@pytest.mark.parametrize(
    ("fault", "title", "detail"),
    [
        (Fault.PARTIAL, "Merged in part", "Invent merged only a part of what was sent."),
        (Fault.MORE, "Merged more than asked", "Invent merged more than what was sent."),
    ],
)
def test_a_group_is_not_called_merged_when_it_was_not_merged_as_asked(
    fault: Fault, title: str, detail: str
) -> None:
    desk = anas(4)
    ids = [m.contact_id for m in desk.group().members.all()]
    request = approved(desk, source_ids=ids[1:3])
    past(request, execute_after=1)
    desk.faults.next_merge(fault)
    desk.work()

    page = text_of(somebody().get(f"/groups/{request.group_id}/"))

    assert desk.group().state == GroupState.MERGED
    assert "This group is merged." not in page
    banner = page.partition(f"<p>{title}</p>")[2].partition("Look at the request")[0]
    assert detail in banner
    assert f'href="/requests/{request.pk}/"' in banner


def test_what_changed_since_a_decision(desk: Desk) -> None:
    group = desk.group()
    Group.objects.update(
        decided_as=GroupState.DISMISSED,
        decided_at=timezone.now() - timedelta(days=2),
        decided_evidence={
            "members": [*group.evidence["members"][:1], "contact_gone"],
            "links": [["gmail", "old@example.com", "a", "b"]],
        },
    )
    page = page_of(desk)

    assert "Earlier: not a duplicate · 2 days ago" in page
    assert "Ana García has joined." in page
    assert "Contact contact_gone is gone." in page
    assert "1 more channel in common." in page
    assert "1 channel no longer in common." in page


def test_the_preview_follows_the_choice(risky: Desk) -> None:
    group = risky.group()
    answer = somebody().post(f"/groups/{group.pk}/preview/", choice(group), headers=HTMX)
    fragment = text_of(answer)

    assert "<html" not in fragment
    assert "1 contact will be merged into Bea and disappears" in fragment
    assert 'name="risks" value="unsubscribed"' in fragment
    assert "Ask for approval" in fragment
    assert "Whether the result is unsubscribed or receives messages." in fragment
    assert 'hx-swap-oob="innerHTML"' in fragment


def test_risks_of_the_choice_alone_come_with_their_reasons() -> None:
    """Two that share nothing but through a third: risky only without it."""
    mail, phone = email("ana@example.com"), whatsapp("+34600111222")
    desk = Desk(contact("Ana", mail), contact("Ana", mail, phone), contact("Ana", phone))
    desk.sync()
    group, client = desk.group(), somebody()
    first, _middle, last = [m.contact_id for m in group.members.all()]
    fields = {"primary": first, "sources": [last]}
    reason = "share no channel with each other that the desk can see."
    assert "Look closely before you merge" not in text_of(client.get(f"/groups/{group.pk}/"))

    page = text_of(client.post(f"/groups/{group.pk}/preview/", fields))
    fragment = text_of(client.post(f"/groups/{group.pk}/preview/", fields, headers=HTMX))

    for shown in (page, fragment.split('<div id="cautions" hx-swap-oob="innerHTML">')[1]):
        assert "Look closely before you merge" in shown
        assert f"Ana (1) and Ana (3) {reason}" in shown
    everything = client.post(f"/groups/{group.pk}/preview/", choice(group), headers=HTMX)
    assert "Look closely" not in text_of(everything)


def test_the_bar_cuts_a_long_name_and_still_says_that_it_can_not_be_undone() -> None:
    mail = email("ana@example.com")
    desk = Desk(contact("Ana " * 75, mail), contact("Ana " * 75, mail))
    desk.sync()

    page = page_of(desk)

    (sentence,) = re.findall('<p id="what" role="status"><strong>(.*?)</strong>', page)
    short = "Ana " * 11 + "Ana…"
    assert sentence == (
        f"1 contact will be merged into {short} and disappears; this can&#x27;t be undone."
    )


def test_an_acknowledgement_stands_for_the_risks_that_were_shown(risky: Desk) -> None:
    group, client = risky.group(), somebody()
    fields = choice(group, acknowledge="yes", risks="unsubscribed")
    same = client.post(f"/groups/{group.pk}/preview/", fields, headers=HTMX)
    other = client.post(f"/groups/{group.pk}/preview/", {**fields, "risks": "x"}, headers=HTMX)

    assert "checked" in text_of(same)
    assert "checked" not in text_of(other)


def test_a_preview_sends_nothing_and_only_takes_forms(desk: Desk) -> None:
    client = somebody()
    client.post(f"/groups/{desk.group().pk}/preview/", choice(desk.group()))

    assert desk.group().state == GroupState.OPEN
    assert client.get(f"/groups/{desk.group().pk}/preview/").status_code == 405


def test_the_raw_data_are_as_invent_gave_them(desk: Desk) -> None:
    found = Member.objects.first()
    assert found is not None
    answer = somebody(Role.VIEWER).get(f"/groups/{found.group_id}/raw/{found.contact_id}/")

    assert json.loads(answer.context["json"]) == found.raw
    assert 'rel="noopener' not in text_of(answer)


@pytest.mark.parametrize("what", ["", "raw/contact_none/"])
def test_what_is_not_there_or_not_theirs(desk: Desk, what: str) -> None:
    pk = desk.group().pk
    raw = f"raw/{desk.group().primary_contact_id}/" if what else ""

    assert somebody().get(f"/groups/{pk + 999 if not what else pk}/{what}").status_code == 404
    assert stranger().get(f"/groups/{pk}/{raw}").status_code == 404
    assert somebody().get(f"/groups/{'9' * 40}/").status_code == 404


def test_anonymous_people_sign_in_first(desk: Desk) -> None:
    assert Client().get(f"/groups/{desk.group().pk}/").status_code == 302


def test_a_fixed_number_of_queries(django_assert_num_queries) -> None:
    small = [contact("Ana", email("a@example.com")) for _ in range(2)]
    large = [contact("Bea", email("b@example.com"), whatsapp("+1")) for _ in range(12)]
    Desk(*small, *large).sync()
    client = somebody(Role.APPROVER)
    for group in Group.objects.all():
        with django_assert_num_queries(8):
            assert client.get(f"/groups/{group.pk}/").status_code == 200
