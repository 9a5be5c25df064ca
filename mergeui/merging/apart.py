"""Two contacts of a merge that somebody told apart after it was asked for.

What was said before is a risk, which whoever asked has read. What is said since then nobody has
seen who asked or approved, and a merge can't be undone.
"""

from mergeui.merging.models import MergeRequest
from mergeui.review.pairs import said_of
from mergeui.review.risk import ToldApart


def told_since(request: MergeRequest) -> tuple[ToldApart, ...]:
    """What was said of any two of its contacts since then, the latest first: one query."""
    ids = [raw["id"] for raw in request.snapshot]
    found = said_of(request.organization_id, ids)
    return tuple(one for one in found if one.at > request.proposed_at)
