"""What an operator chose of a group, checked, with what makes it risky. Nothing is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from mergeui.accounts.policy import Policy
from mergeui.errors import Invalid
from mergeui.invent import Contact, InvalidMerge
from mergeui.invent.guard import merge_body
from mergeui.merging.plan import chunks
from mergeui.retold import retold
from mergeui.review.risk import Caution, ToldApart, cautions
from mergeui.review.text import display_name


@dataclass(frozen=True, slots=True)
class Choice:
    """A valid choice of a primary and sources in a group, and what makes it risky."""

    primary: Contact
    sources: tuple[Contact, ...]
    cautions: tuple[Caution, ...]

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """All chosen contacts, the primary first."""
        return (self.primary, *self.sources)


def choose(
    members: Sequence[Contact],
    primary_id: str,
    source_ids: Sequence[str],
    said: Sequence[ToldApart] = (),
    *,
    by_hand: bool = False,
    shown: bool = False,
) -> Choice:
    """Checks a choice against the members of a group; raises Invalid with what to do.

    `said` is what people said of pairs of the members (pairs.said_of): a risk where two are chosen.
    `by_hand`: people put the group together, which is a risk of its own. `shown`: beside all of the
    members, so that the cautions number who is called the same by the places of all.
    """
    by_id: Mapping[str, Contact] = {contact.id: contact for contact in members}
    if not primary_id:
        raise Invalid(
            _("Choose the contact to keep: it is the one that the others are merged into.")
        )
    if primary_id not in by_id:
        raise Invalid(_("The contact to keep is not in this group. Choose one of those shown."))
    if not source_ids:
        raise Invalid(_("Tick at least one contact to merge into the one that you keep."))
    if primary_id in source_ids:
        raise Invalid(
            _(
                "{name} can't be kept and merged away at once. Untick it, or choose another one to"
                " keep."
            ).format(name=display_name(by_id[primary_id]))
        )
    if len(set(source_ids)) != len(source_ids):
        raise Invalid(_("A contact was ticked twice. Look at the ticks and send once more."))
    if any(source_id not in by_id for source_id in source_ids):
        raise Invalid(
            _("A ticked contact is not in this group. Tick only contacts that are shown.")
        )
    try:
        for chunk in chunks(source_ids):
            merge_body(primary_id, chunk)
    except InvalidMerge as error:
        words = _("These contacts can't be merged from here. {reason}")
        raise Invalid(words.format(reason=retold(str(error)))) from error
    chosen = tuple(by_id[source_id] for source_id in source_ids)
    primary = by_id[primary_id]
    among = members if shown else ()
    found = cautions((primary, *chosen), said=said, among=among, by_hand=by_hand)
    return Choice(primary, chosen, found)


def second_person_needed(choice: Choice, policy: Policy) -> bool:
    """Whether the team's policy wants somebody else's approval."""
    return policy.needs_second_person([caution.risk.value for caution in choice.cautions])
