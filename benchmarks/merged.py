"""What a desk keeps of merges that are over: a request with its sources and its call, a group each.

Written as a sync writes its rows: the transitions would take a day. Of some there is more: an
approval, a look after an answer that was lost, an opt-out set again, a person who was told; and a
part was decided together.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import msgspec
from django.db.models import Model, QuerySet, TextField
from django.db.models.functions import Cast

from benchmarks.making import START
from mergeui.accounts.models import Organization, User
from mergeui.invent import Contact
from mergeui.merging.models import (
    Approval,
    Attempt,
    BulkDecision,
    BulkItem,
    BulkKind,
    BulkState,
    LostOptOut,
    MergeRequest,
    Notice,
    ReadBack,
    RequestState,
    Source,
)
from mergeui.merging.plan import predict
from mergeui.review import bulk
from mergeui.review.models import Group, Member
from mergeui.review.text import display_name

# Shares of all merges that are over.
PARTIAL, TOGETHER, APPROVED, LOOKED_AT, OPT_OUT, TOLD = 0.03, 0.3, 0.2, 0.01, 0.01, 0.02
TOOK = timedelta(minutes=1)

Values = dict[str, Any]


def keep(
    groups: QuerySet[Group], organization: Organization, users: Sequence[User], pick: random.Random
) -> None:
    """Stores it for these groups of an organisation, which are merged and decided."""
    raw = _contacts(groups)
    merged = list(groups.only("primary_contact_id", "fingerprint", "decided_at"))
    together = {group.pk for group in merged if pick.random() < TOGETHER}
    (bulk_pk,) = _create(BulkDecision, [_decision(organization, users[0], len(together))])
    requests = []
    for group in merged:
        by, other = pick.sample(users, 2)
        whole = len(raw[group.pk]) < 3 or pick.random() >= PARTIAL
        values = _request(group, raw[group.pk], by, whole=whole)
        if pick.random() < APPROVED:
            values |= {"needs_approval": True, "approved_by_id": other.pk}
        values |= {"bulk_id": bulk_pk} if group.pk in together else {}
        requests.append(values | {"organization_id": organization.pk})
    rows = list[tuple[type[Model], Values]]()
    for pk, values in zip(_create(MergeRequest, requests), requests, strict=True):
        rows += [(model, {"request_id": pk} | one) for model, one in _about(values, pick)]
    for model in dict.fromkeys(model for model, _ in rows):
        _create(model, [values for one, values in rows if one is model])


def _contacts(groups: QuerySet[Group]) -> dict[int, list[bytes]]:
    """The JSON of each group's contacts, by its key."""
    found = defaultdict(list)
    members = Member.objects.filter(group__in=groups.values("pk"))
    for group, one in members.values_list("group", Cast("raw", TextField())):
        found[group].append(one.encode())
    return found


def _create(model: type[Model], rows: Sequence[Values]) -> Sequence[int]:
    return bulk.create(model, [bulk.plain(model, values) for values in rows])


def _decision(organization: Organization, by: User, groups: int) -> Values:
    return {
        "organization_id": organization.pk,
        "kind": BulkKind.MERGE.value,
        "state": BulkState.DONE.value,
        "asked_by_id": by.pk,
        "asked_at": START,
        "total": groups,
        "done": groups,
    }


def _request(group: Group, raw: Sequence[bytes], by: User, *, whole: bool) -> Values:
    """A request that is over: merged, or all but its last source."""
    contacts = [msgspec.json.decode(one) for one in raw]
    primary = group.primary_contact_id
    order = sorted(range(len(raw)), key=lambda place: contacts[place]["id"] != primary)
    first, *others = (Contact.read(contacts[place]) for place in order)
    at = group.decided_at
    assert at
    return {
        "group_id": group.pk,
        "state": (RequestState.MERGED if whole else RequestState.PARTIAL).value,
        "primary_contact_id": primary,
        "primary_name": display_name(first),
        "snapshot": [msgspec.Raw(raw[place]) for place in order],
        "fingerprint": group.fingerprint,
        "prediction": {**predict(first, others).as_json(), "language": "en"},
        "needs_approval": False,
        "proposed_by_id": by.pk,
        "proposed_at": at,
        "approved_at": at,
        "expires_at": at + timedelta(days=1),
        "execute_after": at,
        "finished_at": at + TOOK,
    }


def _about(request: Values, pick: random.Random) -> Iterator[tuple[type[Model], Values]]:
    """The rows beside a request, without its number."""
    at, done = request["proposed_at"], request["finished_at"]
    sources = [Contact.read(msgspec.json.decode(one)) for one in request["snapshot"][1:]]
    ids = [source.id for source in sources]
    left = [] if request["state"] == RequestState.MERGED else ids[-1:]
    for place, source in enumerate(sources):
        state = Source.State.NOT_MERGED if source.id in left else Source.State.MERGED
        name = display_name(source)
        yield (
            Source,
            {"position": place, "contact_id": source.id, "name": name, "state": state.value},
        )
    merged = [one for one in ids if one not in left]
    yield (
        Attempt,
        {
            "number": 1,
            "state": request["state"],
            "source_ids": ids,
            "call": {"method": "POST", "url": "", "body": {"contact_ids": ids}},
            "answer": {
                "status": 200,
                "headers": {},
                "body": {"merged_contact_ids": merged},
                "truncated": False,
                "seconds": 0.2,
            },
            "started_at": at,
            "finished_at": done,
        },
    )
    by = request["proposed_by_id"]
    if other := request.get("approved_by_id"):
        yield (
            Approval,
            {"verdict": "approved", "proposer_id": by, "approver_id": other, "at": at},
        )
    if request.get("bulk_id"):
        part = {"bulk_id": request["bulk_id"], "group_id": request["group_id"], "at": at}
        seen = {"fingerprint": request["fingerprint"], "state": BulkItem.State.DONE.value}
        yield BulkItem, part | seen
    if pick.random() < LOOKED_AT:
        yield ReadBack, {"at": done, "verdict": "merged", "evidence": []}
    if pick.random() < OPT_OUT:
        yield LostOptOut, {"state": "set", "flags": "unsubscribed", "set_at": done}
    if pick.random() < TOLD:
        told = {"kind": "mentioned", "at": at, "read_at": done, "mailed_at": done}
        whom = {"organization_id": request["organization_id"], "person_id": by}
        yield Notice, told | whom | {"group_id": request["group_id"]}
