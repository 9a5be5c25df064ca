"""A stand-in Invent as a WSGI app: what invent-api.md documents, and each unknown by a switch."""

from __future__ import annotations

import hmac
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable

from mergeui.sandbox import contacts, control, merging
from mergeui.sandbox.faults import Drop, Fault, Faults, Hang
from mergeui.sandbox.http import Environ, Refused, Reply, Request, StartResponse
from mergeui.sandbox.journal import Journal
from mergeui.sandbox.listing import Listing
from mergeui.sandbox.state import Counters, Org, World

Handler = Callable[["Sandbox", Org, Request, list[str]], Reply]

# The addresses under /orgs/{org_id}/; {} stands for an id.
ROUTES: dict[tuple[str, ...], dict[str, Handler]] = {
    ("contacts",): {"GET": contacts.list_contacts, "POST": contacts.create},
    ("contacts", "duplicates"): {"GET": contacts.list_duplicates},
    ("contacts", "{}"): {"GET": contacts.read, "PATCH": contacts.update},
    ("contacts", "{}", "merge"): {"POST": merging.merge},
    ("contacts", "{}", "segments"): {"GET": contacts.list_segments},
    ("contacts", "{}", "segments", "{}"): {"POST": contacts.add_segment},
    ("contacts", "{}", "notes"): {"GET": contacts.list_notes},
    ("contacts", "{}", "activities"): {"GET": contacts.list_activities},
    ("segments",): {"GET": contacts.list_all_segments},
    ("orgs",): {"GET": contacts.list_sub_orgs},
}


class Sandbox:
    """The stand-in. `world` is its state, `faults` its switches, `counters` what was asked.

    `keys` maps each API key to the id of the org that it was issued for. A `journal` brings back
    what was changed in an earlier run, and keeps what is changed in this one.
    """

    def __init__(
        self,
        world: World,
        *,
        key: str = "sandbox-key",
        faults: Faults | None = None,
        journal: Journal | None = None,
    ) -> None:
        self.world = world
        self.faults = faults or Faults()
        self.journal = journal
        if journal:
            journal.replay(world)
            world.on_change = journal.write
        self.counters = Counters()
        self.keys = {key: world.top.id}
        self.listing = Listing()
        self.late = merging.LateMerges()
        self._recent: defaultdict[str, deque[float]] = defaultdict(deque)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """WSGI. Raises Drop where a server has to end the connection."""
        try:
            reply = self._reply(Request.read(environ))
        except Refused as refused:
            reply = refused.reply
        if environ["REQUEST_METHOD"] == "HEAD":
            reply.body = b""
        return reply.send(start_response)

    def reset(self) -> None:
        """The world as it was seeded, all switches off, all counters 0."""
        with self.world.lock:
            self.world.reset()
            self.faults.clear()
            self.counters.clear()
            self.listing = Listing()
            self.late = merging.LateMerges()
            self._recent.clear()
            if self.journal:
                self.journal.clear()

    def _reply(self, request: Request) -> Reply:
        if request.segments[0] == "_sandbox":
            with self.world.lock:
                return control.reply(self, request)
        self._limit(request.client)
        own = self._own_org(request.authorization)
        name, handlers, ids = _route(request.segments)
        handler = handlers.get(request.method)
        if not handler:
            raise Refused(405, "Method not allowed.", Allow=", ".join(handlers))
        with self.world.lock:
            self.counters.requests[f"{request.method} {name}"] += 1
        org = self._org(own, request.segments[1])
        self.late.apply_due(self)
        if request.method == "GET":
            return self._read(handler, org, request, ids)
        if handler is merging.merge:
            return merging.merge(self, org, request, ids)
        if handler is contacts.update:
            return self._update(org, request, ids)
        with self.world.lock:
            return handler(self, org, request, ids)

    def _read(self, handler: Handler, org: Org, request: Request, ids: list[str]) -> Reply:
        time.sleep(self.faults.read_latency)
        with self.world.lock:
            fault = self.faults.take_read()
            if fault is Fault.STATUS:
                raise self.failure(self.faults.read_status, self.faults.read_retry_after)
            reply = handler(self, org, request, ids)
        return self.spoil(fault, reply, request)

    def _update(self, org: Org, request: Request, ids: list[str]) -> Reply:
        with self.world.lock:
            fault = self.faults.take_patch()
            refused = self.failure(self.faults.patch_status, self.faults.patch_retry_after)
            if fault is Fault.STATUS and not self.faults.patch_applied:
                raise refused
            done = not fault or self.faults.patch_applied or fault is Fault.WRONG_ID
            reply = contacts.update(self, org, request, ids) if done else Reply.json({"id": ids[0]})
        if fault is Fault.STATUS:
            raise refused
        if fault is Fault.WRONG_ID:
            reply = Reply.json(contacts.new_contact("Somebody else", self.world.now()))
        return self.spoil(fault, reply, request)

    def failure(self, status: int, retry_after: str | None) -> Refused:
        """An error status as a fault."""
        headers = {} if retry_after is None else {"Retry_After": retry_after}
        return Refused(status, "Something went wrong.", **headers)

    def spoil(self, fault: Fault, reply: Reply, request: Request) -> Reply:
        """The answer as the fault makes it; raises Drop when there is none."""
        match fault:
            case Fault.DROP:
                raise Drop
            case Fault.HANG:
                raise Hang(self.faults.hang_seconds)
            case Fault.HTML:
                page = b"<!doctype html><title>Just a moment</title><h1>Checking your browser</h1>"
                return Reply(200, page, {"Content-Type": "text/html"})
            case Fault.EMPTY:
                return Reply(200)
            case Fault.CUT_JSON:
                reply.body = reply.body[: len(reply.body) // 2]
            case Fault.CUT_BODY:
                reply.cut = True
            case Fault.REDIRECT:
                return Reply(307, headers={"Location": "/" + "/".join(request.segments)})
        return reply

    def _limit(self, client: str) -> None:
        limit = self.faults.limit_per_minute
        if limit is None:
            return
        with self.world.lock:
            now = self.world.monotonic()
            recent = self._recent[client]
            while recent and recent[0] <= now - 60:
                recent.popleft()
            if len(recent) < limit:
                recent.append(now)
                return
            self.counters.rate_limited += 1
            wait = str(int(recent[0] + 60 - now) + 1) if recent else "60"
        headers = {"Retry_After": wait} if self.faults.limit_retry_after else {}
        raise Refused(429, "Too many requests.", **headers)

    def _own_org(self, authorization: str) -> Org:
        scheme, _, given = authorization.partition(" ")
        for key, org_id in self.keys.items():
            same = hmac.compare_digest(given.encode(), key.encode())
            if scheme.lower() == "bearer" and same:
                return self.world.orgs[org_id]
        raise Refused(401, "Missing or invalid API key.")

    def _org(self, own: Org, asked: str) -> Org:
        # A parent's key reaches its sub-orgs, a sub-org's key itself only.
        org = own if asked == "c" else self.world.orgs.get(asked)
        if org is None or own.id not in (org.id, org.parent_id):
            raise Refused(404, "Not found.")
        return org


def _route(segments: list[str]) -> tuple[str, dict[str, Handler], list[str]]:
    if len(segments) > 2 and segments[0] == "orgs":
        rest = tuple(segments[2:])
        for pattern in (rest, _pattern(rest, (1,)), _pattern(rest, (1, 3))):
            if pattern in ROUTES and all(rest):
                ids = [part for part, wanted in zip(rest, pattern, strict=True) if wanted == "{}"]
                return "/".join(pattern), ROUTES[pattern], ids
    raise Refused(404, "Not found.")


def _pattern(rest: tuple[str, ...], places: tuple[int, ...]) -> tuple[str, ...]:
    return tuple("{}" if place in places else part for place, part in enumerate(rest))
