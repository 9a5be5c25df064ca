"""The clients of a worker that serves several organisations, and the worker that does."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from mergeui.accounts.models import Organization, Role
from mergeui.audit.actor import Actor
from mergeui.merging.clients import Clients
from mergeui.merging.management.commands import worker as command
from mergeui.merging.models import MergeRequest, RequestState
from mergeui.merging.proposals import propose
from mergeui.merging.worker import work_off
from mergeui.review.models import Group
from mergeui.sandbox.server import running
from mergeui.sealing import seal
from tests.desk import KEY, member
from tests.teams.brands import HATS_KEY, SEALING, Brands

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def brands(settings: Any) -> Iterator[Brands]:
    """Both behind a socket, each with a key of its own."""
    settings.ENCRYPTION_KEYS, settings.INVENT_API_KEY = [SEALING], KEY
    brands = Brands()
    give(brands.hats, HATS_KEY)
    with running(brands.sandbox) as url:
        settings.INVENT_API_URL = url
        yield brands


def give(organization: Organization, key: str) -> None:
    organization.sealed_key = seal(key, purpose=organization.key_purpose) if key else ""
    organization.save()


def names(clients: Clients) -> list[str]:
    return [organization.name for organization, _client in clients.served()]


def test_each_organisation_is_served_by_its_own_key(brands: Brands) -> None:
    call_command("worker", "--once")

    groups = {group.organization.name: group.names for group in Group.objects.all()}
    assert groups == {"My team": ["Ana"], "Hats": ["Boris"]}


def test_each_merge_goes_to_its_own_org(brands: Brands) -> None:
    call_command("worker", "--once")
    for group in Group.objects.select_related("organization"):
        actor = Actor.member(member(Role.OPERATOR, group.organization))
        ids = [m.contact_id for m in group.members.all()]
        primary = group.primary_contact_id
        sources = [one for one in ids if one != primary]
        propose(group, primary_id=primary, source_ids=sources, acknowledged=False, by_user=actor)
    call_command("worker", "--once")

    assert {request.state for request in MergeRequest.objects.all()} == {RequestState.MERGED}
    assert [len(org.directory) for org in brands.world.orgs.values()] == [1, 1, 2]


def test_a_key_that_is_entered_or_taken_away_is_heard(
    brands: Brands, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    met: list[str] = []
    with Clients(arrives=lambda organization: met.append(organization.name)) as clients:
        assert names(clients) == ["My team", "Hats"]
        before = dict(clients.served())
        assert dict(clients.served()) == before  # the same ones

        give(brands.hats, "another-key")
        after = dict(clients.served())
        assert after[brands.hats] is not before[brands.hats]
        assert after[brands.shoes] is before[brands.shoes]

        give(brands.hats, "")
        assert names(clients) == ["My team"]
        give(brands.hats, HATS_KEY)
        assert names(clients) == ["My team", "Hats"]

        settings.ENCRYPTION_KEYS = []
        assert names(clients) == names(clients) == ["My team"]
    assert met == ["My team", "Hats", "Hats"]
    assert caplog.text.count("is left alone: A stored key can't be opened") == 1


def test_with_no_key_anywhere_it_does_not_begin(brands: Brands, settings: Any) -> None:
    settings.INVENT_API_KEY = ""
    give(brands.hats, "")
    with pytest.raises(CommandError, match="INVENT_API_KEY is not set"):
        call_command("worker", "--once")


def test_one_has_its_turn_after_a_portion_of_the_other(brands: Brands) -> None:
    call_command("worker", "--once")
    group = Group.objects.get(organization=brands.hats)
    actor = Actor.member(member(Role.OPERATOR, brands.hats))
    ids = [m.contact_id for m in group.members.all() if m.contact_id != group.primary_contact_id]
    propose(
        group,
        primary_id=group.primary_contact_id,
        source_ids=ids,
        acknowledged=False,
        by_user=actor,
    )
    with Clients() as clients:
        client = dict(clients.served())[brands.hats]
        assert work_off(brands.hats, client=client, most=0) == 0
        assert work_off(brands.hats, client=client, most=1) == 1


def test_an_organisation_that_comes_later_is_looked_at_first(
    brands: Brands, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    monkeypatch.setattr(command, "check_memory", lambda one: looked.append(one.name))
    worker = command.Command()
    worker.known = {brands.shoes.pk}
    for organization in (brands.shoes, brands.hats, brands.hats):
        worker.meet(organization)
    assert looked == ["Hats"]
