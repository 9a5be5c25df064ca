"""The client of Invent: one typed method an endpoint (invent-api.md).

Reads are tried a few times and keep to the request budget; they raise Rejected or
Unavailable. Writes are sent once, over a fresh connection, and raise NotSent, Rejected or
OutcomeUnknown: see errors.py for what each says. One client may be shared by threads.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import partial
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import httpx

from mergeui.invent.clean import clean_text
from mergeui.invent.errors import InvalidMerge, Malformed, RawAnswer, Unavailable
from mergeui.invent.guard import CALL_EXTENSION, MergeCall, merge_body, quoted_id
from mergeui.invent.paging import MAX_TAKE, Page, check_page, pages, read_page
from mergeui.invent.session import Limiter, Session
from mergeui.invent.types import Contact, DuplicateGroup, MergeResult, Segment, SubOrg
from mergeui.invent.verdict import NO_SENSE, unknown
from mergeui.said import Said

T = TypeVar("T")

# One address or phone number on more contacts than this is no re-read of a group any more.
MOST_WITH_ONE_USER_ID = 5_000
LONGEST_NAME = 512

EVERYBODY = Said("Invent could not be read: it sends all contacts, not one's.")
NOT_READ_BECAUSE = Said("Invent could not be read. {sentence}")
CALL_CHANGED = Said("The merge call was changed after it was prepared.")
ANOTHER_CONTACT = Said("its answer is about another contact")


class Unset(Enum):
    """The type of UNSET."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET  # stands for "leave it", where None means "remove it"


@dataclass(frozen=True, slots=True)
class MergeAnswer(RawAnswer):
    """Invent's answer to a merge that it did: the raw answer for the history, and its meaning."""

    result: MergeResult


class InventClient:
    """A client for one org. Use it as a context manager, or close it.

    `org_id` is `c` for the org of the key, or the real id of a sub-org. `timeout` and
    `merge_timeout` are seconds of silence before giving up. A read is tried `tries` times, which
    may take minutes when Invent says so: 1 suits a page that someone waits for. `limiter` is the
    request budget. `told_to_wait` is called with the seconds when Invent asks for a pause; it must
    not raise. `transport` and `sleep` (seconds) are for tests.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        org_id: str = "c",
        *,
        transport: httpx.BaseTransport | None = None,
        limiter: Limiter | None = None,
        timeout: float = 30.0,
        merge_timeout: float = 60.0,
        tries: int = 4,
        user_agent: str = "mergeui",
        sleep: Callable[[float], None] = time.sleep,
        told_to_wait: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        base = httpx.URL(base_url)
        if base.scheme not in ("http", "https") or not base.host or base.userinfo:
            raise ValueError("the address of Invent must be http(s)://host, without a user")
        if base.query or base.fragment:
            raise ValueError("the address of Invent can't have a query or a fragment")
        self.base_url = str(base).rstrip("/")
        self.org_id = org_id
        self._org = f"{self.base_url}/orgs/{quoted_id(org_id)}"
        self._session = Session(
            api_key,
            transport=transport,
            limiter=limiter,
            read_seconds=timeout,
            write_seconds=merge_timeout,
            tries=tries,
            user_agent=user_agent,
            sleep=sleep,
            told_to_wait=told_to_wait,
        )

    def __repr__(self) -> str:
        return f"InventClient({self.base_url!r}, org_id={self.org_id!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def paused(self) -> float:
        """How many seconds are left of a pause that Invent asked this host for; 0 without one."""
        return self._session.paused()

    # Reading

    def duplicate_groups_page(self, page: int = 1, take: int = MAX_TAKE) -> Page[DuplicateGroup]:
        """One page of the groups that Invent detected. Groups that can't be read are in
        `unreadable`, so that one odd contact does not stop a sync."""
        where = f"{self._org}/contacts/duplicates"
        return self._page(where, {}, page, take, DuplicateGroup.read, tolerate=True)

    def duplicate_groups(self, take: int = MAX_TAKE) -> Iterator[Page[DuplicateGroup]]:
        """All groups, a page at a time. Merges by others shift the pages while this reads, so
        one reading may miss a group."""
        return pages(partial(self.duplicate_groups_page, take=take), _group_key)

    def contacts_page(
        self,
        page: int = 1,
        take: int = MAX_TAKE,
        *,
        user_id: str | None = None,
        email: str | None = None,
        search: str | None = None,
    ) -> Page[Contact]:
        """One page of the contacts, blocked and unsubscribed ones too, that match all filters.

        How exactly Invent matches is unknown: look at what came.
        """
        filters = {"user_id": user_id, "email": email, "search": search}
        params = {key: clean_text(value) for key, value in filters.items() if value}
        # The default of `status` is unknown, and a blocked twin must not be missed.
        params["status"] = "ALL"
        return self._page(f"{self._org}/contacts", params, page, take, Contact.read)

    def contacts(
        self,
        *,
        user_id: str | None = None,
        email: str | None = None,
        search: str | None = None,
        take: int = MAX_TAKE,
    ) -> Iterator[Page[Contact]]:
        """All contacts that match all filters, a page at a time; see contacts_page."""
        fetch = partial(self.contacts_page, take=take, user_id=user_id, email=email, search=search)
        return pages(fetch, _contact_key)

    def contacts_by_user_id(self, user_id: str) -> tuple[Contact, ...]:
        """Every contact that Invent finds for a channel's `user_id`, each once.

        The way to read a group again (invent-api.md, GET contacts). The caller looks whether
        they really have it. Raises ValueError for an empty one, which would find all contacts.
        """
        if not user_id:
            raise ValueError("an empty user_id would find every contact")
        found: dict[str, Contact] = {}
        for page in self.contacts(user_id=user_id):
            found.update((contact.id, contact) for contact in page.items)
            if len(found) > MOST_WITH_ONE_USER_ID:
                raise Unavailable(EVERYBODY())
        return tuple(found.values())

    def contact_segments(self, contact_id: str) -> tuple[Segment, ...]:
        """The segments of a contact; raises NotFound when the contact is gone (inferred)."""
        where = f"{self._org}/contacts/{quoted_id(contact_id)}/segments"
        return self._page(where, {}, 1, MAX_TAKE, Segment.read).items

    def sub_orgs(self) -> tuple[SubOrg, ...]:
        """The sub-organisations that the key reaches."""

        def fetch(number: int) -> Page[SubOrg]:
            return self._page(f"{self._org}/orgs", {}, number, MAX_TAKE, SubOrg.read)

        return tuple(org for page in pages(fetch, lambda org: org.id) for org in page.items)

    def _page(
        self,
        url: str,
        params: dict[str, str],
        page: int,
        take: int,
        read: Callable[[Any], T],
        *,
        tolerate: bool = False,
    ) -> Page[T]:
        check_page(page, take)
        asked = params | {"page": str(page), "take": str(take)}
        # The log gets the kind of address only: an id or a filter in it is personal.
        value, headers = self._session.get(url, asked, name=url.rsplit("/", 1)[-1])
        try:
            return read_page(value, headers, number=page, take=take, read=read, tolerate=tolerate)
        except Malformed as error:
            raise Unavailable(NOT_READ_BECAUSE(sentence=error.sentence)) from error

    # Writing

    def update_contact(
        self,
        contact_id: str,
        *,
        name: str | Unset | None = UNSET,
        blocked: bool | Unset = UNSET,
        unsubscribed: bool | Unset = UNSET,
    ) -> Contact:
        """Change only what is given, once, and return the contact (PATCH …/contacts/{id}).

        `name` has at most 512 characters, or is None to remove it; ValueError otherwise. Raises
        NotSent, Rejected or OutcomeUnknown: also when a 200 speaks of another contact.
        """
        given = {"name": name, "blocked": blocked, "unsubscribed": unsubscribed}
        changes = {key: value for key, value in given.items() if value is not UNSET}
        if not changes:
            raise ValueError("nothing to change was given")
        if isinstance(name, str) and len(name) > LONGEST_NAME:
            raise ValueError(f"a name can't be longer than {LONGEST_NAME} characters")
        url = f"{self._org}/contacts/{quoted_id(contact_id)}"
        value, answer = self._session.write("PATCH", url, json.dumps(changes))
        try:
            contact = Contact.read(value)
        except Malformed as error:
            raise unknown(NO_SENSE(), answer) from error
        if contact.id != contact_id:
            raise unknown(ANOTHER_CONTACT(), answer)
        return contact

    def prepare_merge(self, primary_id: str, source_ids: tuple[str, ...]) -> MergeCall:
        """The call that would merge `source_ids` into `primary_id`, for the history.

        Nothing is sent. Raises InvalidMerge unless there are 1 to 50 distinct ids without the
        primary.
        """
        body = merge_body(primary_id, source_ids)
        url = f"{self._org}/contacts/{quoted_id(primary_id)}/merge"
        return MergeCall(primary_id, source_ids, "POST", str(httpx.URL(url)), body)

    def send_merge(
        self, call: MergeCall, *, last_check: Callable[[], None] = lambda: None
    ) -> MergeAnswer:
        """Send a prepared merge, exactly once: it can't be undone.

        `last_check` is called when the budget has let the call through, immediately before it is
        sent; what it raises goes on to the caller, and nothing is sent.

        The result is as received: it may name fewer sources than were sent, and others that were
        not. Raises InvalidMerge (nothing sent), NotSent, Rejected, or OutcomeUnknown: also when a
        200 speaks of another primary.
        """
        if call != self.prepare_merge(call.primary_id, call.source_ids):
            raise InvalidMerge(CALL_CHANGED())
        value, answer = self._session.write(
            call.method, call.url, call.body, {CALL_EXTENSION: call}, last_check=last_check
        )
        try:
            result = MergeResult.read(value)
        except Malformed as error:
            raise unknown(NO_SENSE(), answer) from error
        if result.merged.id != call.primary_id:
            raise unknown(ANOTHER_CONTACT(), answer)
        return MergeAnswer(
            answer.status,
            answer.headers,
            answer.body,
            answer.truncated,
            answer.elapsed_seconds,
            result,
        )


def _group_key(group: DuplicateGroup) -> tuple[str, ...]:
    return (group.primary.id, *(contact.id for contact in group.duplicates))


def _contact_key(contact: Contact) -> str:
    return contact.id
