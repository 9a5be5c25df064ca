"""Finding entries: by what they name, by operator, action and time, newest first.

Every condition is answered from an index and every page is a short range of one, whatever the size
of the history (design.md, rule 12): a span of time becomes a span of numbers (log.py keeps the time
from going back), a name or a phone number is looked up exactly as it was normalised.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from mergeui.accounts.models import Organization, User
from mergeui.audit import references
from mergeui.audit.actions import ENDED_FOR_PEOPLE
from mergeui.audit.models import Entry, Kind, Reference
from mergeui.audit.references import Ref, behind, ref

BATCH = 500  # entries that `stream` holds in memory at a time
ENOUGH = 1000  # entries by which a common name is told from a rare one

# As people call them, in each language of the desk.
_KINDS = {
    "request": Kind.REQUEST,
    "solicitud": Kind.REQUEST,
    "group": Kind.GROUP,
    "grupo": Kind.GROUP,
    "bulk": Kind.BULK,
    "bulk decision": Kind.BULK,
    "decisión en bloque": Kind.BULK,
}
_OURS = re.compile(rf"({'|'.join(_KINDS)})\s*#?\s*(\d{{1,18}})", re.IGNORECASE)


def entries(
    organization: Organization,
    *,
    contact: str = "",
    name: str = "",
    email: str = "",
    phone: str = "",
    user_id: str = "",
    request: int | None = None,
    group: int | None = None,
    found_by: Iterable[Ref] = (),
    operator: User | int | None = None,
    action: str = "",
    day: date | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    after: int | None = None,
) -> QuerySet[Entry]:
    """The entries that meet every condition given, newest first, with their payloads.

    `name`: every word of it, in any order. `found_by`: what `guess` made of somebody's words.
    `operator` is who did it; of merges that the system carried out, who asked for or approved them.
    `day` is a day in the time zone that is active; `since` is included, `until` is not. `before`
    and `after` are numbers of entries, not included: the next page is `before=` the last number of
    this one, the previous one `after=` its first, reversed. Slice the result; it never counts.
    """
    person = operator.pk if isinstance(operator, User) else operator
    asked_for = []
    if person is not None and action in ENDED_FOR_PEOPLE:
        asked_for.append(behind(person, action))
    wanted = [
        *_refs(contact=contact, name=name, email=email, phone=phone, user_id=user_id),
        *(ref(Kind.REQUEST, number) for number in [request] if number is not None),
        *(ref(Kind.GROUP, number) for number in [group] if number is not None),
        *found_by,
        *asked_for,
    ]
    if day is not None:
        midnight, next_midnight = whole(day)
        since = max(filter(None, [since, midnight]))
        until = min(filter(None, [until, next_midnight]))
    low, high = _numbers(since, until, after, before)
    found = Entry.objects.select_related("payload")
    if not wanted:
        found = found.filter(organization=organization, **_between("number", low, high))
    for kind, value in _rarest_last(organization, wanted):
        # A join each, with the bounds repeated, so that the databases start from the index of
        # references and do not read what lies outside of the page.
        bounds = _between("references__entry", low, high)
        found = found.naming(kind, value, references__organization=organization, **bounds)
    if person is not None and not asked_for:
        found = found.filter(actor_id=person)
    if action:
        found = found.filter(action=action)
    return found.order_by("-number")


def whole(day: date) -> tuple[datetime, datetime]:
    """The beginning of a day and of the next one, in the time zone that is active.

    By the clock on the wall: a day may have 23 or 25 hours.
    """
    zone = timezone.get_current_timezone()
    return datetime.combine(day, time(), zone), datetime.combine(day + timedelta(1), time(), zone)


def stream(organization: Organization, **conditions: Any) -> Iterator[Entry]:
    """All of `entries(organization, **conditions)`, newest first, in constant memory.

    Page by page: no cursor and no transaction stays open while somebody reads slowly.
    """
    before = conditions.pop("before", None)
    while batch := list(entries(organization, before=before, **conditions)[:BATCH]):
        yield from batch
        before = batch[-1].number


def guess(organization: Organization, q: str) -> list[Ref]:
    """What somebody may have meant by `q`: for `entries(found_by=…)`.

    "request 12", "group 7" and "bulk 3" are ours; then whatever of these is in the history: a
    contact id, a channel's user id, an e-mail address, a phone number; otherwise words of a name.
    Empty when `q` has nothing to look for.
    """
    text = q.strip()
    if ours := _OURS.fullmatch(text):
        return [ref(_KINDS[ours[1].lower()], int(ours[2]))]
    exact = [ref(Kind.CONTACT, text), Ref(Kind.USER_ID, references.plain(text))]
    if "@" in text:
        exact.append(Ref(Kind.EMAIL, references.plain(text)))
    if references.looks_like_phone(text) and (tail := references.phone_tail(text)):
        exact.append(Ref(Kind.PHONE, tail))
    for found in exact:
        if found.value and _known(organization, found):
            return [found]
    words = [Ref(Kind.NAME, word) for word in references.words(text)]
    return words or exact[-1:] if text else []


def _rarest_last(organization: Organization, wanted: Iterable[Ref]) -> list[Ref]:
    """Each once; the last one leads the query, so let it be the one with the fewest entries."""
    refs = list(dict.fromkeys(wanted))
    if len(refs) < 2:
        return refs

    def some(found: Ref) -> int:
        named = Reference.objects.filter(
            organization=organization, kind=found.kind, value=found.value
        )
        return named.values("entry_id")[:ENOUGH].count()

    return sorted(refs, key=some, reverse=True)


def _known(organization: Organization, found: Ref) -> bool:
    return Reference.objects.filter(
        organization=organization, kind=found.kind, value=found.value
    ).exists()


def _refs(*, contact: str, name: str, email: str, phone: str, user_id: str) -> list[Ref]:
    """What is asked for, normalised as it was stored. Words without a letter find nothing."""
    found = []
    if contact.strip():
        found.append(ref(Kind.CONTACT, contact.strip()))
    if name.strip():
        found += [Ref(Kind.NAME, word) for word in references.words(name) or [""]]
    if email.strip():
        found.append(Ref(Kind.EMAIL, references.plain(email)))
    if phone.strip():
        found.append(Ref(Kind.PHONE, references.phone_tail(phone)))
    if user_id.strip():
        found.append(Ref(Kind.USER_ID, references.plain(user_id)))
    return found


def _numbers(
    since: datetime | None, until: datetime | None, after: int | None, before: int | None
) -> tuple[int | None, int | None]:
    """The first and the last number that may be on the page; None without a bound."""
    lows = [] if after is None else [after + 1]
    highs = [] if before is None else [before - 1]
    if since is not None:
        lows.append(_last_before(since) + 1)
    if until is not None:
        highs.append(_last_before(until))
    return max(lows, default=None), min(highs, default=None)


def _last_before(moment: datetime) -> int:
    """The number of the last entry before this moment; 0 when there is none."""
    earlier = Entry.objects.filter(at__lt=moment).order_by("-at", "-number")
    return earlier.values_list("number", flat=True).first() or 0


def _between(column: str, low: int | None, high: int | None) -> dict[str, int]:
    bounds = {f"{column}__gte": low, f"{column}__lte": high}
    return {condition: number for condition, number in bounds.items() if number is not None}
