"""Keys of Invent: tried, sealed, refused, taken away, sealed anew."""

from typing import Any

import pytest
from cryptography.fernet import Fernet

from mergeui.accounts.models import KeySource, Organization, Role
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.describe import describe
from mergeui.audit.models import Entry
from mergeui.errors import Invalid, NotAllowed, Stale
from mergeui.merging.standing import Halt, halt, halted
from mergeui.review.sync import request_sync, sync
from mergeui.sandbox import Fault
from mergeui.teams import keys
from tests.desk import KEY, member
from tests.teams.brands import HATS_KEY, SEALING, Brands


def admin_of(organization: Organization) -> Actor:
    return Actor.member(member(Role.ADMIN, organization))


def enter(brands: Brands, key: str = HATS_KEY, by_user: Actor | None = None) -> None:
    given = keys.candidate(brands.hats, key)
    with brands.connect(given) as client:
        keys.set_key(given, client=client, by_user=by_user or admin_of(brands.hats))


def mirror(brands: Brands, organization: Organization, client: Any) -> None:
    system = Actor.system(organization)
    sync(request_sync(organization, by_user=system), client=client, by_user=system)


def test_a_key_is_tried_and_sealed(brands: Brands) -> None:
    enter(brands, f"  {HATS_KEY}\n")

    hats = Organization.objects.get(pk=brands.hats.pk)
    assert hats.key_source == KeySource.OWN
    assert hats.api_key() == HATS_KEY
    assert HATS_KEY not in hats.sealed_key
    assert keys.shown(hats) == f"Entered here (…abcd, {hats.key_fingerprint})"


def test_the_history_knows_the_fingerprint_alone(brands: Brands) -> None:
    enter(brands)

    entry = Entry.objects.latest("number")
    assert (entry.action, entry.organization) == (Action.KEY_SET, brands.hats)
    assert brands.hats.key_fingerprint in describe(entry)
    assert HATS_KEY not in entry.facts_text


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("", "Enter the key"),
        ("two words", "can't be a key"),
        ("ключ", "can't be a key"),
        ("k" * 501, "can't be a key"),
        ("wrong", "Invent refuses this key"),
        (KEY, "does not reach the org org_hats"),
    ],
)
def test_what_is_no_key_of_this_org_is_refused(brands: Brands, key: str, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        enter(brands, key)

    assert not Organization.objects.exclude(sealed_key="").exists()
    assert not Entry.objects.filter(action=Action.KEY_SET).exists()


def test_while_invent_is_away_nothing_is_stored(brands: Brands) -> None:
    brands.sandbox.faults.set(read=Fault.STATUS, read_status=503)
    with pytest.raises(Invalid, match="Invent could not be asked, so nothing was stored"):
        enter(brands)


def test_an_org_of_invent_belongs_to_one_organisation(brands: Brands) -> None:
    """Under its id and as the key's own org: two would not see each other's locks."""
    mirror(brands, brands.shoes, brands.client("c", HATS_KEY))
    with pytest.raises(Invalid, match="belong to My team already"):
        enter(brands)


def test_the_contacts_of_another_org_are_not_mixed_in(brands: Brands) -> None:
    mirror(brands, brands.hats, brands.client("org_shoes", KEY))
    with pytest.raises(Invalid, match="This key is of another org"):
        enter(brands)


def test_another_key_of_the_same_org_is_taken(brands: Brands) -> None:
    enter(brands)
    mirror(brands, brands.hats, brands.client())
    brands.sandbox.keys["another-key-of-the-hats"] = "org_hats"

    enter(brands, "another-key-of-the-hats")
    assert brands.hats.api_key() == "another-key-of-the-hats"


@pytest.mark.parametrize("why", [Halt.KEY, Halt.FORBIDDEN])
def test_merges_that_a_refused_key_had_halted_go_on(brands: Brands, why: Halt) -> None:
    halt(brands.hats, why, "Invent refuses the key.")
    halt(brands.shoes, Halt.KEY, "Invent refuses the key.")

    enter(brands)
    assert halted(brands.hats) is None
    assert halted(brands.shoes)


def test_a_new_key_ends_no_halt_of_a_gap(brands: Brands) -> None:
    halt(brands.hats, Halt.KEY, "Invent refuses the key.")
    halt(brands.hats, Halt.GAP, "The database is old.")

    enter(brands)
    assert halted(brands.hats).halted_as == Halt.GAP


def test_that_of_the_environment_wins_and_is_changed_there(brands: Brands, settings: Any) -> None:
    settings.INVENT_API_KEY = "a-long-key-of-the-environment"
    with pytest.raises(Invalid, match="INVENT_API_KEY"):
        keys.candidate(brands.shoes, "another")

    assert brands.shoes.key_source == KeySource.ENVIRONMENT
    assert keys.shown(brands.shoes).startswith("From the environment (…ment, ")
    settings.INVENT_API_KEY = "short"
    assert "short" not in keys.shown(brands.shoes)


def test_without_a_key_of_its_own_a_sub_org_goes_by_its_parents(brands: Brands) -> None:
    caps = Organization.objects.create(
        invent_org_id="org_caps", name="Caps", parent=Organization.objects.get(pk=brands.hats.pk)
    )
    assert (caps.key_source, keys.shown(caps)) == (KeySource.NONE, "None yet")
    with pytest.raises(Invalid, match="Caps has no key of Invent yet"):
        caps.api_key()

    enter(brands)
    caps = Organization.objects.select_related("parent").get(pk=caps.pk)
    assert (caps.api_key(), keys.shown(caps)) == (HATS_KEY, "That of the parent org: Hats")
    with brands.connect(caps) as client:
        assert client.duplicate_groups_page().items[0].primary.name == "Carla"


def test_a_key_is_taken_away(brands: Brands) -> None:
    enter(brands)
    keys.forget_key(brands.hats, by_user=admin_of(brands.hats))

    assert brands.hats.key_source == KeySource.NONE
    assert Entry.objects.latest("number").action == Action.KEY_FORGOTTEN
    with pytest.raises(Stale):
        keys.forget_key(brands.hats, by_user=admin_of(brands.hats))


def test_an_approver_may_do_neither(brands: Brands) -> None:
    approver = Actor.member(member(Role.APPROVER, brands.hats))
    with pytest.raises(NotAllowed):
        enter(brands, by_user=approver)
    with pytest.raises(NotAllowed):
        keys.forget_key(brands.hats, by_user=approver)


def test_keys_are_sealed_anew(brands: Brands, settings: Any) -> None:
    enter(brands)
    newer = Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [newer, SEALING]

    assert keys.rotate() == 1
    settings.ENCRYPTION_KEYS = [newer]
    assert Organization.objects.get(pk=brands.hats.pk).api_key() == HATS_KEY
    assert Entry.objects.latest("number").action == Action.KEY_SEALED_ANEW


def test_what_can_not_be_opened_stops_the_sealing_anew(brands: Brands, settings: Any) -> None:
    enter(brands)
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(Invalid, match="can't be opened"):
        keys.rotate()
    with pytest.raises(Invalid, match="ENCRYPTION_KEYS is not what it was sealed with"):
        brands.hats.api_key()


def test_a_sealed_key_is_of_use_to_its_own_row_alone(brands: Brands) -> None:
    enter(brands)
    thief = Organization.objects.create(
        invent_org_id="org_thief", name="Thief", sealed_key=brands.hats.sealed_key
    )
    with pytest.raises(Invalid, match="can't be opened"):
        thief.api_key()


def test_nothing_is_sealed_without_a_key_to_seal_with(brands: Brands, settings: Any) -> None:
    settings.ENCRYPTION_KEYS = []
    with pytest.raises(Invalid, match="ENCRYPTION_KEYS is not set"):
        enter(brands)
