"""What a team demands before a merge is sent: its own choice, or else what the environment says.

Pure over plain values. A change that demands less than before is a loosening, which takes a second
admin; one that demands more takes effect at once.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class FourEyes(TextChoices):
    """Which merges a second person has to approve, from the laxest to the strictest."""

    NEVER = "never", _("No merge")
    RISKY = "risky", _("Risky merges")
    ALWAYS = "always", _("Every merge")


@dataclass(frozen=True, slots=True)
class Policy:
    """What a team demands. `waived_risks` are the codes of risk marks (review.risk.Risk) that need
    no second person; `cool_off_seconds` is how long an approved merge can still be cancelled.

    With `single_operator` nobody else is asked at all, and that stands on every record made so.
    Waived ones are named, not wanted ones, so that a mark of a later version is taken seriously.
    """

    four_eyes: str
    cool_off_seconds: int
    waived_risks: frozenset[str] = frozenset()
    single_operator: bool = False

    def needs_second_person(self, risks: Collection[str]) -> bool:
        """Whether a merge with these risk marks needs somebody else's approval."""
        if self.single_operator:
            return False
        if self.four_eyes == FourEyes.RISKY:
            return not self.waived_risks.issuperset(risks)
        return self.four_eyes == FourEyes.ALWAYS

    def looser_in(self, before: "Policy") -> list[str]:
        """The names of the fields in which this demands less than `before`; empty when in none."""
        order = FourEyes.values
        # A waived mark counts for nothing where no risk or every merge is looked at; it does as
        # soon as that changes, so it is compared whatever else holds.
        checks = {
            "four_eyes": order.index(self.four_eyes) < order.index(before.four_eyes),
            "cool_off_seconds": self.cool_off_seconds < before.cool_off_seconds,
            "waived_risks": not self.waived_risks <= before.waived_risks,
            "single_operator": self.single_operator and not before.single_operator,
        }
        return [name for name, looser in checks.items() if looser]

    def as_json(self) -> dict[str, Any]:
        """As the history and a change that waits keep it: plain values, always in one order."""
        return {
            "four_eyes": self.four_eyes,
            "cool_off_seconds": self.cool_off_seconds,
            "waived_risks": sorted(self.waived_risks),
            "single_operator": self.single_operator,
        }
