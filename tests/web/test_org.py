"""manage.py org: organisations and keys by command."""

import io
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from mergeui import connect as connection
from mergeui.accounts.models import Organization, Role
from mergeui.audit.actor import Actor
from mergeui.audit.describe import describe
from mergeui.audit.models import Entry
from mergeui.invent import OverBudget
from mergeui.teams import policy
from tests.desk import member
from tests.teams.brands import HATS_KEY, SEALING, Brands


@pytest.fixture
def brands(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Brands:
    settings.ENCRYPTION_KEYS = [SEALING]
    brands = Brands()
    monkeypatch.setattr("mergeui.web.management.commands.org.connect", brands.connect)
    return brands


def org(*words: str) -> str:
    out = io.StringIO()
    call_command("org", *words, stdout=out)
    return out.getvalue()


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_organisations_are_listed_with_what_may_be_shown_of_their_keys(
    brands: Brands, typed: Any
) -> None:
    typed(f"{HATS_KEY}\n")
    assert "Invent takes the key of Hats: Entered here (…abcd, " in org("key", "hats", "--stdin")

    first, second = org("list").splitlines()
    assert first.startswith(f"{brands.shoes.pk}\tMy team\tc\tFrom the environment")
    assert second.startswith(f"{brands.hats.pk}\tHats\torg_hats\tEntered here")
    assert HATS_KEY not in org("list")


def test_one_is_added_with_its_key(brands: Brands, typed: Any) -> None:
    brands.hats.delete()
    typed(HATS_KEY)
    said = org("add", "Hats", "--invent-org", "org_hats", "--key-stdin")
    made = Organization.objects.get(name="Hats")
    assert f"Hats is organisation {made.pk} of this desk." in said
    assert made.api_key() == HATS_KEY


def test_one_whose_key_is_refused_is_not_added(brands: Brands, typed: Any) -> None:
    brands.hats.delete()
    out = io.StringIO()
    typed("wrong")
    with pytest.raises(CommandError, match=r"Invent refuses this key\. Nothing was stored\."):
        call_command("org", "add", "Hats", "--invent-org", "org_hats", "--key-stdin", stdout=out)
    assert out.getvalue() == ""
    assert not Organization.objects.filter(name="Hats").exists()
    assert not Entry.objects.exists()
    typed(HATS_KEY)
    org("add", "Hats", "--invent-org", "org_hats", "--key-stdin")


def test_one_whose_key_can_not_be_stored_is_not_added(
    brands: Brands, typed: Any, settings: Any
) -> None:
    brands.hats.delete()
    settings.ENCRYPTION_KEYS = []
    typed(HATS_KEY)
    with pytest.raises(CommandError, match="ENCRYPTION_KEYS is not set"):
        org("add", "Hats", "--invent-org", "org_hats", "--key-stdin")
    assert not Organization.objects.filter(name="Hats").exists()


def test_one_that_is_there_is_said_before_its_key_is_tried(brands: Brands, typed: Any) -> None:
    typed("wrong")
    with pytest.raises(CommandError, match="There is an organisation for org_hats already"):
        org("add", "Hats", "--invent-org", "org_hats", "--key-stdin")


def test_one_is_added_under_a_parent(brands: Brands) -> None:
    org("add", "Caps", "--invent-org", "org_caps", "--parent", "org_hats")
    assert Organization.objects.get(name="Caps").parent == brands.hats


def test_a_key_is_taken_away_and_what_is_refused_is_one_line(brands: Brands, typed: Any) -> None:
    typed(HATS_KEY)
    org("key", str(brands.hats.pk), "--stdin")
    assert org("key", "Hats", "--forget") == "The key of Hats was taken away.\n"
    with pytest.raises(CommandError, match="There is no stored key"):
        org("key", "Hats", "--forget")
    typed("wrong")
    with pytest.raises(CommandError, match="Invent refuses this key"):
        org("key", "Hats", "--stdin")
    with pytest.raises(CommandError, match="names no organisation"):
        org("key", "nobody", "--stdin")


def test_one_has_its_share_of_the_budget(brands: Brands) -> None:
    assert org("budget", "Hats", "60") == "The budget of Hats: 60 requests a minute.\n"
    assert Organization.objects.get(name="Hats").requests_per_minute == 60
    entry = Entry.objects.latest("number")
    assert describe(entry) == "The system changed the policy (60 requests a minute)."
    with pytest.raises(CommandError, match="1 to 100000"):
        org("budget", "Hats", "0")

    assert org("budget", "Hats") == "The budget of Hats: 60 requests a minute.\n"
    assert Organization.objects.get(name="Hats").requests_per_minute == 60
    assert "all that this host may ask" in org("budget", "Hats", "--all")
    assert Organization.objects.get(name="Hats").requests_per_minute is None
    with pytest.raises(CommandError, match="--all"):
        org("budget", "Hats", "60", "--all")


def test_a_budget_that_stays_is_no_entry(brands: Brands) -> None:
    org("budget", "Hats", "60")
    count = Entry.objects.count()
    org("budget", "Hats", "60")
    org("budget", "Hats")
    assert Entry.objects.count() == count


def test_a_policy_is_shown_and_made_stricter(brands: Brands) -> None:
    assert "four_eyes = risky" in org("policy", "Hats")
    said = org("policy", "Hats", "--four-eyes", "always", "--cool-off", "60")
    assert "four_eyes = always" in said
    assert "cool_off_seconds = 60" in said
    entry = Entry.objects.latest("number")
    assert describe(entry).startswith("The system changed the policy (")


@pytest.mark.parametrize("seconds", ["-3", "86401", "999999"])
def test_a_time_to_cancel_that_can_not_be_names_what_can(brands: Brands, seconds: str) -> None:
    with pytest.raises(CommandError, match="for 0 to 86400 seconds"):
        org("policy", "Hats", "--cool-off", seconds)
    assert Organization.objects.get(name="Hats").cool_off_seconds is None


def test_who_confirms_reads_what_will_hold(brands: Brands) -> None:
    org("policy", "Hats", "--cool-off", "60")
    hats = Organization.objects.get(name="Hats")
    wanted = policy.columns_of(hats) | {"cool_off_seconds": None}  # as the installation has it
    policy.change(hats, wanted, by_user=Actor.member(member(Role.ADMIN, hats)))
    assert "(--confirm): cool_off_seconds = 10\n" in org("policy", "Hats")


def test_looser_takes_an_admin_first_and_then_whoever_runs_the_desk(brands: Brands) -> None:
    with pytest.raises(CommandError, match="an admin of the team has to ask for it"):
        org("policy", "Hats", "--single-operator", "on")
    with pytest.raises(CommandError, match="Nothing waits"):
        org("policy", "Hats", "--confirm")

    ada = Actor.member(member(Role.ADMIN, brands.hats))
    wanted = policy.columns_of(brands.hats) | {"four_eyes": "never"}
    policy.change(brands.hats, wanted, by_user=ada)
    assert "Waits for a second person (--confirm): four_eyes = never\n" in org("policy", "Hats")
    assert "four_eyes = never" in org("policy", "Hats", "--confirm")
    assert describe(Entry.objects.latest("number")).startswith("The system confirmed the looser")


def test_a_client_keeps_to_the_share_and_to_the_budget_of_all(
    brands: Brands, settings: Any
) -> None:
    settings.INVENT_REQUESTS_PER_MINUTE = 1
    settings.INVENT_API_URL = "https://of-this-test-alone.example"
    brands.shoes.requests_per_minute = 1_000
    limiter = connection._limiter(brands.shoes, patience=0)
    limiter.acquire()
    with pytest.raises(OverBudget):
        limiter.acquire()


def test_keys_are_sealed_anew(brands: Brands, typed: Any, settings: Any) -> None:
    typed(HATS_KEY)
    org("key", "Hats", "--stdin")
    newer = org("new-key").strip()
    Fernet(newer)
    settings.ENCRYPTION_KEYS = [newer, SEALING]
    assert org("rotate").startswith("Sealed anew: 1 keys and 0 second factors.")


def test_a_key_is_typed_unseen(brands: Brands, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="no terminal"):
        org("key", "Hats")

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("getpass.getpass", lambda words: HATS_KEY)
    org("key", "Hats")
    assert Organization.objects.get(name="Hats").api_key() == HATS_KEY

    def interrupted(words: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("getpass.getpass", interrupted)
    with pytest.raises(CommandError, match="No key was given"):
        org("key", "Hats")
