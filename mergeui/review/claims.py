"""Who has a group open, so that two people don't decide the same one.

A claim lasts ten minutes, and as much longer as the page is looked at; it is no entry. A decision
about a group that somebody else has claimed is refused by the decision's own transition; taking
the group over is one click.
"""

from datetime import datetime, timedelta

from django.db.models import Case, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from mergeui.accounts.models import User
from mergeui.errors import Stale
from mergeui.kept import Given
from mergeui.review.models import Group, GroupState

CLAIM_LASTS = timedelta(minutes=10)


class Claimed(Stale):
    """Somebody else has the group open: nothing was decided, and it can be taken over."""


def free_for(user: User | Given | None, now: datetime | Given) -> Q:
    """The groups that nobody but `user` has open."""
    free = Q(claimed_by=None) | Q(claimed_until=None) | Q(claimed_until__lte=now)
    return free | Q(claimed_by=user) if user else free


def claim(group: Group, *, by: User, take_over: bool = False) -> bool:
    """Says that `by` has opened the group, and no other one; False when somebody else has it.

    False too when it is decided already. The attributes of `group` follow.
    """
    now = timezone.now()
    others = Group.objects.filter(claimed_by=by).exclude(pk=group.pk)
    others.update(claimed_by=None, claimed_until=None)
    return _claim(group, by, now, Q() if take_over else free_for(by, now))


def enter(group: Group, *, by: User) -> None:
    """The same for a page that is opened, in one statement: the group is taken unless somebody
    else had it when `group` was read, and every other one is let go of.

    Should somebody have been quicker by less than that, the page finds out when it renews, and a
    decision is refused by its own transition.
    """
    now = timezone.now()
    if group.state != GroupState.OPEN or group.claimed_by_other(by.pk, now):
        Group.objects.filter(claimed_by=by).update(claimed_by=None, claimed_until=None)
        return
    until = now + CLAIM_LASTS
    this = Q(pk=group.pk, state=GroupState.OPEN) & free_for(by, now)
    Group.objects.filter(this | Q(claimed_by=by)).update(
        claimed_by=Case(When(pk=group.pk, then=Value(by.pk)), default=None),
        claimed_until=Case(When(pk=group.pk, then=Value(until)), default=None),
    )
    group.claimed_by, group.claimed_until = by, until


def renew(group: Group, *, by: User) -> bool:
    """Says that `by` still has the group open; False when somebody else has it or decided it."""
    now = timezone.now()
    return _claim(group, by, now, free_for(by, now))


def _claim(group: Group, by: User, now: datetime, only_if: Q) -> bool:
    claimed = (
        Group.objects.filter(pk=group.pk, state=GroupState.OPEN)
        .filter(only_if)
        .update(claimed_by=by, claimed_until=now + CLAIM_LASTS)
    )
    if claimed:
        group.claimed_by, group.claimed_until = by, now + CLAIM_LASTS
    return bool(claimed)


def release(group: Group, *, by: User, until: datetime) -> bool:
    """Lets go of a group that is left; False when it was claimed anew meanwhile.

    `until` is the end of the claim that is let go of. A page that is left says so late, perhaps
    after the same group was opened once more.
    """
    mine = Group.objects.filter(pk=group.pk, claimed_by=by, claimed_until=until)
    return bool(mine.update(claimed_by=None, claimed_until=None))


def holder(group: Group, *, besides: User | None) -> str:
    """Who has the group open now, if it is somebody else; empty otherwise. Asks the database."""
    fresh = Group.objects.select_related("claimed_by").get(pk=group.pk)
    user_id = besides.pk if besides else 0
    open_now = fresh.state == GroupState.OPEN
    return (
        str(fresh.claimed_by)
        if open_now and fresh.claimed_by_other(user_id, timezone.now())
        else ""
    )


def claimed(who: str) -> Claimed:
    """The refusal for somebody who decides a group that `who` has open."""
    return Claimed(
        _("%(who)s has this group open now. Decide it together, or take it over.") % {"who": who}
    )
