"""Where data of contacts are kept: every column that may hold a name, an address or a note.

One table, because three things go by it: the tests look into every other column and must find none
there, the erasure of a person (erasure.py) empties those that name them, and docs/security.md tells
what is kept where. Contact ids are not in it: they stay, so that the history can say what happened.
"""

from enum import Enum


class Way(Enum):
    """How a column is emptied when a person is erased."""

    ERASED = "with the payload of its entry"  # audit.erase
    BLANKED = "blanked in its row"
    GONE = "with its row"
    SHORT = "by itself: it is kept for a short time"


COLUMNS: dict[str, Way] = {
    # The history keeps them beside the chain.
    "audit_payload.data_text": Way.ERASED,
    "audit_reference.value": Way.ERASED,
    # The mirror of Invent's suggestions.
    "review_member.name": Way.BLANKED,
    "review_member.raw": Way.BLANKED,
    "review_channel.user_id": Way.GONE,
    "review_group.names": Way.BLANKED,
    "review_group.links": Way.BLANKED,
    "review_group.graded_links": Way.BLANKED,
    "review_group.sort_name": Way.BLANKED,
    "review_group.search_text": Way.BLANKED,
    "review_group_terms_data.block": Way.GONE,  # the index of SQLite (review/finding.py)
    "review_group.evidence": Way.BLANKED,
    "review_group.decided_evidence": Way.BLANKED,
    "review_group.made_because": Way.BLANKED,
    "review_group.decided_note": Way.BLANKED,
    "review_notduplicate.evidence": Way.BLANKED,
    "review_notduplicate.reason": Way.BLANKED,
    # What was asked for, and what came of it.
    "merging_mergerequest.primary_name": Way.BLANKED,
    "merging_mergerequest.snapshot": Way.BLANKED,
    "merging_mergerequest.prediction": Way.BLANKED,
    "merging_mergerequest.cautions": Way.BLANKED,
    "merging_mergerequest.note": Way.BLANKED,
    "merging_mergerequest.outcome": Way.BLANKED,
    "merging_mergerequest.waiting_because": Way.BLANKED,
    "merging_source.name": Way.BLANKED,
    "merging_attempt.answer": Way.BLANKED,
    "merging_attempt.reason": Way.BLANKED,
    "merging_readback.evidence": Way.BLANKED,
    "merging_approval.note": Way.BLANKED,
    "merging_bulkitem.detail": Way.BLANKED,
    "merging_bulkdecision.note": Way.BLANKED,
    "merging_bulkdecision.query": Way.BLANKED,
    "merging_lostoptout.reason": Way.BLANKED,
    # What people have typed or ticked, until their session ends or they delete it.
    "django_session.session_data": Way.SHORT,
    "review_savedview.name": Way.SHORT,
    "review_savedview.query": Way.SHORT,
    "accounts_user.opens": Way.SHORT,
}
