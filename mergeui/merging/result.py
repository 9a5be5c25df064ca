"""What came of a merge, held to what was predicted (design.md, rule 7)."""

from collections.abc import Sequence

from mergeui.invent import Contact, Malformed, MergeResult
from mergeui.invent.clean import decode_json
from mergeui.merging.models import Attempt, MergeRequest, Source
from mergeui.merging.plan import OPT_OUT_UNKNOWN, differences, lost_opt_outs
from mergeui.merging.sources import ids_in


def compare(
    request: MergeRequest, merged_ids: Sequence[str], kept: Contact | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """How the result differs from the prediction, and the flags that it lost; empty when it
    doesn't.

    `kept` is the contact that `merged_ids` went into, as it is by now. None when nobody has read it
    again: then the last answer is asked, if answers say that all of these were merged. So call this
    before anything else is marked as merged.
    """
    if not merged_ids:
        return (), ()
    seen = {raw["id"]: Contact.parse(raw) for raw in request.snapshot}
    primary, sources = seen[request.primary_contact_id], [seen[one] for one in merged_ids]
    kept = kept or _answered(request, merged_ids)
    lost = lost_opt_outs(primary, sources, kept)
    if kept is None:
        return ((OPT_OUT_UNKNOWN(),) if lost else ()), lost
    return differences(primary, sources, kept), lost


def _answered(request: MergeRequest, merged_ids: Sequence[str]) -> Contact | None:
    """The contact that Invent gave back last; None when that is not kept, being too long, or when
    more was merged than answers say."""
    if not {*merged_ids} <= {*ids_in(request, Source.State.MERGED)}:
        return None
    done = request.attempts.filter(state__in=[Attempt.State.MERGED, Attempt.State.PARTIAL])
    answer = done.order_by("number").values_list("answer", flat=True).last() or {}
    try:
        return MergeResult.read(decode_json(answer.get("body", "").encode())).merged
    except Malformed:
        return None
