"""manage.py org: the organisations of the desk and their keys of Invent."""

import getpass
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from mergeui.accounts.models import Organization, PolicyChange
from mergeui.accounts.policy import FourEyes
from mergeui.audit.actor import Actor
from mergeui.connect import connect
from mergeui.errors import Problem
from mergeui.sealing import new_key
from mergeui.teams import found, keys, policy
from mergeui.web.signin.adapter import seal_factors_anew


class Command(BaseCommand):
    """Each of its words is a method here."""

    help = "Organisations: lists and adds them, their keys, budgets and policies; seals all anew."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One parser a word."""
        words = parser.add_subparsers(dest="word", required=True)
        words.add_parser("list", help="number, name, id in Invent, where the key comes from")
        add = words.add_parser("add", help="adds an organisation, and its key if that is given")
        add.add_argument("name")
        add.add_argument("--invent-org", required=True, help="its id in Invent")
        add.add_argument("--parent", default="", help="reached by the key of this one")
        add.add_argument("--key-stdin", action="store_true", help="its key is the first line")
        key = words.add_parser("key", help="enters a key, which is tried before it is stored")
        key.add_argument("organization", help="its number, name or id in Invent")
        key.add_argument("--stdin", action="store_true", help="read it from standard input")
        key.add_argument("--forget", action="store_true", help="take the stored key away")
        budget = words.add_parser("budget", help="its share of the requests a minute")
        budget.add_argument("organization", help="its number, name or id in Invent")
        share = budget.add_mutually_exclusive_group()
        share.add_argument("requests", type=int, nargs="?", help="a minute; only shown without it")
        share.add_argument("--all", action="store_true", help="all that this host may ask")
        demands = words.add_parser("policy", help="what it demands before a merge, and stricter")
        demands.add_argument("organization", help="its number, name or id in Invent")
        demands.add_argument("--four-eyes", choices=FourEyes.values, help="who needs a second one")
        demands.add_argument("--cool-off", type=int, metavar="SECONDS", help="to cancel a merge in")
        demands.add_argument("--single-operator", choices=("on", "off"), help="nobody else looks")
        demands.add_argument("--confirm", action="store_true", help="agree to what an admin wants")
        words.add_parser("rotate", help="seals all anew by the first of ENCRYPTION_KEYS")
        words.add_parser("new-key", help="prints a fresh key for ENCRYPTION_KEYS")

    def handle(self, *, word: str, **options: Any) -> None:
        """Does what the word says. Exits with 1 and one line when it can't."""
        does: dict[str, Callable[..., None]] = {
            "list": self.list, "add": self.add, "key": self.key,
            "budget": self.budget, "policy": self.policy,
            "rotate": self.rotate, "new-key": self.new_key,
        }  # fmt: skip
        try:
            does[word](**options)
        except Problem as problem:
            raise CommandError(problem.sentence) from problem

    def list(self, **options: Any) -> None:
        """A line an organisation."""
        for one in Organization.objects.select_related("parent").order_by("pk"):
            line = f"{one.pk}\t{one.name}\t{one.invent_org_id}\t{keys.shown(one)}"
            self.stdout.write(line)

    def add(
        self, *, name: str, invent_org: str, parent: str, key_stdin: bool, **options: Any
    ) -> None:
        """With its key or not at all: the key is tried first, as it is sealed for what is there."""
        above = Organization.objects.called(parent) if parent else None
        key = self.tried(found.new(name, invent_org, parent=above)) if key_stdin else ""
        with transaction.atomic():
            made = found.add(name, invent_org, by_user=Actor.system(None), parent=above)
            if key:
                keys.store(keys.Candidate(made, key), by_user=Actor.system(made))
        self.stdout.write(f"{made} is organisation {made.pk} of this desk.")
        if key:
            self.say_taken(made)

    def tried(self, organization: Organization) -> str:
        """The key that is typed for a new one, which Invent takes."""
        keys.require_sealing()
        given = keys.candidate(organization, typed(from_stdin=True))
        with connect(given) as client:
            keys.try_key(organization, client=client)
        return given.key

    def key(self, *, organization: str, stdin: bool, forget: bool, **options: Any) -> None:
        """Enters the key, or takes it away."""
        wanted = Organization.objects.called(organization)
        if forget:
            keys.forget_key(wanted, by_user=Actor.system(wanted))
            self.stdout.write(f"The key of {wanted} was taken away.")
        else:
            self.enter(wanted, typed(from_stdin=stdin))

    def enter(self, organization: Organization, key: str) -> None:
        """Tries a key and stores it."""
        given = keys.candidate(organization, key)
        with connect(given) as client:
            keys.set_key(given, client=client, by_user=Actor.system(organization))
        self.say_taken(organization)

    def say_taken(self, organization: Organization) -> None:
        """Where its key comes from now."""
        self.stdout.write(f"Invent takes the key of {organization}: {keys.shown(organization)}.")

    def budget(self, *, organization: str, requests: int | None, **options: Any) -> None:
        """Shows or changes its share of what Invent allows this host."""
        wanted = Organization.objects.called(organization)
        if requests is not None or options["all"]:
            policy.share(wanted, requests, by_user=Actor.system(wanted))
            wanted.refresh_from_db()
        share = wanted.requests_per_minute
        said = f"{share} requests a minute" if share else "all that this host may ask"
        self.stdout.write(f"The budget of {wanted}: {said}.")

    def policy(self, *, organization: str, confirm: bool, **options: Any) -> None:
        """Demands more at once; is the second person for less that an admin has asked for."""
        wanted = Organization.objects.called(organization)
        waits = wanted.policy_changes.filter(state=PolicyChange.State.ASKED).first()
        given = {
            "four_eyes": options["four_eyes"],
            "cool_off_seconds": options["cool_off"],
            "single_operator": {"on": True, "off": False}.get(options["single_operator"]),
        }
        changes = {name: value for name, value in given.items() if value is not None}
        if confirm and waits is None:
            raise CommandError("Nothing waits for a second person here.")
        if confirm and waits:
            policy.confirm(waits, by_user=Actor.system(wanted))
        elif changes:
            columns = policy.columns_of(wanted) | changes
            policy.change(wanted, columns, by_user=Actor.system(wanted))
        wanted.refresh_from_db()
        for name, value in wanted.policy.as_json().items():
            self.stdout.write(f"{name} = {value}")
        if waits and not confirm:
            as_wanted = policy.as_if(wanted, waits.wanted).as_json()
            said = ", ".join(f"{name} = {as_wanted[name]}" for name in sorted(waits.wanted))
            self.stdout.write(f"Waits for a second person (--confirm): {said}")

    def rotate(self, **options: Any) -> None:
        """All of them, or none."""
        with transaction.atomic():
            count, factors = keys.rotate(), seal_factors_anew()
        self.stdout.write(
            f"Sealed anew: {count} keys and {factors} second factors. Older ENCRYPTION_KEYS and"
            " SECRET_KEY_FALLBACKS are needed no more."
        )

    def new_key(self, **options: Any) -> None:
        """Stores nothing."""
        self.stdout.write(new_key())


def typed(*, from_stdin: bool) -> str:
    """A key as somebody types it, never shown. Raises CommandError without a terminal."""
    if from_stdin:
        return sys.stdin.readline()
    if not sys.stdin.isatty():
        raise CommandError("There is no terminal to ask for the key: use --stdin.")
    try:
        return getpass.getpass("Key of Invent: ")
    except (EOFError, KeyboardInterrupt) as error:
        raise CommandError("No key was given: nothing was changed.") from error
