"""User (custom from day one), Organization, Membership (a role of one in the other)."""

from collections.abc import Sequence
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import connection, models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mergeui.accounts.invitation import Invitation as Invitation
from mergeui.accounts.policy import FourEyes, Policy
from mergeui.accounts.policy_change import PolicyChange as PolicyChange
from mergeui.accounts.roles import Role as Role
from mergeui.errors import Invalid
from mergeui.sealing import unseal
from mergeui.typed_key import typed_key


class Density(models.TextChoices):
    """How much of a list fits into a window."""

    COMFORTABLE = "comfortable", gettext_lazy("Comfortable")
    COMPACT = "compact", gettext_lazy("Compact")


class User(AbstractUser):
    """Somebody who signs in. What they may do is said by their memberships, not by flags here.

    How the desk looks to them is, so that it comes with them in one query. `time_zone` is an IANA
    name, empty until their browser has said one; `language` is empty for what the browser asks
    for; `opens` is what stands behind `/groups/?` where the desk begins for them. `works_in` is the
    organisation that somebody with several chose last.
    """

    keys_on = models.BooleanField(default=True)
    density = models.CharField(
        max_length=20, choices=Density.choices, default=Density.COMFORTABLE.value
    )
    time_zone = models.CharField(max_length=64, blank=True, default="")
    language = models.CharField(max_length=10, blank=True, default="")
    opens = models.CharField(max_length=500, blank=True, default="")
    works_in = models.ForeignKey(
        "accounts.Organization",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )

    class Meta:
        db_table = "accounts_user"

    def __str__(self) -> str:
        return self.get_full_name() or self.username


def user_called(name: str) -> User | None:
    """The user of this name, in whatever case it is written; None when there is nobody."""
    if name.isascii() or connection.vendor != "sqlite":
        return User.objects.filter(username__iexact=name).first()
    # SQLite knows the case of ASCII alone.
    names = User.objects.values_list("pk", "username")
    alike = [pk for pk, username in names if username.casefold() == name.casefold()]
    return User.objects.filter(pk__in=alike).first()


class KeySource(models.TextChoices):
    """Where the key of Invent of an organisation comes from."""

    ENVIRONMENT = "environment", gettext_lazy("From the environment")
    OWN = "own", gettext_lazy("Entered here")
    PARENT = "parent", gettext_lazy("That of the parent org")
    NONE = "none", gettext_lazy("None yet")


class OrganizationQuerySet(models.QuerySet["Organization"]):
    """Organisations, and the one that the environment configures."""

    def configured(self) -> "Organization":
        """The organisation of INVENT_ORG_ID, made on first use.

        interface.md, Environment: one key and one org come from the environment.
        """
        organization, _made = self.get_or_create(
            invent_org_id=settings.INVENT_ORG_ID, defaults={"name": "My team"}
        )
        return organization

    def called(self, words: str) -> "Organization":
        """The one with this number, id in Invent or name; the configured one for nothing.

        For commands. Raises Invalid when there is none, or several.
        """
        if not words:
            return self.configured()
        either = (
            models.Q(pk=typed_key(words))
            | models.Q(invent_org_id=words)
            | models.Q(name__iexact=words)
        )
        found = list(self.select_related("parent").filter(either)[:2])
        if len(found) != 1:
            raise Invalid(
                _(
                    "{words} names no organisation, or several: `manage.py org list` shows their"
                    " numbers."
                ).format(words=words)
            )
        return found[0]

    def served(self) -> list["Organization"]:
        """All that have a key of Invent, the oldest first; their keys come with them.

        The one of the environment is made on first use, when there is a key for it.
        """
        found = list(self.select_related("parent").order_by("pk"))
        known = any(one.invent_org_id == settings.INVENT_ORG_ID for one in found)
        if settings.INVENT_API_KEY and not known:
            found.append(self.configured())
        return [one for one in found if one.key_source != KeySource.NONE]


class Organization(models.Model):
    """One Invent org whose contacts are merged; every query of the desk is scoped by one.

    What it demands before a merge comes from the environment where its own columns are empty. Its
    key is the environment's (for the org that is configured there), its own, sealed, or that of the
    organisation of its parent in Invent: `key_source` says which. `key_hint` are the last four
    characters of its own key. `requests_per_minute` is its share of the budget of this host; empty
    for all of it.
    """

    name = models.CharField(max_length=200)
    invent_org_id = models.CharField(max_length=200, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    four_eyes = models.CharField(max_length=10, choices=FourEyes.choices, blank=True, default="")
    cool_off_seconds = models.PositiveIntegerField(null=True, blank=True)
    waived_risks = models.JSONField(default=list, blank=True)
    single_operator = models.BooleanField(null=True, blank=True)

    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="sub_orgs"
    )
    sealed_key = models.TextField(blank=True, default="")
    key_hint = models.CharField(max_length=4, blank=True, default="")
    key_fingerprint = models.CharField(max_length=8, blank=True, default="")
    key_set_at = models.DateTimeField(null=True, blank=True)
    requests_per_minute = models.PositiveIntegerField(null=True, blank=True)

    # Groups with higher numbers belong to a sync that is not done yet (review/arriving.py).
    arriving_after = models.BigIntegerField(null=True, blank=True)

    objects = OrganizationQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def key_source(self) -> KeySource:
        """Where its key of Invent comes from."""
        if self.invent_org_id == settings.INVENT_ORG_ID and settings.INVENT_API_KEY:
            return KeySource.ENVIRONMENT
        if self.sealed_key:
            return KeySource.OWN
        if self.parent and self.parent.key_source in {KeySource.ENVIRONMENT, KeySource.OWN}:
            return KeySource.PARENT
        return KeySource.NONE

    def api_key(self) -> str:
        """Its key of Invent. Raises Invalid when it has none, or its own can't be opened."""
        match self.key_source:
            case KeySource.ENVIRONMENT:
                return str(settings.INVENT_API_KEY)
            case KeySource.OWN:
                return unseal(self.sealed_key, purpose=self.key_purpose)
            case KeySource.PARENT if self.parent:
                return self.parent.api_key()
        if self.invent_org_id == settings.INVENT_ORG_ID:
            raise Invalid(
                _("INVENT_API_KEY is not set, so Invent can't be asked: set it and start again.")
            )
        raise Invalid(
            _(
                "{name} has no key of Invent yet: an admin enters it on the page of the team."
            ).format(name=self.name)
        )

    @property
    def key_purpose(self) -> str:
        """What its own key is sealed for."""
        return f"organization:{self.pk}"

    @property
    def policy(self) -> Policy:
        """What this organisation demands before a merge."""
        seconds, single = self.cool_off_seconds, self.single_operator
        return Policy(
            four_eyes=self.four_eyes or settings.MERGE_FOUR_EYES,
            cool_off_seconds=settings.MERGE_COOL_OFF_SECONDS if seconds is None else seconds,
            waived_risks=frozenset(self.waived_risks),
            single_operator=settings.MERGE_SINGLE_OPERATOR if single is None else single,
        )


class MembershipQuerySet(models.QuerySet["Membership"]):
    """The vocabulary of the members' page."""

    def active(self) -> "MembershipQuerySet":
        """Those that are not switched off, of people whose account is on."""
        return self.filter(disabled_at=None, user__is_active=True)


class Membership(models.Model):
    """The role of a user in an organisation; none while it is switched off (`disabled_at`).

    `may_break_glass`: may approve alone, in an emergency, what takes a second person.
    `disabled_by_claims`: switched off because the company's sign-in gave no role here any more, and
    switched on by it again.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=20, choices=Role.choices)
    may_break_glass = models.BooleanField(default=False)
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_by_claims = models.BooleanField(default=False, db_default=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "organization"], name="one_role_each"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"

    def can(self, role: Role) -> bool:
        """Whether this member may do what `role` may do."""
        return Role(self.role).includes(role)


def working_as(memberships: Sequence[Membership], works_in_id: int | None) -> Membership | None:
    """The membership in which somebody works: in the organisation that they chose last.

    Otherwise the oldest of theirs; None without any.
    """
    chosen = [m for m in memberships if m.organization_id == works_in_id]
    return min(chosen or memberships, key=lambda member: member.pk, default=None)


class Shared(models.Model):
    """What all processes share for minutes: how often who tried to sign in.

    The table of Django's database cache, whose columns these are; nobody else reads it.
    """

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "accounts_shared"

    def __str__(self) -> str:
        return self.cache_key
