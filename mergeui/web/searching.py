"""Searching Invent's contacts: what is asked of it, and what is shown of what came."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mergeui.accounts.models import Organization
from mergeui.audit.references import looks_like_phone, ways_to_dial
from mergeui.invent import Contact, InventClient, Page
from mergeui.merging.models import ContactLock
from mergeui.review.models import Group, GroupState, Member, MergedContact
from mergeui.review.text import channel_address, channel_name, display_name, shortened, visible
from mergeui.web.basket import Entry
from mergeui.web.labels import segment_class

TAKE = 25
CHANNELS_SHOWN = 4
SEGMENTS_SHOWN = 6
WAYS = {
    "": gettext_lazy("Name, e-mail or phone"),
    "name": gettext_lazy("Name"),
    "email": gettext_lazy("E-mail"),
    "user_id": gettext_lazy("Phone or user id"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for, in which way (one of WAYS), and which page of it, from 1."""

    q: str = ""
    by: str = ""
    page: int = 1

    def query(self, page: int) -> str:
        """The query string of another page of the same."""
        fields = {"q": self.q, "by": self.by, "page": str(page) if page > 1 else ""}
        return urlencode({key: value for key, value in fields.items() if value})


def ask(client: InventClient, wanted: Wanted) -> tuple[Wanted, Page[Contact]]:
    """A page of contacts, and the way of asking that found them. Raises InventError.

    Without a way given, the text decides: an address, a number, or else a name. A number is asked
    for in the spellings that people and Invent use; the first that finds somebody counts.
    """
    tries = list(_tries(client, wanted))
    for by, spelling, fetch in tries[:-1]:
        found = fetch(spelling)
        if found.items:
            return Wanted(spelling, by, wanted.page), found
    by, spelling, fetch = tries[-1]
    found = fetch(spelling)
    return (Wanted(spelling, by, wanted.page) if found.items else wanted), found


Fetch = Callable[[str], Page[Contact]]


def _tries(client: InventClient, wanted: Wanted) -> Iterator[tuple[str, str, Fetch]]:
    def by_email(text: str) -> Page[Contact]:
        return client.contacts_page(wanted.page, TAKE, email=text)

    def by_user_id(text: str) -> Page[Contact]:
        return client.contacts_page(wanted.page, TAKE, user_id=text)

    def by_name(text: str) -> Page[Contact]:
        return client.contacts_page(wanted.page, TAKE, search=text)

    phone = looks_like_phone(wanted.q)
    if wanted.by == "email" or (not wanted.by and "@" in wanted.q):
        yield "email", wanted.q, by_email
        if wanted.by:
            return
    if wanted.by == "user_id" or (not wanted.by and (phone or "@" in wanted.q)):
        for spelling in spellings(wanted.q) if phone else [wanted.q]:
            yield "user_id", spelling, by_user_id
        return
    yield "name", wanted.q, by_name


def spellings(phone: str) -> list[str]:
    """A number as typed, and without spaces and signs, with the plus and without."""
    found = [phone]
    for number in reversed(ways_to_dial(phone)):
        digits = "".join(char for char in number if char.isdecimal()).removeprefix("00")
        found += [f"+{digits}", digits]
    return list(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A contact that was found. `barred` says why it can't be taken; `marks` are (style, words,
    address or nothing)."""

    contact_id: str
    token: str
    name: str
    url: str
    channels: list[tuple[str, str]]
    more: str
    segments: list[tuple[str, str]]
    marks: list[tuple[str, str, str]]
    taken: bool
    barred: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """What the desk knows of some contacts, by their ids."""

    groups: dict[str, int]
    merged: dict[str, str]
    locks: dict[str, int]


def rows(
    organization: Organization, contacts: Sequence[Contact], taken: Collection[str]
) -> list[FoundRow]:
    """The rows of a page of contacts: three queries, however many there are."""
    known = _known(organization, [contact.id for contact in contacts])
    return [_row(contact, known, taken) for contact in contacts]


def _known(organization: Organization, ids: Sequence[str]) -> _Known:
    open_groups = Group.objects.of(organization).filter(
        state__in=[GroupState.OPEN, GroupState.SNOOZED, GroupState.REQUESTED]
    )
    member = Member.objects.filter(contact_id__in=ids, group__in=open_groups)
    merged = MergedContact.objects.filter(organization=organization, contact_id__in=ids)
    locks = ContactLock.objects.filter(organization=organization, contact_id__in=ids)
    return _Known(
        groups=dict(member.order_by("group_id").values_list("contact_id", "group_id")),
        merged=dict(merged.values_list("contact_id", "into_contact_id")),
        locks=dict(locks.values_list("contact_id", "request_id")),
    )


def _row(contact: Contact, known: _Known, taken: Collection[str]) -> FoundRow:
    channels = [(channel_name(c.type), channel_address(c)) for c in contact.channels]
    more = len(channels) - CHANNELS_SHOWN
    name = display_name(contact)
    return FoundRow(
        contact_id=contact.id,
        token=token_of(contact),
        name=name,
        url=reverse("contact", args=[contact.id]),
        channels=channels[:CHANNELS_SHOWN],
        more=ngettext("and {count} more", "and {count} more", more).format(count=more)
        if more > 0
        else "",
        segments=[
            (segment_class(s.color), visible(shortened(s.name or s.id, 40)))
            for s in contact.segments[:SEGMENTS_SHOWN]
        ],
        marks=list(_marks(contact, known)),
        taken=contact.id in taken,
        barred=contact.id in known.merged or contact.id in known.locks,
    )


def _marks(contact: Contact, known: _Known) -> Iterator[tuple[str, str, str]]:
    if contact.id in known.merged:
        yield "bad", _("Merged away"), reverse("contact", args=[contact.id])
    if number := known.locks.get(contact.id):
        words = _("Locked by request {number}").format(number=number)
        yield "risk", words, reverse("request", args=[number])
    elif number := known.groups.get(contact.id):
        yield "info", _("In group {number}").format(number=number), reverse("group", args=[number])
    if contact.unsubscribed:
        yield "line", _("Unsubscribed"), ""
    if contact.blocked:
        yield "line", _("Blocked"), ""
    if contact.is_admin:
        yield "line", _("Your team"), ""


def token_of(contact: Contact) -> str:
    """What the form sends back to take the contact: how to find it again, signed."""
    return signing.dumps(Entry.of(contact).as_json(), salt=Entry.SALT, compress=True)
