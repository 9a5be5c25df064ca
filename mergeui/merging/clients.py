"""The clients of a worker that serves several organisations."""

import logging
from collections.abc import Callable, Iterator
from functools import partial
from types import TracebackType
from typing import Self

from mergeui.accounts.models import Organization
from mergeui.connect import connect
from mergeui.errors import Invalid
from mergeui.invent import InventClient
from mergeui.merging.standing import note_pause

logger = logging.getLogger(__name__)


class Clients:
    """One open client an organisation. Use it as a context manager, in one thread.

    Whoever enters another key, or takes one away, is heard by the next look. `arrives` is called
    with each organisation that is met for the first time.
    """

    def __init__(
        self,
        *,
        sleep: Callable[[float], None] | None = None,
        arrives: Callable[[Organization], None] = lambda organization: None,
    ) -> None:
        self._connect = partial(connect, sleep=sleep) if sleep else connect
        self._arrives = arrives
        self._open: dict[int, tuple[object, InventClient]] = {}
        self._refused: dict[int, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for number in list(self._open):
            self._close(number)

    def served(self) -> Iterator[tuple[Organization, InventClient]]:
        """Every organisation that has a key, with its client; a key that can't be used is logged.

        Raises what `arrives` raises.
        """
        organizations = Organization.objects.served()
        for number in self._open.keys() - {one.pk for one in organizations}:
            self._close(number)
        for organization in organizations:
            client = self._client(organization)
            if client:
                yield organization, client

    def _client(self, organization: Organization) -> InventClient | None:
        number = organization.pk
        try:
            access = (
                organization.api_key(),
                organization.invent_org_id,
                organization.requests_per_minute,
            )
        except Invalid as problem:
            if self._refused.get(number) != problem.sentence:
                logger.warning("Organisation %s is left alone: %s", number, problem.sentence)
            self._refused[number] = problem.sentence
            self._close(number)
            return None
        self._refused.pop(number, None)
        before, client = self._open.get(number, (None, None))
        if client is None:
            self._arrives(organization)
        if client is None or before != access:
            self._close(number)
            client = self._connect(organization, told_to_wait=note_pause)
            self._open[number] = (access, client)
        return client

    def _close(self, number: int) -> None:
        _access, client = self._open.pop(number, (None, None))
        if client:
            client.close()
