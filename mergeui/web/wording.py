"""What an operator read before they asked for a merge, in the language of whoever looks now.

A request keeps the sentences as they were shown, in the language in which they were read: that is
what was agreed to. Whoever reads another language gets the same made anew from the contacts as
they were seen; a risk that today's rules no longer find is shown as it was read.
"""

from django.utils.translation import get_language

from mergeui.invent import Contact
from mergeui.merging.models import MergeRequest
from mergeui.merging.plan import predict
from mergeui.review.risk import cautions, put_together
from mergeui.review.text import with_short

ENGLISH = "en"
# Of a name in the sentence of a bar, which must leave a phone room for the page.
LONGEST_IN_BAR = 48


def cautions_of(request: MergeRequest) -> list[str]:
    """The sentences of what was risky, in the order in which they were read."""
    if not request.cautions or _as_read(request):
        return [sentence for _, sentence in request.cautions]
    found = (put_together(), *cautions(_seen(request)))
    told = {one.risk.value: one.sentence for one in found}
    return [told.get(code, sentence) for code, sentence in request.cautions]


def expected(request: MergeRequest) -> str:
    """What the merge does, in one sentence."""
    stored = str(request.prediction.get("sentence", ""))
    if not stored or _as_read(request):
        return stored
    primary, *sources = _seen(request)
    return predict(primary, sources).sentence


def in_bar(request: MergeRequest) -> str:
    """The same for a bar that a phone has beside the page, which says it in full."""
    primary = str(request.prediction.get("primary", ""))
    return with_short(expected(request), primary, LONGEST_IN_BAR)


def _as_read(request: MergeRequest) -> bool:
    read = request.prediction.get("language", ENGLISH)
    return bool(read == (get_language() or ENGLISH))


def _seen(request: MergeRequest) -> list[Contact]:
    return [Contact.parse(raw) for raw in request.snapshot]
