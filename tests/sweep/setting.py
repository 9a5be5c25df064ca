"""The desk that the state machine plays with: its world, its people, its clock, its end."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, ClassVar
from unittest import mock

from django.db import transaction
from django.test import override_settings
from django.utils import timezone
from hypothesis.stateful import RuleBasedStateMachine, invariant

from mergeui.accounts.models import Role
from mergeui.errors import NotAllowed, Stale
from mergeui.invent import InventClient
from mergeui.merging import lease, plan
from mergeui.merging.models import MergeRequest, RequestState
from mergeui.merging.standing import go_on, halted
from mergeui.merging.worker import tidy, work_off
from tests.contacts import contact, email, whatsapp
from tests.desk import KEY, Desk, actor
from tests.sweep.interleaved import PausingTransport, Stage, Worker
from tests.sweep.invariants import problems
from tests.sweep.ledger import Ledger

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PEOPLE = ("olga", "oskar", "paula", "pia")
MOST_ROUNDS = 60


def world() -> list[dict[str, Any]]:
    """Eight groups of two to five contacts; in every second one, somebody has opted out."""
    found = []
    for group in range(8):
        shared = whatsapp(f"+155501{group:02}")
        for place in range(2 + group % 4):
            own = [email(f"{group}.{place}@example.com")] if place % 2 else []
            flags = {"unsubscribed": True} if place == 1 and group % 2 else {}
            created = f"202{3 + (place > 0)}-01-01T00:00:00Z"
            one = contact(f"Ana {group}", shared, *own, id=f"ana_{group}_{place}", **flags)
            found.append(one | {"created_at": created})
    return found


class Setting(RuleBasedStateMachine):
    """The desk. `steps` counts the rules of all examples, `ends` how their requests ended."""

    steps: ClassVar[int] = 0
    calls: ClassVar[int] = 0
    ends: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.stack = ExitStack()
        self.stack.enter_context(_undone())
        self.stack.enter_context(self._surroundings())
        self.desk = Desk(*world())
        self.desk.world.monotonic = lambda: self.now.timestamp()
        self.desk.world.clock = lambda: self.now
        self.ledger = Ledger(self.desk.sandbox, close_connections=False)
        self.stage = Stage()
        self.stack.enter_context(self.stage.installed())
        self.workers = [Worker(self.stage, self._work) for _ in range(2)]
        roles = (Role.OPERATOR, Role.OPERATOR, Role.APPROVER, Role.APPROVER)
        self.people = {n: actor(role, n) for n, role in zip(PEOPLE, roles, strict=True)}
        self.desk.sync()
        Setting.steps -= 1  # what holds at the start is no step

    @contextmanager
    def _surroundings(self) -> Iterator[None]:
        """The clock is ours, the policy is the default, and a call takes two sources."""
        clock = SimpleNamespace(monotonic=lambda: self.now.timestamp())
        with (
            TemporaryDirectory() as var,
            mock.patch.object(timezone, "now", self._now),
            mock.patch.object(lease, "time", clock),
            mock.patch.object(plan, "MAX_SOURCES", 2),
            override_settings(
                VAR_DIR=Path(var), MERGE_FOUR_EYES="risky", MERGE_COOL_OFF_SECONDS=10
            ),
        ):
            yield

    def _work(self, worker: Worker) -> None:
        """One round of a worker, by the functions of its command, with a client of its own."""
        transport = PausingTransport(self.ledger, self.stage)
        with InventClient(
            "http://invent.test", KEY, transport=transport, sleep=self.desk.waits.append
        ) as client:
            tidy()
            work_off(self.desk.organization, client=client)

    # What has to hold

    @invariant()
    def nothing_is_wrong(self) -> None:
        Setting.steps += 1
        self._check()

    def _check(self) -> None:
        found = problems(self.ledger.calls, exists=self._exists) + self.stage.broken_rules
        assert not found, "\n".join(found)
        assert not self.desk.counters.hazard_calls

    def teardown(self) -> None:
        """Everything comes to its end; then all is forgotten."""
        try:
            self._until_settled()
        finally:
            for worker in self.workers:
                worker.crash()
            self.stack.close()

    def _until_settled(self) -> None:
        self.desk.faults.clear()
        for worker in self.workers:
            if worker.busy:
                self._finish(worker)
        if halted(self.desk.organization):
            go_on(self.desk.organization, by_user=self.people["pia"])
        for _ in range(MOST_ROUNDS):
            due = self._next_due()
            if due is None:
                break
            self.now = max(self.now, due) + timedelta(seconds=1)
            self._finish(self.workers[0])
        self._check()
        stuck = MergeRequest.objects.filter(
            state__in=[RequestState.APPROVED, RequestState.EXECUTING, RequestState.UNKNOWN]
        )
        Setting.calls += len(self.ledger.calls)
        Setting.ends.update(MergeRequest.objects.values_list("state", flat=True))
        assert not stuck, [f"{one} is {one.state} for ever" for one in stuck]

    def _finish(self, worker: Worker) -> None:
        while worker.step():
            pass

    def _next_due(self) -> datetime | None:
        fields = {
            RequestState.APPROVED: "execute_after",
            RequestState.EXECUTING: "lease_until",
            RequestState.UNKNOWN: "read_back_at",
        }
        open_requests = MergeRequest.objects.filter(state__in=list(fields))
        times = [getattr(one, fields[RequestState(one.state)]) for one in open_requests]
        return min(times, default=None)

    def _some(self, *states: str) -> bool:
        return MergeRequest.objects.filter(state__in=states).exists()

    def _one(self, which: int, *states: str) -> MergeRequest:
        found = list(MergeRequest.objects.filter(state__in=states).order_by("pk"))
        return found[which % len(found)]

    def _now(self) -> datetime:
        return self.now

    def _exists(self, contact_id: str) -> bool:
        return self.desk.exists(contact_id)

    def _try(self, act: Callable[[], None], *, allowed: bool) -> None:
        """Somebody tries: who may not is told so, who is late is told so."""
        try:
            act()
        except NotAllowed:
            assert not allowed, "refused, but allowed"
        except Stale:
            pass
        else:
            assert allowed, "allowed, but not to this person"


@contextmanager
def _undone() -> Iterator[None]:
    """A transaction that is rolled back, and that the product takes for none at all."""
    atomic = transaction.atomic()
    atomic._from_testcase = True  # type: ignore[attr-defined]
    with atomic:
        try:
            yield
        finally:
            transaction.set_rollback(True)
