"""The vendor Invent: a typed client, its shapes, and what can go wrong (invent-api.md)."""

from mergeui.invent.budget import Budget, Shares
from mergeui.invent.clean import clean_json, clean_text
from mergeui.invent.client import UNSET, InventClient, MergeAnswer
from mergeui.invent.errors import (
    BadRequest,
    InvalidMerge,
    InventError,
    Malformed,
    NotFound,
    NotSent,
    OutcomeUnknown,
    OverBudget,
    RateLimited,
    RawAnswer,
    Rejected,
    Unauthorized,
    Unavailable,
)
from mergeui.invent.fingerprint import fingerprint
from mergeui.invent.guard import MAX_SOURCES, MergeCall
from mergeui.invent.paging import Page
from mergeui.invent.session import Limiter
from mergeui.invent.types import Channel, Contact, DuplicateGroup, MergeResult, Segment, SubOrg

__all__ = [
    "MAX_SOURCES",
    "UNSET",
    "BadRequest",
    "Budget",
    "Channel",
    "Contact",
    "DuplicateGroup",
    "InvalidMerge",
    "InventClient",
    "InventError",
    "Limiter",
    "Malformed",
    "MergeAnswer",
    "MergeCall",
    "MergeResult",
    "NotFound",
    "NotSent",
    "OutcomeUnknown",
    "OverBudget",
    "Page",
    "RateLimited",
    "RawAnswer",
    "Rejected",
    "Segment",
    "Shares",
    "SubOrg",
    "Unauthorized",
    "Unavailable",
    "clean_json",
    "clean_text",
    "fingerprint",
]
