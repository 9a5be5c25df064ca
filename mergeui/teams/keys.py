"""Keys of Invent: entered, tried at once, sealed, taken away, and sealed anew.

A key is written and never read out again: pages and history know its last four characters and a
fingerprint.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mergeui.accounts.models import KeySource, Organization, Role
from mergeui.audit.actions import Action
from mergeui.audit.actor import SYSTEM, Actor
from mergeui.audit.log import record
from mergeui.errors import Invalid, Stale
from mergeui.invent import InventClient, InventError, NotFound, Unauthorized
from mergeui.merging.standing import Halt, clear, halted
from mergeui.review.decisions import require
from mergeui.review.models import Group, Member
from mergeui.sealing import can_seal, fingerprint, reseal, seal

LONGEST = 500


@dataclass(frozen=True, slots=True)
class Candidate:
    """An organisation with a key that it does not have yet, to be tried (connect.Org)."""

    organization: Organization
    key: str

    @property
    def pk(self) -> Any:
        """That of the organisation."""
        return self.organization.pk

    @property
    def invent_org_id(self) -> str:
        """That of the organisation."""
        return self.organization.invent_org_id

    @property
    def requests_per_minute(self) -> int | None:
        """That of the organisation."""
        return self.organization.requests_per_minute

    def api_key(self) -> str:
        """The key that is to be tried."""
        return self.key


def candidate(organization: Organization, typed: str) -> Candidate:
    """What somebody typed as a key. Raises Invalid for what can't be one, or where none is taken.

    Call it before the key is tried; `set_key` takes a client of what this gives.
    """
    if organization.key_source == KeySource.ENVIRONMENT:
        raise Invalid(
            _("The key of this organisation is in INVENT_API_KEY: change it there and start again.")
        )
    key = typed.strip()
    if not key:
        raise Invalid(_("Enter the key as Invent shows it when it is made."))
    if len(key) > LONGEST or not key.isascii() or not key.isprintable() or " " in key:
        raise Invalid(_("This can't be a key: it takes letters, digits and signs without spaces."))
    return Candidate(organization, key)


def try_key(organization: Organization, *, client: InventClient) -> None:
    """Asks Invent by the client's key. Raises Invalid, with what to do, unless it is the right one.

    The organisation may be a new one that is not saved yet.

    One Invent org belongs to one organisation of the desk: two would not see each other's locks.
    And the contacts of an organisation that has groups are not replaced by those of another org.
    """
    try:
        page = client.duplicate_groups_page()
    except Unauthorized as error:
        raise Invalid(_("Invent refuses this key. Nothing was stored.")) from error
    except NotFound as error:
        words = _("This key does not reach the org {id} in Invent. Nothing was stored.")
        raise Invalid(words.format(id=organization.invent_org_id)) from error
    except InventError as error:
        words = _("Invent could not be asked, so nothing was stored. {sentence}")
        raise Invalid(words.format(sentence=error.sentence)) from error
    ids = [contact.id for group in page.items for contact in (group.primary, *group.duplicates)]
    known = Member.objects.filter(contact_id__in=ids[:500])
    other = known.exclude(group__organization_id=organization.pk)
    other = other.select_related("group__organization")
    if taken := other.first():
        raise Invalid(
            _(
                "These contacts belong to {name} already, which works on the same org of Invent."
            ).format(name=taken.group.organization.name)
        )
    strange = ids and not known.filter(group__organization_id=organization.pk).exists()
    if organization.pk and strange and Group.objects.of(organization).exists():
        raise Invalid(
            _(
                "This key is of another org: it shows none of the contacts that this organisation"
                " has. Nothing was stored."
            )
        )


def set_key(given: Candidate, *, client: InventClient, by_user: Actor) -> None:
    """Tries a key and stores it sealed; merges that a refused key had halted go on.

    `client` is one of `given`. Raises Invalid or NotAllowed; then nothing is stored.
    """
    _require_admin(by_user)
    require_sealing()
    try_key(given.organization, client=client)
    store(given, by_user=by_user)


def require_sealing() -> None:
    """Raises Invalid where no key can be stored."""
    if not can_seal():
        raise Invalid(
            _(
                "ENCRYPTION_KEYS is not set, so no key can be stored: `manage.py org new-key` makes"
                " one. Set it and start again."
            )
        )


def store(given: Candidate, *, by_user: Actor) -> None:
    """Stores a key that was tried. Raises NotAllowed."""
    _require_admin(by_user)
    organization, mark = given.organization, fingerprint(given.key)
    changes = {
        "sealed_key": seal(given.key, purpose=organization.key_purpose),
        "key_hint": given.key[-4:] if len(given.key) >= 16 else "",
        "key_fingerprint": mark,
        "key_set_at": timezone.now(),
    }
    with transaction.atomic():
        Organization.objects.filter(pk=organization.pk).update(**changes)
        if (standing := halted(organization)) and standing.halted_as != Halt.GAP:
            clear(organization, Halt(standing.halted_as), by_user=by_user)
        record(
            Action.KEY_SET,
            by_user=by_user,
            subject=f"organization:{organization.pk}",
            facts={"fingerprint": mark, "before": organization.key_fingerprint},
        )
    organization.refresh_from_db()


def forget_key(organization: Organization, *, by_user: Actor) -> None:
    """Takes the stored key away: the worker leaves the organisation alone from then on.

    Raises NotAllowed, or Stale when there is none.
    """
    _require_admin(by_user)
    nothing = {"sealed_key": "", "key_hint": "", "key_fingerprint": "", "key_set_at": None}
    with transaction.atomic():
        stored = Organization.objects.filter(pk=organization.pk).exclude(sealed_key="")
        if not stored.update(**nothing):
            raise Stale(_("There is no stored key to take away."))
        record(
            Action.KEY_FORGOTTEN,
            by_user=by_user,
            subject=f"organization:{organization.pk}",
            facts={"before": organization.key_fingerprint},
        )
    organization.refresh_from_db()


def rotate() -> int:
    """Seals every stored key anew by the newest of ENCRYPTION_KEYS; gives how many.

    Raises Invalid when one can't be opened; then none is changed.
    """
    with transaction.atomic():
        stored = Organization.objects.select_for_update().exclude(sealed_key="").order_by("pk")
        organizations = list(stored)
        for organization in organizations:
            sealed = reseal(organization.sealed_key, purpose=organization.key_purpose)
            Organization.objects.filter(pk=organization.pk).update(sealed_key=sealed)
        for organization in organizations:
            record(
                Action.KEY_SEALED_ANEW,
                by_user=Actor.system(organization),
                subject=f"organization:{organization.pk}",
                facts={"fingerprint": organization.key_fingerprint},
            )
    return len(organizations)


def shown(organization: Organization) -> str:
    """What may be shown of a key: where it comes from, its end and its fingerprint."""
    source = organization.key_source
    label = str(source.label)
    if source == KeySource.ENVIRONMENT:
        return f"{label} ({_ends(settings.INVENT_API_KEY)})"
    if source == KeySource.OWN:
        return f"{label} (…{organization.key_hint}, {organization.key_fingerprint})"
    if source == KeySource.PARENT and organization.parent:
        return f"{label}: {organization.parent.name}"
    return label


def _ends(key: str) -> str:
    return f"…{key[-4:]}, {fingerprint(key)}" if len(key) >= 16 else fingerprint(key)


def _require_admin(by_user: Actor) -> None:
    """Lets the system through: a command is run by whoever has the machine."""
    if by_user.role != SYSTEM:
        require(by_user, Role.ADMIN)
