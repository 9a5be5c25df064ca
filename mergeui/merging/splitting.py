"""Several merges out of one group: two people behind one number, each with contacts of their own.

All of them are asked for at once or none is. From then on each is a request of its own, with its
own risks, approval and fate; the locks of their contacts keep them apart.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.log import record
from mergeui.errors import Invalid, Problem
from mergeui.invent import Contact
from mergeui.merging.choice import Choice
from mergeui.merging.models import MergeRequest
from mergeui.merging.proposals import Part, ask, choice_of
from mergeui.review import pairs
from mergeui.review.decisions import mark
from mergeui.review.models import Group
from mergeui.review.risk import ToldApart

MOST_PARTS = 5


def split(
    group: Group,
    parts: Sequence[Part],
    *,
    by_user: Actor,
    fingerprint: str = "",
    note: str = "",
    rest_differ: bool = False,
) -> list[MergeRequest]:
    """Asks for the merges of an open group that `parts` are; members may be left out.

    `rest_differ` says that all others here are different people, which is kept by pairs
    (review.pairs): of two parts, and of whoever is left out. Raises what propose() raises; Invalid
    names the part.
    """
    _check(parts)

    def choosing(members: Sequence[Contact], said: Sequence[ToldApart]) -> list[Choice]:
        return [_numbered(group, members, part, said) for part in parts]

    apart = _apart(group, parts) if rest_differ else []

    def also(now: datetime) -> None:
        if apart:
            pairs.say(group, by=by_user.user, at=now, reason=note, pairs=apart)
            mark(group)  # should its merges not be done, it is to decide again

    with transaction.atomic():
        made = ask(group, choosing, by_user=by_user, fingerprint=fingerprint, note=note, also=also)
        record(
            Action.GROUP_SPLIT,
            by_user=by_user,
            subject=f"group:{group.pk}",
            facts={
                "members": group.evidence.get("members", []),
                "requests": [request.pk for request in made],
                "rest_differ": bool(apart),
            },
            personal={"names": group.names, "note": note},
        )
    return made


def _check(parts: Sequence[Part]) -> None:
    if not 1 <= len(parts) <= MOST_PARTS:
        words = _("Choose at least two contacts for a merge; {most} merges are possible at once.")
        raise Invalid(words.format(most=MOST_PARTS))
    chosen = [one for part in parts for one in (part.primary_id, *part.source_ids)]
    if len(set(chosen)) != len(chosen):
        raise Invalid(_("A contact is in two merges at once. Choose one of them."))


def _numbered(
    group: Group, members: Sequence[Contact], part: Part, said: Sequence[ToldApart]
) -> Choice:
    try:
        return choice_of(group, members, part, said)
    except Problem as problem:
        words = _("Merge {number}: {sentence}")
        raise type(problem)(words.format(number=part.number, sentence=problem.sentence)) from None


def _apart(group: Group, parts: Sequence[Part]) -> list[pairs.PairIds]:
    """Every pair of the members that no part takes for the same person."""
    part_of = {
        contact_id: number
        for number, part in enumerate(parts)
        for contact_id in (part.primary_id, *part.source_ids)
    }
    return [
        (one, other)
        for one, other in pairs.pairs_of(group.evidence.get("members", []))
        if one not in part_of or part_of[one] != part_of.get(other)
    ]
