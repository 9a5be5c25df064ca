"""The views of the queue as chips: those that come with the desk, one's own, the team's."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mergeui.accounts.models import Membership, Organization, Role
from mergeui.accounts.policy import FourEyes, Policy
from mergeui.merging.models import BulkDecision
from mergeui.review.saved import SavedView
from mergeui.web.bulk.standing import title
from mergeui.web.forms import QueueForm
from mergeui.web.looking import Wanted, counted
from mergeui.web.request_rows import waiting_for
from mergeui.web.when import number

MOST_SHOWN = 12
MOST_COUNTED = 999
MOST_GOING = 3

EASY = Wanted(grade="sure", risk="none")
TWO_PEOPLE = Wanted(risk="any")
CONSENT = Wanted(risk="unsubscribed")
LARGE = Wanted(risk="large", sort="largest")
WORDS = {
    EASY: gettext_lazy("Easy ones"),
    TWO_PEOPLE: gettext_lazy("Needs two people"),
    CONSENT: gettext_lazy("Consent differs"),
    LARGE: gettext_lazy("Large"),
}
USUAL = asdict(Wanted())


def query_of(wanted: Wanted) -> str:
    """The query string of a look at the queue: always the same one for the same look."""
    return urlencode([(name, value) for name, value in asdict(wanted).items()
                      if value and value != USUAL[name]])  # fmt: skip


def wanted_by(query: str) -> Wanted:
    """What a query string asks for, without what can't be used."""
    return QueueForm(QueryDict(query[:4_000])).wanted()


def built_in(policy: Policy) -> list[Wanted]:
    """The views that come with the desk. With no risky merge held back, nothing needs two people;
    with all of them held back, everything does."""
    usual = not (policy.waived_risks or policy.single_operator)
    two = policy.four_eyes == FourEyes.RISKY and usual
    return [wanted for wanted in WORDS if two or wanted != TWO_PEOPLE]


@dataclass(frozen=True, slots=True)
class Chip:
    """A view as a chip. `count` is empty until it is asked for; `title` says more of it."""

    url: str
    name: str
    count: str
    chosen: bool
    title: str = ""
    own: bool = False


def chips(
    member: Membership, views: Sequence[SavedView], current: str, counts: Sequence[str] = ()
) -> list[Chip]:
    """The views that a member may choose from; `current` is the query of the page.

    `counts` are those of `count_all`, in the same order.
    """
    queue, mine = reverse("queue"), built_in(member.organization.policy)
    told = iter(counts)
    found = [
        Chip(
            url=f"{queue}?{query_of(wanted)}",
            name=str(WORDS[wanted]),
            count=next(told, ""),
            chosen=query_of(wanted) == current,
        )
        for wanted in mine
    ]
    found += [
        Chip(
            url=view.address(),
            name=view.name,
            count=next(told, ""),
            chosen=view.query == current,
            title=_shared_by(view, member),
            own=True,
        )
        for view in views[:MOST_SHOWN]
    ]
    if member.can(Role.APPROVER):
        url = f"{reverse('requests')}?view=waiting"
        found.insert(len(mine), Chip(url, _("Waiting for me"), next(told, ""), chosen=False))
    return found


def _shared_by(view: SavedView, member: Membership) -> str:
    if view.owner_id == member.user_id:
        return _("Shared with the team") if view.shared else ""
    return _("Shared by {who}").format(who=view.owner)


def count_all(member: Membership, views: Sequence[SavedView]) -> list[str]:
    """The counts for `chips`, each exact up to 999: one query, and one for an approver."""
    organization = member.organization
    wanted = [
        *built_in(organization.policy),
        *(wanted_by(view.query) for view in views[:MOST_SHOWN]),
    ]
    counts = {
        f"count{place}": counted(organization, one, MOST_COUNTED + 1)
        for place, one in enumerate(wanted)
    }
    rows: QuerySet[Organization, Any] = Organization.objects.filter(pk=organization.pk)
    found = rows.annotate(**counts).values_list(*counts)[0]
    told = [f"{number(MOST_COUNTED)}+" if one > MOST_COUNTED else number(one) for one in found]
    if member.can(Role.APPROVER):
        waiting = waiting_for(member)
        told.insert(len(wanted), f"{waiting}+" if waiting >= 100 else number(waiting))
    return told


def words_of(query: str) -> str:
    """What a view shows, in the words of the filters: "Search: ana · Risk: No risk marks"."""
    form = QueueForm(QueryDict(query))
    wanted = asdict(form.wanted())
    parts = []
    for name, value in wanted.items():
        if not value or value == USUAL[name]:
            continue
        field = form.fields[name]
        choices = dict(getattr(field, "choices", ()))
        parts.append(f"{field.label}: {choices.get(value, value)}")
    return " · ".join(parts) or _("Everything to decide")


def going_on(organization: Organization) -> list[tuple[str, str]]:
    """The bulk decisions under way: (address, words). One query."""
    unfinished = BulkDecision.objects.of(organization).unfinished().order_by("-pk")
    return [
        (
            reverse("bulk", args=[bulk.pk]),
            _("{what}: {done} done").format(what=title(bulk), done=number(bulk.done)),
        )
        for bulk in unfinished[:MOST_GOING]
    ]
