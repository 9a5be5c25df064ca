"""Everything that the desk knows about a contact id: where is it, where did it go?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mergeui.accounts.models import Organization, Role
from mergeui.audit import lookup
from mergeui.audit.actions import Action
from mergeui.audit.models import Entry
from mergeui.invent import Contact
from mergeui.merging.erasure import was_erased
from mergeui.merging.models import ContactLock, MergeRequest, Source
from mergeui.merging.unasked import how_far
from mergeui.review.compare import compare
from mergeui.review.models import Group, GroupState, Member, MergedContact
from mergeui.review.text import display_name
from mergeui.web import comparing, past
from mergeui.web.access import MemberRequest, page
from mergeui.web.request_words import state_of
from mergeui.web.searching import token_of
from mergeui.web.when import exact

ENTRIES = 20
REQUESTS = 20
ABSORBED = 100
RESULTS = {Action.MERGE_COMPLETED, Action.MERGE_PARTIAL}
LONGEST_SEARCH = 200  # forms.SearchForm


@page()
def contact(request: MemberRequest, contact_id: str) -> HttpResponse:
    """A contact by its id in Invent, one that was merged away too; 404 when nothing is known.

    Of very many channels and segments it shows the first ones; `?all=1`, all.
    """
    organization = request.member.organization
    merged = MergedContact.objects.filter(organization=organization, contact_id=contact_id).first()
    memberships = list(
        Member.objects.of(organization)
        .filter(contact_id=contact_id)
        .select_related("group")
        .order_by("-group_id")[:REQUESTS]
    )
    merged_by = _merged_by(organization, merged)
    requests = _requests(organization, contact_id, merged_by.request)
    entries = list(lookup.entries(organization, contact=contact_id)[:ENTRIES])
    if not (merged or memberships or requests or entries):
        raise Http404
    last = _last_seen(contact_id, memberships, requests, entries)
    erased = bool(last and last.erased)
    seen = last.contact if last and not erased else None
    snapshot = compare([seen], whole="all" in request.GET) if seen else None
    can_take = seen and not merged and request.member.can(Role.OPERATOR)
    context: dict[str, Any] = {
        "duplicates_of": {
            "token": token_of(seen),
            "name": (seen.name or "").strip()[:LONGEST_SEARCH],
        }
        if seen and can_take
        else None,
        "may_erase": request.member.can(Role.ADMIN),
        "contact_id": contact_id,
        "name": display_name(last.contact) if last else _("A contact without a snapshot"),
        "erased": erased,
        "snapshot": snapshot,
        "snapshot_words": last.words if last and not merged else _("As it was before the merge"),
        "left_out": comparing.left_out(snapshot) if snapshot else "",
        "merged": merged,
        "merged_by": merged_by.request,
        "unasked": merged_by.unasked,
        "merge_chain": _chain(organization, merged),
        "absorbed": _absorbed(organization, contact_id),
        "merged_at": exact(merged.merged_at) if merged else "",
        "groups": [_of_group(m.group) for m in memberships],
        "requests": [_of_request(one) for one in requests],
        "lock": ContactLock.objects.filter(
            organization=organization, contact_id=contact_id
        ).first(),
        "entries": past.story(entries),
    }
    return render(request, "contact/page.html", context)


@dataclass(frozen=True, slots=True)
class Named:
    """A group or a request that names the contact, as a row."""

    url: str
    number: str
    name: str
    state: str


def _of_group(group: Group) -> Named:
    words = ngettext("{count} contact", "{count} contacts", group.member_count)
    return Named(
        url=reverse("group", args=[group.pk]),
        number=_("Group {number}").format(number=group.pk),
        name=words.format(count=group.member_count),
        state=group.get_state_display(),
    )


def _of_request(request: MergeRequest) -> Named:
    return Named(
        url=reverse("request", args=[request.pk]),
        number=_("Request {number}").format(number=request.pk),
        name=request.primary_name,
        state=state_of(request)[1],
    )


class MergedBy(NamedTuple):
    """The request whose merge took a contact away, and whether nobody had asked it to."""

    request: MergeRequest | None = None
    unasked: bool = False


def _merged_by(organization: Organization, merged: MergedContact | None) -> MergedBy:
    """What merged a contact away: others may have asked for it too, and not got it."""
    if merged is None:
        return MergedBy()
    own = MergeRequest.objects.of(organization).select_related("proposed_by", "approved_by")
    took = Source.objects.filter(contact_id=merged.contact_id, state=Source.State.MERGED)
    if asked := own.filter(pk__in=took.values("request")).order_by("pk").first():
        return MergedBy(asked)
    # The calls can't be searched for what they merged unasked; their entries are found by it.
    answers = lookup.entries(
        organization, contact=merged.contact_id, action=Action.ATTEMPT_ANSWERED
    )
    for entry in answers[:REQUESTS]:
        number = entry.request_pk
        if number and merged.contact_id in entry.facts.get("unasked", []):
            return MergedBy(own.filter(pk=number).first(), unasked=True)
    return MergedBy()


def _requests(
    organization: Organization, contact_id: str, merged_by: MergeRequest | None
) -> list[MergeRequest]:
    """The requests that name the contact, as the one to keep or as a source, newest first.

    So does the one that merged it, named or not.
    """
    own = MergeRequest.objects.of(organization)
    as_source = Source.objects.of(organization).filter(contact_id=contact_id)
    pks = {
        *own.filter(primary_contact_id=contact_id).values_list("pk", flat=True)[:REQUESTS],
        *as_source.values_list("request_id", flat=True)[:REQUESTS],
        *([merged_by.pk] if merged_by else []),
    }
    return list(own.filter(pk__in=pks).annotate(**how_far()).order_by("-pk"))


class Seen(NamedTuple):
    """The contact as Invent gave it at some moment, and in words which."""

    at: datetime
    words: str
    contact: Contact
    erased: bool


def _last_seen(
    contact_id: str,
    memberships: list[Member],
    requests: list[MergeRequest],
    entries: list[Entry],
) -> Seen | None:
    """The contact as it was last read; None where only its id is known.

    Before a merge, into the request; with the answer of a merge, into the history; or by a sync,
    into a group, which may be older than a merge of another group. One whose data were erased is
    only given where nothing else is left.
    """
    found: list[Seen] = []

    def add(at: datetime, words: str, raw: dict[str, Any]) -> None:
        found.append(Seen(at, words, Contact.parse(raw), was_erased(raw)))

    for member in memberships[:1]:
        group = member.group
        # One that Invent lists no longer changed by that, and its contacts were not read again.
        read = group.first_seen_at if group.state == GroupState.VANISHED else group.changed_at
        add(read, _("As last read from Invent"), member.raw)
    for request in requests:
        if raw := _of_id(request.snapshot, contact_id):
            words = _("As it was when request {number} was asked for").format(number=request.pk)
            add(request.proposed_at, words, raw)
            break
    for entry in entries:
        given = entry.personal.get("contacts") if entry.action in RESULTS else None
        if raw := _of_id(given, contact_id):
            words = _("As Invent gave it back after request {number}")
            words = words.format(number=entry.request_pk)
            add(entry.at, words, raw)
            break
    return max(found, key=lambda seen: (not seen.erased, seen.at), default=None)


def _of_id(contacts: Any, contact_id: str) -> dict[str, Any] | None:
    some = contacts if isinstance(contacts, list) else []
    return next((raw for raw in some if raw.get("id") == contact_id), None)


def _chain(organization: Organization, merged: MergedContact | None) -> list[str]:
    """The ids that lead to where the contact is today: a primary may have been merged on."""
    ids: list[str] = []
    while merged and merged.into_contact_id not in ids and len(ids) < 50:
        ids.append(merged.into_contact_id)
        merged = MergedContact.objects.filter(
            organization=organization, contact_id=merged.into_contact_id
        ).first()
    return ids


def _absorbed(organization: Organization, contact_id: str) -> list[tuple[MergedContact, str]]:
    """What was merged into the contact, each with its name then, empty when nothing tells it."""
    into = MergedContact.objects.filter(organization=organization, into_contact_id=contact_id)
    gone = list(into.order_by("-merged_at")[:ABSORBED])
    ids = [one.contact_id for one in gone]
    sources = Source.objects.of(organization).filter(contact_id__in=ids).order_by("pk")
    names = dict(sources.values_list("contact_id", "name")) if ids else {}
    return [(one, names.get(one.contact_id, "")) for one in gone]
