"""manage.py resetfactors: for somebody who has lost phone, passkeys and recovery codes."""

from argparse import ArgumentParser
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from mergeui.accounts.models import Organization, User
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.log import record


class Command(BaseCommand):
    help = "Takes all second factors of a user away and ends their sessions; the password stays."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="what they sign in with")

    def handle(self, *, name: str, **options: Any) -> None:
        """Does it, with an entry for each factor."""
        user = User.objects.filter(username=User.normalize_username(name)).first()
        if user is None:
            raise CommandError(f"Nobody is called {name} here.")
        member = user.memberships.select_related("organization").first()
        team = member.organization if member else Organization.objects.configured()
        with transaction.atomic():
            theirs = Authenticator.objects.filter(user=user)
            kinds = list(theirs.order_by("pk").values_list("type", flat=True))
            theirs.delete()
            sessions = UserSession.objects.filter(user=user)
            keys = list(sessions.values_list("session_key", flat=True))
            Session.objects.filter(session_key__in=keys).delete()
            sessions.delete()
            for kind in kinds:
                record(
                    Action.FACTOR_REMOVED,
                    by_user=Actor.system(team),
                    subject=f"user:{user.pk}",
                    facts={"factor": kind},
                    personal={"username": user.username},
                )
        self.stdout.write(f"{user.username} signs in by password alone now.")
