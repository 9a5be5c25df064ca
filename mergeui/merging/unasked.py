"""Contacts that Invent says it merged although no call named them.

invent-api.md, POST merge: whether Invent keeps to the sources that it was given is documented, not
proven. What it says beyond them can't be undone either: it is kept with the call, said to people,
and known as merged away, so that none of it is offered again.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.lookups import IsNull
from django.utils import timezone

from mergeui.accounts.models import Organization
from mergeui.invent.guard import quoted_id
from mergeui.merging.models import (
    UNSETTLED,
    Attempt,
    MergeRequest,
    RequestQuerySet,
    Source,
)
from mergeui.review.models import Member, MergedContact
from mergeui.review.text import shortened, visible
from mergeui.said import Said

LONGEST_ID = 200
MOST_TOLD = 20
LOUD = timedelta(days=7)  # in which people are told: nothing that they could do would end it

ONLY_A_PART = Said("Invent merged only a part of what was sent.")
NOT_MERGED = Said("Not merged: {name}.")
MORE_THAN_SENT = Said("Invent merged more than what was sent.")
MERGED_UNASKED = Said("Merged although nobody asked for it: {name} ({contact_id}).")
AND_MORE = Said("And {count} more, which the answer to the call names.")


def beyond(request: MergeRequest, ids: Sequence[str]) -> list[str]:
    """Those that were not asked for at all: sources whose turn had not come were."""
    if not ids:
        return []
    asked = {one.contact_id for one in request.sources.all()}
    return [one for one in ids if one not in asked]


def remember(request: MergeRequest, ids: Sequence[str]) -> None:
    """Keeps that what was merged beyond the sources is gone."""
    if not ids:
        return
    MergedContact.objects.bulk_create(
        [
            MergedContact(
                organization_id=request.organization_id,
                contact_id=one,
                into_contact_id=request.primary_contact_id,
                merged_at=timezone.now(),
            )
            for one in ids
            if is_id(one)
        ],
        ignore_conflicts=True,
    )


def is_id(text: str) -> bool:
    """Whether a contact could have this id here: an answer may name anything."""
    try:
        quoted_id(text)
    except ValueError:
        return False
    return len(text) <= LONGEST_ID


def how_far(request: str = "pk") -> dict[str, IsNull]:
    """For `annotate`, how far a merge went: whether `beyond` what was asked, and if some is `left`.

    `request` leads to the key of the request.
    """
    calls = Attempt.objects.filter(request=OuterRef(request)).exclude(unasked=[])
    sources = Source.objects.filter(request=OuterRef(request))
    return {"beyond": _any(calls), "left": _any(sources.exclude(state=Source.State.MERGED))}


def begun(request: str = "pk") -> dict[str, IsNull]:
    """For `annotate`, whether something of a request is merged: `begun`."""
    sources = Source.objects.filter(request=OuterRef(request))
    return {"begun": _any(sources.filter(state=Source.State.MERGED))}


def _any(rows: QuerySet[Any]) -> IsNull:
    """Whether there is one, looked up for each row that is shown.

    For an EXISTS, PostgreSQL would put together what there is for all rows, because it takes a page
    for the whole list: 0.15 s each with 180,000 requests.
    """
    return IsNull(Subquery(rows.order_by().values("pk")[:1]), False)


def went_beyond(requests: RequestQuerySet, now: datetime) -> RequestQuerySet:
    """Those of an organisation that merged more than was asked for, and ended in the last days."""
    return requests.amiss_since(now - LOUD).filter(how_far()["beyond"])


def for_a_person(requests: RequestQuerySet, now: datetime) -> RequestQuerySet:
    """Those of an organisation that a person has to settle, and those that went beyond.

    Each found by an index of its own, first: with either, both databases would walk through more.
    """
    unsettled = requests.filter(state__in=UNSETTLED).values("pk")
    return requests.filter(pk__in=unsettled.union(went_beyond(requests, now).values("pk")))


def unasked_of(attempts: Iterable[Attempt]) -> list[str]:
    """All that these calls merged beyond their sources, each once."""
    return list(dict.fromkeys(one for attempt in attempts for one in attempt.unasked))


def names_of(organization: Organization, ids: Sequence[str]) -> dict[str, str]:
    """The names of contacts as the mirror has them, by id; those that it does not know are left
    out."""
    if not ids:
        return {}
    known = Member.objects.of(organization).filter(contact_id__in=ids)
    return dict(known.order_by("pk").values_list("contact_id", "name"))


def sentences(ids: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """What is said of them where a request says how it ended."""
    told = [
        MERGED_UNASKED(name=names.get(one) or "?", contact_id=visible(shortened(one)))
        for one in ids[:MOST_TOLD]
    ]
    more = len(ids) - len(told)
    return [MORE_THAN_SENT(), *told, *([AND_MORE(count=more)] if more else [])]


def in_part(request: MergeRequest) -> list[str]:
    """Source by source, what an answer left out and what it names beyond what was asked.

    With its id where another contact of the request has its name.
    """
    sources = list(request.sources.all())
    names = Counter([request.primary_name, *(one.name for one in sources)])
    found = [
        NOT_MERGED(name=one.name if names[one.name] == 1 else f"{one.name} ({one.contact_id})")
        for one in sources
        if one.state != Source.State.MERGED
    ]
    if found:
        found.insert(0, ONLY_A_PART())
    more = unasked_of(request.attempts.all())
    return [*sentences(more, names_of(request.organization, more)), *found] if more else found
