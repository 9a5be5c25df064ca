"""manage.py adduser: somebody who may sign in, with a role in an organisation."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError, transaction

from mergeui.accounts.models import Membership, Organization, Role, User, user_called
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.log import record
from mergeui.errors import Invalid


class Command(BaseCommand):
    help = "Adds a user with a role. Asks for the password, or reads it from standard input."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="what they sign in with")
        parser.add_argument("--role", required=True, choices=Role.values)
        parser.add_argument(
            "--organization",
            default="",
            help="its number, name or id in Invent; that of INVENT_ORG_ID without it",
        )
        parser.add_argument("--email", default="", help="where they are told of what waits")
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help="read the password from standard input: its first line",
        )

    def handle(
        self,
        *,
        name: str,
        role: str,
        password_stdin: bool,
        email: str = "",
        organization: str = "",
        **options: Any,
    ) -> None:
        try:
            team = Organization.objects.called(organization)
        except Invalid as problem:
            raise CommandError(problem.sentence) from problem
        name = User.normalize_username(name)
        known = user_called(name)
        if known:
            self.add_to(team, known, Role(role))
            return
        user = User(username=name, email=email)
        refuse_bad_name(user)
        user.set_password(asked_password(user, from_stdin=password_stdin))
        try:
            save(team, user, Role(role))
        except IntegrityError as error:
            raise CommandError(f"{name} was added by somebody else just now.") from error
        self.stdout.write(f"{name} may sign in as {role} of {team}.")

    def add_to(self, organization: Organization, user: User, role: Role) -> None:
        """Give somebody who belongs to another organisation a role in this one as well.

        Their password is theirs: it stays as it is.
        """
        if user.memberships.filter(organization=organization).exists():
            raise CommandError(f"{user.username} is there already: nothing was changed.")
        with transaction.atomic():
            save(organization, user, role)
            # Off in their only team, the account was off with it.
            on = User.objects.filter(pk=user.pk, is_active=False).update(is_active=True)
        if on:
            self.stdout.write(f"The account of {user.username} was switched off; it is on again.")
        self.stdout.write(
            f"{user.username} was there already and is now {role.value} of {organization} too;"
            " the password stays as it was, and so does the e-mail."
        )


def refuse_bad_name(user: User) -> None:
    """Raise CommandError when nobody can be called that, or written to there."""
    try:
        user.clean_fields(exclude=["password"])
    except ValidationError as error:
        what = "The e-mail" if "email" in error.message_dict else "The name"
        raise CommandError(f"{what}: {' '.join(error.messages)}") from error


def asked_password(user: User, *, from_stdin: bool) -> str:
    """A password that the validators take; raises CommandError with all that is wrong."""
    password = sys.stdin.readline().rstrip("\r\n") if from_stdin else typed_password()
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise CommandError(f"The password: {' '.join(error.messages)}") from error
    return password


def typed_password() -> str:
    """The password as somebody types it twice."""
    if not sys.stdin.isatty():
        raise CommandError("There is no terminal to ask for the password: use --password-stdin.")
    try:
        password = getpass.getpass("Password: ")
        again = getpass.getpass("Password again: ")
    except (EOFError, KeyboardInterrupt) as error:
        raise CommandError("No password was given: nothing was changed.") from error
    if password != again:
        raise CommandError("The two passwords differ: nothing was changed.")
    return password


def save(organization: Organization, user: User, role: Role) -> None:
    """Save the user and their role, with the entry of the history."""
    with transaction.atomic():
        user.save()
        Membership.objects.create(user=user, organization=organization, role=role)
        record(
            Action.USER_ADDED,
            by_user=Actor.system(organization),
            subject=f"user:{user.pk}",
            facts={"role": role.value},
            personal={"username": user.username},
        )
