"""manage.py adduser."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from mergeui.accounts.models import Membership, Organization, Role, User
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.models import Entry
from mergeui.teams.members import disable
from mergeui.web.management.commands import adduser
from tests.desk import member

pytestmark = pytest.mark.django_db
PASSWORD = "seven-green-otters"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def add(monkeypatch: pytest.MonkeyPatch):
    """Runs `adduser` with that standard input and returns what it says."""

    def run(
        name: str = "ana", role: str = "operator", typed: str = f"{PASSWORD}\n", email: str = ""
    ) -> str:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        said = io.StringIO()
        call_command("adduser", name, role=role, email=email, password_stdin=True, stdout=said)
        return said.getvalue()

    return run


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch):
    """Types these lines at a terminal."""

    def answer(*lines: str) -> None:
        waiting = list(lines)
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        monkeypatch.setattr("getpass.getpass", lambda prompt: waiting.pop(0))

    return answer


@pytest.mark.parametrize("role", Role.values)
def test_adds_a_user_who_can_sign_in(add, role: str) -> None:
    assert add(role=role) == f"ana may sign in as {role} of My team.\n"
    user = authenticate(username="ana", password=PASSWORD)
    assert user is not None
    membership = Membership.objects.get(user=user)
    assert membership.role == role
    assert membership.organization == Organization.objects.configured()


def test_into_another_organisation(monkeypatch: pytest.MonkeyPatch) -> None:
    Organization.objects.create(invent_org_id="org_hats", name="Hats")
    words = ["--role", "admin", "--organization", "hats", "--password-stdin"]
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))
    call_command("adduser", "bea", *words, stdout=out)
    assert out.getvalue() == "bea may sign in as admin of Hats.\n"
    with pytest.raises(CommandError, match="nobody names no organisation"):
        call_command("adduser", "bea", "--role", "admin", "--organization", "nobody")


def test_somebody_who_was_switched_off_in_their_only_team(add) -> None:
    hats = Organization.objects.create(invent_org_id="org_hats", name="Hats")
    bea = User.objects.create_user("bea", password=PASSWORD)
    was = Membership.objects.create(user=bea, organization=hats, role="operator")
    disable(was, by_user=Actor.member(member(Role.ADMIN, organization=hats)))
    bea.refresh_from_db()
    assert not bea.is_active

    words = add("bea", "operator")

    assert "The account of bea was switched off; it is on again." in words
    bea.refresh_from_db()
    assert bea.is_active
    was.refresh_from_db()
    assert was.disabled_at


def test_with_an_address(add) -> None:
    add(email="ana@example.com")
    assert User.objects.get().email == "ana@example.com"


@pytest.mark.parametrize("address", ["ana", "ana@", "a@b.c\nBcc: x@y.z"])
def test_a_bad_address_is_refused(add, address: str) -> None:
    with pytest.raises(CommandError, match="The e-mail: Enter a valid email address"):
        add(email=address)
    assert not User.objects.exists()


def test_the_history_says_so_without_the_name_in_the_chain(add) -> None:
    add()
    entry = Entry.objects.get()
    assert entry.action == Action.USER_ADDED
    assert entry.facts == {"role": "operator"}
    assert "ana" not in entry.facts_text
    assert entry.payload.data == {"username": "ana"}


def test_nobody_is_added_twice(add) -> None:
    add()
    with pytest.raises(CommandError, match="ana is there already: nothing was changed"):
        add(role="admin", typed="another-long-password\n")
    assert Membership.objects.get().role == "operator"
    assert authenticate(username="ana", password=PASSWORD)
    assert Entry.objects.count() == 1


def test_somebody_faster_with_the_same_name_is_no_traceback(add, monkeypatch) -> None:
    def save_second(*_: object) -> None:
        raise IntegrityError

    monkeypatch.setattr(adduser, "save", save_second)
    with pytest.raises(CommandError, match="ana was added by somebody else just now"):
        add()


@pytest.mark.parametrize(("name", "again"), [("ana", "ANA"), ("josé", "JOSÉ"), ("ольга", "Ольга")])
def test_two_names_differ_in_more_than_case(add, name: str, again: str) -> None:
    add(name=name)
    with pytest.raises(CommandError, match=f"{name} is there already"):
        add(name=again)
    assert User.objects.count() == 1


def test_somebody_of_another_organisation_keeps_their_password(add, settings) -> None:
    add()
    settings.INVENT_ORG_ID = "other"
    said = add(role="viewer", typed="another-long-password\n")
    assert "the password stays as it was" in said
    assert authenticate(username="ana", password=PASSWORD)
    assert sorted(Membership.objects.values_list("role", flat=True)) == ["operator", "viewer"]


def test_a_weak_password_is_refused_with_all_that_is_wrong(add) -> None:
    with pytest.raises(CommandError) as refusal:
        add(typed="password\n")
    assert str(refusal.value) == (
        "The password: This password is too short. It must contain at least 12 characters."
        " This password is too common."
    )
    assert not User.objects.exists()


def test_a_password_like_the_name_is_refused(add) -> None:
    with pytest.raises(CommandError, match="too similar to the username"):
        add(name="ana-de-la-cruz", typed="ana-de-la-cruz\n")


def test_no_password_is_refused(add) -> None:
    with pytest.raises(CommandError, match="too short"):
        add(typed="")


@pytest.mark.parametrize("name", ["", "a b", "x" * 151, "ana\n"])
def test_a_bad_name_is_refused(add, name: str) -> None:
    with pytest.raises(CommandError, match="The name: "):
        add(name=name)
    assert not User.objects.exists()


def test_a_password_is_typed_twice(terminal) -> None:
    terminal(PASSWORD, PASSWORD)
    call_command("adduser", "ana", role="viewer", stdout=io.StringIO())
    assert authenticate(username="ana", password=PASSWORD)


def test_two_different_passwords_are_refused(terminal) -> None:
    terminal(PASSWORD, "seven-green-otter")
    with pytest.raises(CommandError, match="The two passwords differ"):
        call_command("adduser", "ana", role="viewer")
    assert not User.objects.exists()


def test_giving_up_at_the_prompt_changes_nothing(terminal, monkeypatch) -> None:
    terminal()

    def give_up(prompt: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("getpass.getpass", give_up)
    with pytest.raises(CommandError, match="No password was given"):
        call_command("adduser", "ana", role="viewer")


def test_without_a_terminal_it_says_what_to_do(monkeypatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(CommandError, match="use --password-stdin"):
        call_command("adduser", "ana", role="viewer")


@pytest.mark.one_database
def test_exit_codes(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/desk.sqlite3"
    environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "mergeui.settings"}

    def manage(*command: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=environment,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )

    assert manage("migrate", "-v", "0").returncode == 0
    for password, code, said in [
        ("short", 1, "The password: "),
        (PASSWORD, 0, "ana may sign in as viewer"),
    ]:
        answer = manage("adduser", "ana", "--role", "viewer", "--password-stdin", typed=password)
        assert answer.returncode == code
        assert said in answer.stdout + answer.stderr
        assert "Traceback" not in answer.stderr
