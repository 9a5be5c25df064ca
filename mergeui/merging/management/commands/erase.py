"""`manage.py erase`: what is kept of a person goes (docs/security.md)."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mergeui.accounts.models import Organization
from mergeui.audit.actor import Actor
from mergeui.errors import Problem
from mergeui.merging.erasure import erase_person, extent, same_person


class Command(BaseCommand):
    """Says what there is; with --confirm it erases."""

    help = "Erases what is kept of a contact and of all that was merged with it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The contact, and the word that does it."""
        parser.add_argument("contact", help="its id in Invent")
        parser.add_argument("--alone", action="store_true", help="not what was merged with it")
        parser.add_argument("--note", default="", help="why, for the history")
        parser.add_argument("--organization", default="", help="the Invent org, if not the own one")
        parser.add_argument("--confirm", action="store_true", help="erase; it can't be undone")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = self.organization(options["organization"])
        contact = options["contact"]
        ids = [contact] if options["alone"] else same_person(organization, contact)
        found = extent(organization, ids)
        if found.nothing:
            raise CommandError(f"The desk knows nothing of {contact!a}: nothing was erased.")
        self.stdout.write(
            f"{', '.join(map(ascii, ids))}. Entries: {found.entries},"
            f" merge requests: {found.requests}, groups: {found.groups}."
        )
        if not options["confirm"]:
            raise CommandError("Nothing was erased. Add --confirm to erase; it can't be undone.")
        try:
            entry = erase_person(ids, by_user=Actor.system(organization), note=options["note"])
        except Problem as problem:
            raise CommandError(problem.sentence) from problem
        self.stdout.write(f"Erased, as entry {entry.number} of the history says.")

    def organization(self, org_id: str) -> Organization:
        """The one with this id in Invent; the configured one without. Raises CommandError."""
        if not org_id:
            return Organization.objects.configured()
        found = Organization.objects.filter(invent_org_id=org_id).first()
        if found is None:
            raise CommandError(f"There is no organisation {org_id!a} on this desk.")
        return found
