"""The truth: which merge calls reached the vendor, and what it did for each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from django.db import connections

from mergeui.audit.actions import Action
from mergeui.audit.models import Entry
from mergeui.merging.models import Attempt
from mergeui.sandbox import Sandbox
from mergeui.sandbox.http import Environ, StartResponse

REFUSALS = {400, 401, 404, 429}  # design.md, rule 4


@dataclass(slots=True)
class Call:
    """One merge call as it arrived. `attempt` is the only one that was *sending* then.

    `in_history` says whether the entry of that attempt was committed when the call arrived;
    `status` is None when the connection ended without an answer; `absorbed` are the contacts that
    the vendor merged away for it, then or later.
    """

    primary: str
    sources: tuple[str, ...]
    attempt: int | None
    in_history: bool
    status: int | None = None
    absorbed: set[str] = field(default_factory=set)


class Ledger:
    """A WSGI app around the stand-in that notes its merge calls.

    `script` gives the switches of each call (by its index, from 0) before the stand-in sees it;
    None leaves them as they are.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        script: Callable[[int], dict[str, Any]] | None = None,
        *,
        close_connections: bool = True,
    ) -> None:
        self.sandbox = sandbox
        self.script = script
        self.calls: list[Call] = []
        self.in_hand = 0
        self._close = close_connections
        self._merge = sandbox.world.merge
        sandbox.world.merge = self._noting_merge  # type: ignore[method-assign]

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "POST" or not environ["PATH_INFO"].endswith("/merge"):
            return self.sandbox(environ, start_response)
        call = self._arrived(environ)
        if self.script:
            with self.sandbox.world.lock:
                self.sandbox.faults.clear()
                self.sandbox.faults.set(**self.script(len(self.calls) - 1))

        def start(status: str, headers: Any, *more: Any) -> Any:
            call.status = int(status[:3])
            return start_response(status, headers, *more)

        return self.sandbox(environ, start)

    def clear(self) -> None:
        """Forgets all calls, as the stand-in forgets what was done for them."""
        self.calls = []

    def _arrived(self, environ: Environ) -> Call:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"] or 0))
        environ["wsgi.input"].seek(0)
        primary = unquote(environ["PATH_INFO"].split("/")[-2])
        sources = tuple(json.loads(body).get("source_contact_ids", ()))
        attempt, in_history = self._what_is_committed(list(sources))
        self.calls.append(Call(primary, sources, attempt, in_history))
        return self.calls[-1]

    def _what_is_committed(self, sources: list[str]) -> tuple[int | None, bool]:
        """The attempt that this call is made for, as the database has it for everybody else."""
        with self._own_connection():
            sending = [
                attempt
                for attempt in Attempt.objects.filter(state=Attempt.State.SENDING)
                if attempt.source_ids == sources
            ]
            if len(sending) != 1:
                return None, False
            entries = Entry.objects.filter(
                action=Action.ATTEMPT_STARTED, subject=f"request:{sending[0].request_id}"
            )
            return sending[0].pk, any(e.facts["attempt"] == sending[0].number for e in entries)

    @contextmanager
    def _own_connection(self) -> Iterator[None]:
        try:
            yield
        finally:
            # A thread of the server has a connection of its own, and ends.
            if self._close:
                connections.close_all()

    def _noting_merge(
        self, org_id: str, primary_id: str, source_ids: Iterable[str], **more: Any
    ) -> Any:
        absorbed = list(source_ids)
        merged = self._merge(org_id, primary_id, absorbed, **more)
        for one in absorbed:
            # A merge that was done late belongs to the last call that asked for it, and what
            # nobody asked for to the last call that there was.
            into = [c for c in self.calls if c.primary == primary_id]
            naming = [c for c in into if one in c.sources]
            (naming or into)[-1].absorbed.add(one)
        return merged
