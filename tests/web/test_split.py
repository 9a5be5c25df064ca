"""The page that splits a group into several merges."""

import re
from typing import Any

import pytest
from django.test import Client

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.models import Entry
from mergeui.merging.models import MergeRequest
from mergeui.review.models import Group, GroupState, NotDuplicate
from tests.contacts import contact, email, whatsapp
from tests.desk import Desk, actor
from tests.web.cast import HTMX, somebody, stranger, text_of

pytestmark = pytest.mark.django_db

OFFICE = whatsapp("+15550101")
RISKS = re.compile(r'name="risks-1" value="([^"]+)"')


@pytest.fixture
def desk() -> Desk:
    """Ana twice, Bea twice (one has unsubscribed) and Carl behind one office phone."""
    desk = Desk(
        contact("Ana García", OFFICE, email("ana@example.com")),
        contact("Ana García", OFFICE),
        contact("Bea Ruiz", OFFICE),
        contact("Bea Ruiz", OFFICE, unsubscribed=True),
        contact("Carl Meyer", OFFICE),
    )
    desk.sync()
    return desk


def address(desk: Desk, what: str = "") -> str:
    return f"/groups/{Group.objects.get().pk}/split/{what}"


def fields(desk: Desk, parts: str = "11220", **more: Any) -> dict[str, Any]:
    """The form: the merge of each contact in their order, what is risky about Bea read."""
    ids = list(Group.objects.get().members.values_list("contact_id", flat=True))
    seats = {f"part-{seat}": part for seat, part in enumerate(parts)}
    read = {"risks-2": "unsubscribed", "acknowledge-2": "yes"}
    return {"contacts": ids, **seats, **read, **more}


def test_it_suggests_those_whose_names_agree(desk: Desk) -> None:
    page = text_of(somebody().get(address(desk)))

    assert re.findall(r'name="part-(\d)" value="(\d)" checked', page) == [
        ("0", "1"),
        ("1", "1"),
        ("2", "2"),
        ("3", "2"),
        ("4", "0"),
    ]
    assert "2 merges of 4 contacts, 1 contact left out." in page
    assert "Ask for 2 merges" in page
    assert "Bea Ruiz (4) unsubscribed; Bea Ruiz (3) still receives messages." in page
    assert 'name="acknowledge-2" value="yes">' in page
    assert "acknowledge-1" not in page


def test_who_is_called_the_same_has_one_number_all_over_the_page(desk: Desk) -> None:
    """In the table, in each merge and in its warnings: the place in the group."""
    page = text_of(somebody().get(address(desk)))
    table, merges = page.split('<div class="compare-side">')

    for number, name in enumerate(["Ana García"] * 2 + ["Bea Ruiz"] * 2, start=1):
        assert f'<bdi>{name}</bdi> <span class="soft">({number})</span>' in table
        assert f'role="radiogroup" aria-label="{name} ({number})"' in table
        assert merges.count(f"<bdi>{name}</bdi> ({number})") == 1
    assert "<bdi>Carl Meyer</bdi></span>" in table
    swapped = fields(desk, **{"primary-1": fields(desk)["contacts"][1]})
    merges = text_of(somebody().post(address(desk, "preview/"), swapped, headers=HTMX))
    assert "added from <bdi>Ana García (1)</bdi>" in merges


def test_it_suggests_nobody_together_who_shares_nothing() -> None:
    """Names alone say little: the two stand here because each shares something with the others."""
    phone, mail = whatsapp("+15550107"), email("ana@example.com")
    people = [
        contact("Ana García", mail),
        contact("Ana", phone),
        contact("Bea Ruiz", phone),
        contact("Ana García", phone, mail),
    ]
    Desk(*people).sync()
    group = Group.objects.get()
    page = text_of(somebody().get(f"/groups/{group.pk}/split/"))

    parts = re.findall(r'name="part-\d" value="(\d)" checked', page)
    ids = group.members.values_list("contact_id", flat=True)
    part_of = dict(zip(ids, parts, strict=True))
    ana, short, bea, both = (part_of[one["id"]] for one in people)
    assert sorted((ana, short)) == ["0", "1"]
    assert (bea, both) == ("0", "1")


def test_the_compare_page_leads_there(desk: Desk) -> None:
    pk = Group.objects.get().pk
    assert f'href="/groups/{pk}/split/" data-key="p"' in text_of(somebody().get(f"/groups/{pk}/"))

    Desk(contact("A", email("a@x.org")), contact("A", email("a@x.org"))).sync()
    pair = Group.objects.latest("pk")
    assert "/split/" not in text_of(somebody().get(f"/groups/{pair.pk}/"))


def test_one_confirmation_makes_both_requests(desk: Desk) -> None:
    client = somebody()
    answer = client.post(address(desk, "request/"), fields(desk, note="Two people.", rest="yes"))

    assert answer.status_code == 303
    first, second = MergeRequest.objects.order_by("pk")
    assert (first.note, second.note) == ("Two people.", "Two people.")
    assert second.needs_approval
    assert NotDuplicate.objects.count() == 8
    pk = Group.objects.get().pk
    page = text_of(client.get(f"/groups/{pk}/"))
    assert f"/requests/{first.pk}/" in page
    assert f"/requests/{second.pk}/" in page
    assert f"/requests/{second.pk}/" in text_of(client.get(f"/requests/{first.pk}/"))


def test_the_primary_of_each_is_chosen(desk: Desk) -> None:
    chosen = fields(desk)
    chosen["primary-1"], chosen["primary-2"] = chosen["contacts"][1], chosen["contacts"][4]
    page = text_of(somebody().post(address(desk, "preview/"), chosen))
    somebody().post(address(desk, "request/"), chosen)
    first, second = MergeRequest.objects.order_by("pk")

    assert f'name="primary-1" value="{chosen["contacts"][1]}" checked' in page
    assert first.primary_contact_id == chosen["contacts"][1]
    # What is kept can't be a contact of another merge: then the first of its own is.
    assert second.primary_contact_id == chosen["contacts"][2]


def test_the_preview_follows(desk: Desk) -> None:
    client = somebody()
    fragment = text_of(client.post(address(desk, "preview/"), fields(desk, "11122"), headers=HTMX))

    assert "<html" not in fragment
    assert "2 merges of 5 contacts, nobody left out." in fragment
    assert "don&#x27;t look like the same name" in fragment
    alone = text_of(client.post(address(desk, "preview/"), fields(desk, "10000"), headers=HTMX))
    assert "One more contact is needed" in alone
    nobody = text_of(client.post(address(desk, "preview/"), fields(desk, "00000"), headers=HTMX))
    assert "No merge yet." in nobody
    assert "Ask for the merges" in nobody


def test_where_one_merge_takes_everybody_there_are_no_others(desk: Desk) -> None:
    client = somebody()
    some = text_of(client.post(address(desk, "preview/"), fields(desk, "11122"), headers=HTMX))
    whole = text_of(client.post(address(desk, "preview/"), fields(desk, "11111"), headers=HTMX))

    assert "data-all-in-one" in whole
    assert "data-all-in-one" not in some

    # Ticked before the last one was put in: it is about nobody, and the history doesn't say so.
    read = {"risks-1": RISKS.findall(whole)[0], "acknowledge-1": "yes"}
    answer = client.post(address(desk, "request/"), fields(desk, "11111", rest="yes", **read))
    assert answer.status_code == 303
    assert not NotDuplicate.objects.exists()
    assert Entry.objects.get(action=Action.GROUP_SPLIT).facts["rest_differ"] is False


def test_a_crowd_is_in_no_merge_until_somebody_puts_it_there() -> None:
    """Nor is it kept quiet why: one address that so many have is no one's."""
    Desk(
        *[contact("Newsletter Import", OFFICE) for _ in range(7)],
        *[contact("Bea Ruiz", OFFICE) for _ in range(2)],
    ).sync()
    page = text_of(somebody().get(f"/groups/{Group.objects.get().pk}/split/"))

    chosen = re.findall(r'name="part-(\d)" value="(\d)" checked', page)
    assert chosen == [(str(seat), "0") for seat in range(7)] + [("7", "1"), ("8", "1")]
    assert "9 contacts have WhatsApp +15550101: it may belong to an office" in page


@pytest.mark.parametrize(
    ("more", "status", "words"),
    [
        ({"acknowledge-2": ""}, 400, "Merge 2: This merge is risky"),
        ({"risks-2": "names"}, 400, "Merge 2: This merge is risky"),
        ({"part-2": "0"}, 400, "Merge 2: Tick at least one contact"),
        ({"part-0": "0", "part-1": "0", "part-2": "x", "part-3": "9"}, 400, "at least two"),
        ({"note": "x" * 2_001}, 400, "The note is too long"),
        ({"fingerprint": "0" * 64}, 409, "have changed since"),
    ],
)
def test_refused_nothing_is_lost(desk: Desk, more: dict[str, str], status: int, words: str) -> None:
    answer = somebody().post(address(desk, "request/"), fields(desk, **{"note": "mine", **more}))
    page = text_of(answer)

    assert answer.status_code == status
    assert words in page
    assert f"{more.get('note', 'mine')}</textarea>" in page
    assert 'name="part-1" value="1" checked' in page or "part-1" in more
    assert not MergeRequest.objects.exists()


def test_somebody_was_faster(desk: Desk) -> None:
    desk.propose(actor(Role.OPERATOR), acknowledged=True)
    client = somebody()
    answer = client.post(address(desk, "request/"), fields(desk, note="mine"))

    assert answer.status_code == 409
    assert "A merge of this group was requested" in text_of(answer)
    gone = client.get(address(desk))
    assert (gone.status_code, gone.headers["Location"]) == (302, f"/groups/{desk.group().pk}/")


def test_one_of_them_taken_back(desk: Desk) -> None:
    client = somebody()
    client.post(address(desk, "request/"), fields(desk))
    first, second = MergeRequest.objects.order_by("pk")
    client.post(f"/requests/{first.pk}/cancel/")
    page = text_of(client.get(f"/requests/{first.pk}/"))

    assert Group.objects.get().state == GroupState.REQUESTED
    assert "The group is back in the queue." not in page
    assert "Another merge of this group goes on." in page
    client.post(f"/requests/{second.pk}/cancel/")
    assert "The group is back in the queue." in text_of(client.get(f"/requests/{first.pk}/"))


def test_what_was_chosen_survives_a_lost_session(desk: Desk) -> None:
    client = Client()
    client.post(address(desk, "request/"), fields(desk, "10102", note="mine"))
    client.force_login(actor(Role.OPERATOR).user)
    page = text_of(client.get(address(desk)))

    assert "mine</textarea>" in page
    assert 'name="part-2" value="1" checked' in page


def test_who_may_and_whose_it_is(desk: Desk) -> None:
    assert somebody(Role.VIEWER).get(address(desk)).status_code == 403
    assert stranger().get(address(desk)).status_code == 404
    assert Client().get(address(desk)).status_code == 302
    for what in ("preview/", "request/"):
        assert somebody(Role.VIEWER).post(address(desk, what)).status_code == 403
        assert somebody().get(address(desk, what)).status_code == 405
        assert stranger().post(address(desk, what)).status_code == 404


def test_a_fixed_number_of_queries(desk: Desk, django_assert_max_num_queries) -> None:
    client = somebody()
    client.get(address(desk))
    Desk(*[contact("Dora", email("d@x.org")) for _ in range(20)]).sync()
    for group in Group.objects.all():
        with django_assert_max_num_queries(5):
            client.get(f"/groups/{group.pk}/split/")
