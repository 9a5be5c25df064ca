"""The mirror of Invent's suggested duplicate groups, and what was decided about each.

What a list shows of a group is stored with it when it is synced, so that a page of the queue is one
query and no counting (design.md, rule 12).
"""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mergeui.accounts.models import Organization
from mergeui.kept import Given, Literal
from mergeui.review.grades import BARRED, Grade
from mergeui.review.not_duplicate import NotDuplicate
from mergeui.review.saved import SavedView

__all__ = [
    "Channel",
    "Group",
    "GroupQuerySet",
    "GroupState",
    "Member",
    "MergedContact",
    "NotDuplicate",
    "SavedView",
    "Segment",
    "SyncRun",
]


class GroupState(models.TextChoices):
    """design.md, States."""

    OPEN = "open", _("To decide")
    REQUESTED = "requested", _("Merge requested")
    MERGED = "merged", _("Merged")
    DISMISSED = "dismissed", _("Not a duplicate")
    SNOOZED = "snoozed", _("Snoozed")
    VANISHED = "vanished", _("No longer suggested")


class Segment(models.Model):
    """A segment of Invent, as last seen on a contact of a group."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)
    segment_id = models.CharField(max_length=200)
    name = models.CharField(max_length=512)
    color = models.CharField(max_length=50)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization", "segment_id"], name="segment_once")
        ]

    def __str__(self) -> str:
        return self.name


class GroupQuerySet(models.QuerySet["Group"]):
    """The vocabulary of the queue."""

    def of(self, organization: Organization) -> "GroupQuerySet":
        """Only this organisation's (design.md, rule 11), without those that are arriving."""
        return self.filter(_arrived(organization), organization=organization)

    def overslept(self, now: datetime) -> "GroupQuerySet":
        """Those of all organisations whose snooze is over; by `groups_asleep`."""
        return self.filter(state=Literal(GroupState.SNOOZED.value), snoozed_until__lte=now)

    def put_together(self) -> "GroupQuerySet":
        """Those that people put together and nobody has decided; by `groups_by_hand`."""
        return self.filter(by_hand=True, state=Literal(GroupState.OPEN.value))


class MemberQuerySet(models.QuerySet["Member"]):
    """The contacts of groups."""

    def of(self, organization: Organization) -> "MemberQuerySet":
        """Only those of this organisation's groups, without groups that are arriving.

        Looked up for each that is found: by a join SQLite would begin with all of its groups.
        """
        ours = Group.objects.filter(organization=organization, pk=models.OuterRef("group"))
        return self.filter(_arrived(organization, "group_id"), models.Exists(ours))


def _arrived(organization: Organization, key: str = "pk") -> Q:
    """All groups, as long as no sync is storing new ones (arriving.py)."""
    if organization.arriving_after is None:
        return Q()
    return up_to(organization.arriving_after, key)


def up_to(last: int | Given, key: str = "pk") -> Q:
    """Those up to a number, and those that people put together meanwhile."""
    by_people = Group.objects.filter(made_by__gt=0).values("pk")
    return Q(**{f"{key}__lte": last}) | Q(**{f"{key}__in": by_people})


class Group(models.Model):
    """One suggestion of Invent: contacts that share an external channel.

    Invent gives its groups no id, so a group keeps its row for as long as its members overlap from
    one sync to the next. `names`, `links`, `segment_labels`, `risks`, `grade`, `graded_links`,
    `sort_name` and `search_text` are made from the members by `review.digest` when they are stored;
    a group that was stored before there were grades has none until the next sync.
    """

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT)
    state = models.CharField(
        max_length=20, choices=GroupState.choices, default=GroupState.OPEN.value
    )
    primary_contact_id = models.CharField(max_length=200)
    member_count = models.PositiveIntegerField()
    names = models.JSONField(default=list)
    links = models.JSONField(default=list)
    segment_labels = models.JSONField(default=list)
    risks = models.CharField(max_length=200, blank=True, default="")
    risky = models.BooleanField(default=False)
    grade = models.CharField(max_length=10, choices=Grade.choices, blank=True, default="")
    graded_links = models.JSONField(default=list)
    sort_name = models.CharField(max_length=200, default="")
    search_text = models.TextField(default="")
    fingerprint = models.CharField(max_length=64)
    evidence = models.JSONField(default=dict)
    segments = models.ManyToManyField(Segment)

    # Put together by people, not suggested by Invent (byhand.py); false once Invent suggests it.
    by_hand = models.BooleanField(default=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    made_because = models.TextField(blank=True, default="")

    first_seen_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_note = models.TextField(blank=True, default="")
    decided_as = models.CharField(max_length=20, blank=True, default="")
    decided_evidence = models.JSONField(null=True, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)

    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    claimed_until = models.DateTimeField(null=True, blank=True)

    objects = GroupQuerySet.as_manager()

    class Meta:
        # One index a sort order, led by what every list filters on, so that a page is a short
        # range of the index wherever it lies (design.md, rule 12).
        indexes: ClassVar = [
            models.Index(
                fields=["organization", "state", "first_seen_at", "id"], name="queue_by_age"
            ),
            models.Index(
                fields=["organization", "state", "member_count", "id"], name="queue_by_size"
            ),
            models.Index(fields=["organization", "state", "sort_name", "id"], name="queue_by_name"),
            models.Index(
                fields=["organization", "first_seen_at", "id"], name="queue_by_age_any_state"
            ),
            models.Index(
                fields=["organization", "member_count", "id"], name="queue_by_size_any_state"
            ),
            models.Index(
                fields=["organization", "sort_name", "id"], name="queue_by_name_any_state"
            ),
            models.Index(
                fields=["organization", "state", "grade", "first_seen_at", "id"],
                name="queue_by_grade",
            ),
            # What somebody decided last, to take it back.
            models.Index(fields=["decided_by", "-decided_at"], name="decisions_by_person"),
            # Asked for each second, by each worker.
            models.Index(
                fields=["snoozed_until"],
                condition=Q(state=GroupState.SNOOZED.value),
                name="groups_asleep",
            ),
            # Read again with each sync, however many Invent has suggested.
            models.Index(
                fields=["organization", "-changed_at"],
                condition=Q(by_hand=True, state=GroupState.OPEN.value),
                name="groups_by_hand",
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=GroupState.values), name="group_state_known"
            )
        ]

    def __str__(self) -> str:
        return f"Group {self.pk}"

    @property
    def risk_codes(self) -> list[str]:
        """The codes of `review.risk.Risk` that apply."""
        return [code for code in self.risks.split(",") if code]

    @property
    def barred_from_bulk(self) -> bool:
        """Whether it has to be looked at one by one: no decision about many takes it."""
        return self.grade in BARRED

    def claimed_by_other(self, user_id: int, now: datetime) -> bool:
        """Whether somebody else has the group open now."""
        return bool(
            self.claimed_by_id
            and self.claimed_by_id != user_id
            and self.claimed_until
            and self.claimed_until > now
        )


class Member(models.Model):
    """A contact in a group, as Invent last gave it. `raw` is the whole JSON."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="members")
    contact_id = models.CharField(max_length=200)
    position = models.PositiveIntegerField()
    name = models.TextField(blank=True)
    fingerprint = models.CharField(max_length=64)
    raw = models.JSONField()

    objects = MemberQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["group", "contact_id"], name="member_once")
        ]
        indexes: ClassVar = [models.Index(fields=["contact_id"], name="member_by_contact")]
        ordering: ClassVar = ["position"]

    def __str__(self) -> str:
        return self.contact_id


class Channel(models.Model):
    """A channel of a member that another member of the group has too (`shared`), to filter by.

    Of groups stored by an older version there are those that only one has, too.
    """

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="channels")
    contact_id = models.CharField(max_length=200)
    type = models.CharField(max_length=100)
    user_id = models.CharField(max_length=1000)
    shared = models.BooleanField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["type", "shared", "group"], name="by_type")]

    def __str__(self) -> str:
        return f"{self.type} {self.user_id}"


class MergedContact(models.Model):
    """A contact that a merge of this desk made disappear, and the one that it went into.

    Invent may list it for a while still; the sync looks here so that it does not come back.
    """

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT)
    contact_id = models.CharField(max_length=200)
    into_contact_id = models.CharField(max_length=200)
    merged_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization", "contact_id"], name="merged_away_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["organization", "into_contact_id"], name="merged_into")
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} → {self.into_contact_id}"


class SyncRun(models.Model):
    """One reading of Invent's duplicate groups, wanted by a person or by the clock."""

    class State(models.TextChoices):
        """A run is wanted, then running, then done or failed."""

        WANTED = "wanted", _("Waiting for the worker")
        RUNNING = "running", _("Reading")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT)
    state = models.CharField(max_length=20, choices=State.choices, default=State.WANTED.value)
    wanted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    wanted_at = models.DateTimeField()
    seen_alive_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    groups_read = models.PositiveIntegerField(default=0)
    groups_listed = models.PositiveIntegerField(null=True, blank=True)
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    vanished = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization"],
                condition=Q(state__in=["wanted", "running"]),
                name="one_sync_at_a_time",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["organization", "-id"], name="latest_sync")]

    def __str__(self) -> str:
        return f"Sync {self.pk}"

    @property
    def active(self) -> bool:
        """Whether it is still to come or going on."""
        return self.state in {self.State.WANTED, self.State.RUNNING}
