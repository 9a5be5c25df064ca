"""The recovery pack: what a merge made disappear, and the documented calls to make it anew.

Invent can't undo a merge. What a person can do is create the contacts again by hand, from how they
were just before the call. The snapshots come from the history, not from the request, so what was
erased there is not given away here; a contact that Invent merged though nobody asked for it has
none there, so the mirror's is taken. Nothing is sent: these are instructions.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mergeui.accounts.models import Role
from mergeui.audit import lookup
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.log import record_alone
from mergeui.audit.models import Entry
from mergeui.errors import Invalid, Stale
from mergeui.invent import Channel, Contact
from mergeui.merging.models import UNSETTLED, MergeRequest, RequestState, Source
from mergeui.merging.settle import about
from mergeui.merging.unasked import unasked_of
from mergeui.review.decisions import require
from mergeui.review.models import Member
from mergeui.review.text import channel_name, display_name, visible

# Only in these it is known that something is gone: before, the steps would make duplicates.
GIVEN = (RequestState.MERGED, RequestState.PARTIAL)
NOT_KNOWN_YET = (RequestState.EXECUTING, *UNSETTLED)
GONE = (Source.State.MERGED, Source.State.LOST)
ERASED = gettext_noop(
    "The snapshots of these contacts were erased from the history. Nothing is left to recover them"
    " from."
)
NEW_ID = "NEW-ID"  # stands for the id that Invent gives to the contact made anew
LONGEST_NAME = 512  # invent-api.md, PATCH …/contacts/{contact_id}


@dataclass(frozen=True, slots=True)
class Call:
    """One documented call: `path` after the address of the API, `body` as JSON or none."""

    why: str
    method: str
    path: str
    body: dict[str, Any] | None

    def as_json(self) -> dict[str, Any]:
        """For a script."""
        return {"why": self.why, "method": self.method, "path": self.path, "body": self.body}


@dataclass(frozen=True, slots=True)
class Recreated:
    """A contact, the calls that make it anew, and what of it they can't bring back."""

    contact: Contact
    name: str
    calls: tuple[Call, ...]
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pack:
    """All that is in a pack. `missing` are ids of which no snapshot is kept."""

    request: MergeRequest
    kept: Contact | None
    kept_call: Call | None
    gone: tuple[Recreated, ...]
    missing: tuple[str, ...]
    untouched: tuple[str, ...]
    entries: tuple[Entry, ...]


def take(request: MergeRequest, *, by_user: Actor) -> Pack:
    """The pack of a request, with an entry that says who took it.

    An approver's business: it takes everything that is known of several people out of the desk in
    one file. Raises NotAllowed, Invalid for a request that made nothing disappear, or Stale while
    that is not known and when the snapshots were erased.
    """
    require(by_user, Role.APPROVER)
    if request.state in NOT_KNOWN_YET:
        raise Stale(
            _(
                "It is not known yet which contacts were merged. To create one again that is still"
                " there would make a duplicate, so there is a recovery pack only afterwards."
            )
        )
    if request.state not in GIVEN:
        raise Invalid(_("This request made no contact disappear, so there is nothing to recover."))
    pack = pack_of(request)
    if not pack.gone:
        raise Stale(_(ERASED))
    shared = about(request, count=len(pack.gone))
    record_alone(Action.RECOVERY_TAKEN, by_user=by_user, **shared)
    return pack


def pack_of(request: MergeRequest) -> Pack:
    """What is known of the contacts of a request, from the history alone."""
    organization = request.organization
    entries = list(lookup.entries(organization, request=request.pk))[::-1]
    sources = list(request.sources.all())
    unasked = unasked_of(request.attempts.all())
    seen = {**_mirrored(request, unasked), **snapshots(entries)}
    gone = [source.contact_id for source in sources if source.state in GONE] + unasked
    org = f"/orgs/{quote(organization.invent_org_id, safe='')}"
    kept = seen.get(request.primary_contact_id)
    return Pack(
        request=request,
        kept=kept,
        kept_call=_as_before(kept, org) if kept else None,
        gone=tuple(_recreated(seen[one], org) for one in gone if one in seen),
        missing=tuple(one for one in gone if one not in seen),
        untouched=tuple(s.name for s in sources if s.state not in GONE),
        entries=tuple(entries),
    )


def snapshots(entries: Sequence[Entry]) -> dict[str, Contact]:
    """Each contact as it was just before its call; as it was shown, without a call. Oldest first.

    A primary of several calls counts as it was before the first.
    """
    found: dict[str, Contact] = {}
    for action in (Action.ATTEMPT_STARTED, Action.MERGE_REQUESTED):
        for entry in entries:
            if entry.action != action:
                continue
            for raw in entry.personal.get("contacts") or []:
                contact = Contact.parse(raw)
                found.setdefault(contact.id, contact)
    return found


def _mirrored(request: MergeRequest, ids: Sequence[str]) -> dict[str, Contact]:
    """Contacts that Invent merged unasked, as the mirror last had them; none that was erased."""
    organization = request.organization
    members = Member.objects.of(organization).filter(contact_id__in=ids)
    return {
        member.contact_id: Contact.parse(member.raw)
        for member in (members.order_by("pk") if ids else ())
        if not lookup.entries(
            organization, contact=member.contact_id, action=Action.PAYLOAD_ERASED
        ).exists()
    }


def _recreated(contact: Contact, org: str) -> Recreated:
    return Recreated(contact, display_name(contact), tuple(_calls(contact, org)), _lost(contact))


def _calls(contact: Contact, org: str) -> Iterator[Call]:
    """Create with the first channel, add the others, then name and flags, then missing segments."""
    first = next(iter(contact.external_channels), None)
    segments = [segment.id for segment in contact.segments]
    yield Call(
        _("Create the contact with its first channel and its segments."),
        "POST",
        f"{org}/contacts",
        {"channel": _channel(first, contact), "segment_ids": segments},
    )
    for channel in contact.external_channels[1:]:
        yield Call(
            _("Add a further channel: {name}.").format(name=channel_name(channel.type)),
            "POST",
            f"{org}/contacts",
            {"channel": {**_channel(channel, contact), "contact_id": NEW_ID}},
        )
    yield Call(
        _("Set the name, and whether it is blocked or unsubscribed."),
        "PATCH",
        f"{org}/contacts/{NEW_ID}",
        _flags(contact),
    )
    for segment in contact.segments:
        yield Call(
            _("Only if the answer lacks the segment {name}: add it.").format(
                name=visible(segment.name or segment.id)
            ),
            "POST",
            f"{org}/contacts/{NEW_ID}/segments/{quote(segment.id, safe='')}",
            None,
        )


def _channel(channel: Channel | None, contact: Contact) -> dict[str, str]:
    """The fields that the call documents, those that are known; something always stands for the
    user id, the contact's old id when there is nothing else."""
    known = {"user_id": contact.id, "name": contact.name or display_name(contact)}
    if channel is not None:
        known = {
            "user_id": channel.user_id or channel.email or channel.phone or contact.id,
            "name": channel.name or contact.name or "",
            "email": channel.email or "",
            "phone": channel.phone or "",
        }
    return {key: value for key, value in known.items() if value}


def _flags(contact: Contact) -> dict[str, Any]:
    flags: dict[str, Any] = {
        "name": contact.name[:LONGEST_NAME] if contact.name else None,
        "blocked": contact.blocked,
    }
    return (
        flags if contact.unsubscribed is None else {**flags, "unsubscribed": contact.unsubscribed}
    )


def _as_before(contact: Contact, org: str) -> Call:
    return Call(
        _("Only if the merge changed them: set the name and the flags as they were."),
        "PATCH",
        f"{org}/contacts/{quote(contact.id, safe='')}",
        _flags(contact),
    )


def _lost(contact: Contact) -> tuple[str, ...]:
    """What of this contact in particular the calls can't bring back."""
    kinds = ", ".join(dict.fromkeys(channel_name(c.type) for c in contact.external_channels))
    found = [_("Its id {id}: Invent gives a new one.").format(id=visible(contact.id))]
    if kinds:
        words = _("That its channels are {kinds}: the call has no field for it.")
        found.append(words.format(kinds=kinds))
    if len(contact.channels) > len(contact.external_channels):
        found.append(_("Its internal channels: Invent makes those by itself."))
    if contact.name and len(contact.name) > LONGEST_NAME:
        words = _("The end of its name: the call takes {most} characters.")
        found.append(words.format(most=LONGEST_NAME))
    if contact.unsubscribe_reason or contact.unsubscribe_feedback:
        found.append(_("Why it unsubscribed, as it was written."))
    if contact.is_admin:
        found.append(_("That it belongs to your own team."))
    return tuple(found)
