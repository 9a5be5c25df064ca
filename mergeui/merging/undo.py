"""Taking back what a person decided last.

A decision that sends nothing can be taken back for ever, a merge until the worker begins with it.
Each undo is the transition that there is for it anyway, with its own entry.
"""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from mergeui.accounts.models import Organization, User
from mergeui.audit.actor import Actor
from mergeui.audit.log import entries_last
from mergeui.errors import Stale, TooLate
from mergeui.merging import approval
from mergeui.merging.models import WAITING, BulkDecision, BulkItem, MergeRequest
from mergeui.merging.models.bulk import TAKEN_BACK
from mergeui.merging.splitting import MOST_PARTS
from mergeui.merging.unasked import begun, how_far
from mergeui.review import decisions, pairs
from mergeui.review.models import Group, GroupState

PUT_ASIDE = (GroupState.DISMISSED, GroupState.SNOOZED)


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided about a group, as it stands; with the merge that was asked for.

    `others` are the further merges of a group that was split.
    """

    group: Group
    request: MergeRequest | None = None
    others: tuple[MergeRequest, ...] = ()

    @property
    def requests(self) -> tuple[MergeRequest, ...]:
        """All merges that were asked for."""
        return (self.request, *self.others) if self.request else ()

    @property
    def can_be_undone(self) -> bool:
        """Whether nothing was sent for it and nobody decided otherwise since."""
        if self.request is not None:
            # Between two calls it waits again, and what is merged by then stays merged.
            return all(
                one.state in WAITING and not getattr(one, "begun", False) for one in self.requests
            )
        return self.group.state in PUT_ASIDE


def last_decision(organization: Organization, user: User) -> Decision | BulkDecision | None:
    """The latest decision of `user` that was not taken back; None when there is none.

    What the worker decided for a bulk decision is a part of that, and as old.
    """
    confirmed = BulkDecision.objects.of(organization).confirmed().filter(asked_by=user)
    standing = confirmed.exclude(state__in=TAKEN_BACK)
    bulk = standing.order_by("-asked_at", "-pk").first()
    of_a_bulk = BulkItem.objects.filter(
        group=OuterRef("pk"), state=BulkItem.State.DONE, at=OuterRef("decided_at")
    )
    alone = _decided_by(organization, user).exclude(Exists(of_a_bulk))
    if bulk is not None:
        alone = alone.filter(decided_at__gt=bulk.asked_at)
    return _first(alone.order_by("-decided_at", "-pk")) or bulk


def decision_about(group_id: int, organization: Organization, user: User) -> Decision | None:
    """What `user` decided about a group, if that is how it stands; None otherwise.

    Who approved the merge that somebody else asked for decided too.
    """
    own = _first(_decided_by(organization, user).filter(pk=group_id))
    if own is not None:
        return own
    approved = MergeRequest.objects.of(organization).filter(group_id=group_id, approved_by=user)
    with_all = approved.select_related("organization", "group", "lost_opt_out")
    with_all = with_all.annotate(**how_far(), **begun())
    request = with_all.order_by("-pk").first()
    return Decision(request.group, request) if request else None


def _decided_by(organization: Organization, user: User) -> QuerySet[Group]:
    decided = Group.objects.of(organization).filter(decided_by=user)
    return decided.exclude(state=GroupState.OPEN).exclude(decided_at=None)


def _first(found: QuerySet[Group]) -> Decision | None:
    group = found.select_related("organization").first()
    if group is None:
        return None
    if group.state not in {GroupState.REQUESTED, GroupState.MERGED}:
        return Decision(group)
    requests = MergeRequest.objects.filter(group=group).annotate(**how_far(), **begun())
    asked = list(
        requests.select_related("organization", "lost_opt_out").order_by("-pk")[:MOST_PARTS]
    )
    if not asked:
        return Decision(group)
    last, *before = asked
    # The requests of a split were made at one moment.
    others = tuple(one for one in before if one.proposed_at == last.proposed_at)
    return Decision(group, last, others)


def undo(decision: Decision | None, *, by_user: Actor) -> Group:
    """Takes a decision back; gives the group, which is to decide again.

    Not where a merge may have been done: that request is *unknown* then, or *partial* where a call
    came in between (approval.cancel).
    Raises NotAllowed, or Stale with the reason why it can't be taken back.
    """
    if decision is None:
        raise Stale(_("There is no decision of yours that could be undone."))
    group, request = decision.group, decision.request
    if not decision.can_be_undone:
        raise _why_not(decision)
    if request is not None:
        assert by_user.user is not None  # noqa: S101 - a decision is a person's
        all_ = decision.requests
        # One after the other would have written of the first, for which all who write wait
        # (audit/log.py), and then wait for somebody who is at the second.
        with entries_last():
            locked = MergeRequest.objects.select_for_update().order_by("pk")
            list(locked.filter(pk__in=[one.pk for one in all_]))
            pairs.take_back_of(group, by=by_user.user, at=request.proposed_at)
            decisions.unmark(group)
            for one in all_:
                approval.cancel(one, by_user=by_user)
    else:
        decisions.reopen(group, by_user=by_user)
    return group


def _why_not(decision: Decision) -> Stale:
    names = {"names": ", ".join(decision.group.names[:2])}
    if decision.group.state == GroupState.MERGED:
        words = _("%(names)s is merged, and Invent can't take a merge back.")
        return TooLate(words % names)
    if decision.request is not None:
        return TooLate(_("The merge of %(names)s was sent to Invent already.") % names)
    words = _("Invent no longer suggests %(names)s, so there is nothing to undo.")
    return TooLate(words % names)
