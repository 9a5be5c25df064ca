"""The process that is killed: a person asks, another approves, the worker works.

The worker is the command `manage.py worker --once`, called as manage.py calls it. To start a
process in milliseconds, `serve` keeps one with Django imported and forks it for each order; it has
no connection of any kind, so each fork opens its own. Run with `--once`, one order comes from
standard input to a fresh interpreter: slower, and nothing is shared at all.
"""

import gc
import json
import os
import signal
import socket
import sys
import traceback
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

LONGEST_SECONDS = 90  # of one child, on the slowest machine


@dataclass(frozen=True, slots=True)
class Order:
    """What one process is to do; `ahead` is how many seconds its clock is ahead of the real one.

    `refuse_from` makes every connection from this one on fail (the first reads, later ones merge);
    `ticked` is how many sources are asked for.
    """

    database: str
    invent: str
    var: str
    trace: str
    log: str
    ahead: float
    first_number: int
    kill_at: int | None
    when: str
    merge_timeout: float
    refuse_from: int | None
    ticked: int

    def as_line(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self)) + "\n"


def work(order: Order) -> None:
    """Carries out an order in this process."""
    from django.core.management import call_command
    from django.db import connections

    _adjust(order)
    _point(order)
    _propose_and_approve(order.ticked)
    call_command("worker", "--once")
    connections.close_all()


def _adjust(order: Order) -> None:
    """The surroundings: database, vendor, clock, patience."""
    from django.conf import settings
    from django.db import connections
    from django.utils import timezone

    from mergeui.invent import Budget, InventClient
    from mergeui.merging import plan

    connections.settings["default"]["NAME"] = order.database
    settings.VAR_DIR = Path(order.var)
    settings.INVENT_API_URL = order.invent
    settings.MERGE_COOL_OFF_SECONDS = 0
    settings.SYNC_EVERY_SECONDS = 30 * 86_400  # the mirror is not what is looked at here
    real_now, ahead = timezone.now, timedelta(seconds=order.ahead)
    timezone.now = lambda: real_now() + ahead
    clock = (Budget.__init__.__kwdefaults__ or {})["clock"]
    ahead_ms = round(order.ahead * 1000)
    Budget.__init__.__kwdefaults__["clock"] = lambda: clock() + ahead_ms  # type: ignore[index]
    defaults = InventClient.__init__.__kwdefaults__ or {}
    defaults.update(merge_timeout=order.merge_timeout, sleep=lambda seconds: None)
    # Two sources a call instead of fifty: a request of several calls with a handful of contacts.
    plan.MAX_SOURCES = 2  # type: ignore[attr-defined]
    if order.refuse_from is not None:
        _refuse_connections(order.refuse_from)


def _refuse_connections(first: int) -> None:
    connect, count = socket.socket.connect, 0

    def maybe(self: socket.socket, address: Any) -> None:
        nonlocal count
        count += 1
        if count >= first:
            raise ConnectionRefusedError("connection refused by the sweep")
        connect(self, address)

    socket.socket.connect = maybe  # type: ignore[method-assign, assignment]


def _point(order: Order) -> None:
    from tests.sweep.points import Points

    trace = os.open(order.trace, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    Points(trace, order.first_number, order.kill_at, order.when).install()


def _propose_and_approve(ticked: int) -> None:
    """What people do, unless it is done: somebody whose click got lost clicks again."""
    from mergeui.accounts.models import Membership
    from mergeui.audit.actor import Actor
    from mergeui.merging.approval import approve
    from mergeui.merging.models import MergeRequest, RequestState
    from mergeui.merging.proposals import propose
    from mergeui.review.models import Group

    def member(name: str) -> Actor:
        return Actor.member(Membership.objects.get(user__username=name))

    request = MergeRequest.objects.first()
    if request is None:
        group = Group.objects.get()
        ids = list(group.members.values_list("contact_id", flat=True))
        sources = [i for i in ids if i != group.primary_contact_id]
        request = propose(
            group,
            primary_id=group.primary_contact_id,
            source_ids=sources[:ticked],
            acknowledged=True,
            by_user=member("olga"),
        )
    if request.state == RequestState.PROPOSED:
        approve(request, by_user=member("paula"))


def _end_with(order: Order) -> None:
    """Carries out an order, then ends this process, whatever happens."""
    code = 1
    try:
        signal.alarm(LONGEST_SECONDS)  # a hung child ends by itself
        output = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for number in (1, 2):
            os.dup2(output, number)
        work(order)
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it is belongs into the log
        traceback.print_exc()
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(code)


def _warm_up() -> None:
    """What no child has to do again: imports, and the certificates that TLS would need."""
    from mergeui.invent import InventClient
    from mergeui.merging.management.commands.worker import Command  # noqa: F401
    from tests.sweep.points import Points  # noqa: F401

    InventClient("http://localhost", "key").close()
    gc.freeze()  # or the first collection in each child copies all of this


def serve() -> None:
    """Forks a child for each order that comes as a line; answers with how it ended."""
    _warm_up()
    for line in sys.stdin:
        order = Order(**json.loads(line))
        pid = os.fork()
        if pid == 0:
            _end_with(order)
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    import django

    django.setup()
    if "--once" in sys.argv:
        _end_with(Order(**json.loads(sys.stdin.readline())))
    serve()
