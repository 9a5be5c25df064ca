"""Organisations of the desk: added by hand, and the sub-orgs of a parent."""

import pytest

from mergeui.accounts.models import Membership, Organization, Role
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.describe import describe
from mergeui.audit.models import Entry
from mergeui.errors import Invalid, NotAllowed
from mergeui.sandbox import Fault
from mergeui.teams import found
from tests.desk import member
from tests.teams.brands import Brands


@pytest.fixture
def admin(brands: Brands) -> Actor:
    return Actor.member(member(Role.ADMIN, brands.hats))


def test_an_organisation_is_added_with_an_entry_in_its_own_history(brands: Brands) -> None:
    made = found.add(" Belts \n & more ", "org_belts", by_user=Actor.system(None))

    assert made.name == "Belts & more"
    entry = Entry.objects.latest("number")
    assert (entry.action, entry.organization) == (Action.ORGANIZATION_ADDED, made)
    assert describe(entry) == "The system added this organisation to the desk (org_belts)."


@pytest.mark.parametrize(
    ("name", "number", "sentence"),
    [
        (" ", "org_x", "a name"),
        ("x" * 201, "org_x", "a name"),
        ("Belts", "", "the id of the org"),
        ("Belts", "..", "the id of the org"),
        ("Belts", "org/x", "the id of the org"),
        ("Belts", "org_hats", "an organisation for org_hats already"),
    ],
)
def test_what_can_not_be_one_is_refused(
    brands: Brands, name: str, number: str, sentence: str
) -> None:
    with pytest.raises(Invalid, match=sentence):
        found.add(name, number, by_user=Actor.system(None))
    assert Organization.objects.count() == 2


def test_sub_orgs_are_those_that_the_desk_does_not_have(brands: Brands, admin: Actor) -> None:
    with brands.client() as client:
        listed = found.sub_orgs(brands.hats, client=client, by_user=admin)
        assert [(one.id, one.name) for one in listed] == [("org_caps", "Caps")]

        made = found.add_sub_org(brands.hats, "org_caps", client=client, by_user=admin)
        assert (made.name, made.parent) == ("Caps", brands.hats)
        assert Membership.objects.get(organization=made).user == admin.user

        assert found.sub_orgs(brands.hats, client=client, by_user=admin) == []
        with pytest.raises(Invalid, match="lists no such sub-org"):
            found.add_sub_org(brands.hats, "org_caps", client=client, by_user=admin)


def test_while_invent_is_away_the_sub_orgs_are_not_known(brands: Brands, admin: Actor) -> None:
    brands.sandbox.faults.set(read=Fault.STATUS, read_status=503)
    with brands.client() as client, pytest.raises(Invalid):
        found.sub_orgs(brands.hats, client=client, by_user=admin)


def test_an_approver_may_not_ask(brands: Brands) -> None:
    approver = Actor.member(member(Role.APPROVER, brands.hats))
    with brands.client() as client, pytest.raises(NotAllowed):
        found.sub_orgs(brands.hats, client=client, by_user=approver)
