"""After a decision comes the next group of the list: whichever way it is asked for."""

from datetime import timedelta

import pytest
from django.http import QueryDict
from django.utils import timezone

from mergeui.accounts.models import Organization, Role
from mergeui.review.asking import merged_among, one_of
from mergeui.review.models import Group
from mergeui.web import onward
from mergeui.web.forms import QueueForm
from mergeui.web.looking import find
from mergeui.web.queue import ORDERS, STATES
from tests.contacts import contact, email
from tests.desk import Desk, member
from tests.web.cast import client_of, somebody

pytestmark = pytest.mark.django_db

LARGEST = 2**63 - 1


@pytest.fixture
def groups() -> list[Group]:
    """Five of different sizes and names, one decided, one that somebody else has open."""
    Desk(
        *(
            contact(name, email(f"{name}@example.com"))
            for name, size in (("Ana", 2), ("Bo", 4), ("Cy", 3), ("Di", 2), ("Eve", 2))
            for _ in range(size)
        )
    ).sync()
    made = list(Group.objects.order_by("pk"))
    Group.objects.filter(pk=made[1].pk).update(state="dismissed")
    Group.objects.filter(pk=made[3].pk).update(
        claimed_by=member(Role.OPERATOR).user, claimed_until=timezone.now() + timedelta(minutes=5)
    )
    return list(Group.objects.order_by("pk"))


@pytest.mark.parametrize("sort", ORDERS)
@pytest.mark.parametrize("state", STATES)
def test_the_kept_question_finds_what_the_list_finds(
    groups: list[Group], sort: str, state: str
) -> None:
    organization, user = Organization.objects.configured(), member(Role.OPERATOR).user
    wanted = QueueForm(QueryDict(f"sort={sort}&state={state}")).wanted()
    for group in groups:
        place, now = getattr(group, ORDERS[sort].column), timezone.now()
        listed = onward._after(find(organization, wanted), sort, place, group.pk, user, now)
        kept = onward._in_whole_list(sort, state).first(
            organization=organization.pk, place=place, pk=group.pk, user=user.pk, now=now
        )
        assert kept == listed.first()


def test_all_are_come_by_in_turn_but_what_somebody_else_has_open(
    groups: list[Group],
) -> None:
    operator = somebody()
    here, seen = groups[0].pk, []
    while True:
        answer = operator.get(f"/groups/{here}/next/")
        number = answer["Location"].strip("/").rpartition("/")[2]
        if not number.isdigit():
            break
        here = int(number)
        seen.append(here)
    assert seen == [groups[2].pk, groups[4].pk]


def test_a_filter_and_a_sync_that_goes_on_are_heeded(groups: list[Group]) -> None:
    browser = client_of(member(Role.OPERATOR))
    browser.get("/groups/?q=eve")

    def onwards() -> str:
        return str(browser.get(f"/groups/{groups[0].pk}/next/")["Location"])

    assert onwards().endswith(f"/{groups[4].pk}/")
    browser.get("/groups/")
    Organization.objects.update(arriving_after=groups[0].pk)
    assert onwards() == "/groups/"


def test_one_group_by_its_number(groups: list[Group]) -> None:
    ours = Organization.objects.configured()
    others = Organization.objects.create(invent_org_id="org_other", name="Others")
    last = groups[-1]
    assert one_of(ours, last.pk) == last
    assert one_of(others, last.pk) is None
    for number in (0, LARGEST, LARGEST + 1, 10**30):
        assert one_of(ours, number) is None
        assert somebody().get(f"/groups/{number}/").status_code == 404
    assert merged_among(ours, []) is None
    ours.arriving_after = groups[-2].pk
    assert one_of(ours, last.pk) is None
    assert one_of(ours, groups[-2].pk) == groups[-2]
    # People put it together while the sync was going on.
    Group.objects.filter(pk=last.pk).update(made_by=member(Role.OPERATOR).user)
    assert one_of(ours, last.pk) == last
