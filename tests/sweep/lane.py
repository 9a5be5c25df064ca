"""One lane of the sweep: a stand-in behind a socket, databases, children, one run after another."""

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from mergeui.accounts.models import Role
from mergeui.merging.models import ContactLock, MergeRequest, RequestState
from mergeui.sandbox import Sandbox, World
from mergeui.sandbox.server import Server
from tests.contacts import contact, email, segment, whatsapp
from tests.desk import Desk, member, org_of
from tests.sweep.behaviours import BEHAVIOURS
from tests.sweep.cases import Case, Run
from tests.sweep.child import Order
from tests.sweep.databases import Databases
from tests.sweep.invariants import problems
from tests.sweep.ledger import Ledger

MOST_CHILDREN = 20
KILLED = -9
ENDED = {RequestState.MERGED, RequestState.PARTIAL, RequestState.NOT_APPLIED, RequestState.REFUSED}


class Lane:
    """Everything that one process of the sweep needs; close() ends it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.ahead = 0.0
        self.sandbox = Sandbox(World([org_of(people())]), key="key-of-the-tests")
        self.sandbox.world.monotonic = lambda: time.monotonic() + self.ahead
        self.sandbox.world.clock = lambda: datetime.now(UTC) + timedelta(seconds=self.ahead)
        self.behaviour = BEHAVIOURS["plain"]
        self.ledger = Ledger(self.sandbox, self._switches)
        self.databases = Databases(directory, self._fill)
        self.server = Server(self.ledger)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.zygote = self._start()

    def close(self) -> None:
        """Ends the server and the process that children are forked from."""
        self.server.close()
        assert self.zygote.stdin
        self.zygote.stdin.close()
        self.zygote.wait(30)

    def run(self, case: Case) -> Run:
        """Carries out one case, from the request to its end, and judges it."""
        started = time.perf_counter()
        self.behaviour = BEHAVIOURS[case.behaviour]
        self.sandbox.reset()
        self.ledger.clear()
        self.ahead = 0.0
        database = self.databases.fresh("run")
        try:
            files = self._files()
            found, codes = self._until_the_end(case, database, files)
            labels = _lines(files["trace"])
            if any(code not in {0, KILLED} for code in codes) or codes.count(KILLED) > 1:
                log = "\n    ".join(_lines(files["log"])[-20:])
                found.append(f"a worker ended with {codes}:\n    {log}")
            state, ill = self._judge(crashed=KILLED in codes)
        finally:
            self.databases.drop(database)
        seconds = time.perf_counter() - started
        return Run(case, state, KILLED in codes, tuple(labels), tuple(found + ill), seconds)

    def _until_the_end(
        self, case: Case, database: str, files: dict[str, Path]
    ) -> tuple[list[str], list[int]]:
        """Starts workers, each when the clock says that something is due, until all is settled."""
        order = Order(
            database=database,
            invent=self.server.url,
            ahead=0.0,
            first_number=0,
            kill_at=case.point,
            when=case.when,
            merge_timeout=self.behaviour.merge_timeout,
            refuse_from=self.behaviour.refuse_from,
            ticked=self.behaviour.ticked,
            **{name: str(path) for name, path in files.items()},
        )
        codes: list[int] = []
        for _ in range(MOST_CHILDREN):
            codes.append(self._child(order, fresh=case.exec))
            self._settle()
            kill_at = None if KILLED in codes else case.point
            passed = len(_lines(files["trace"]))
            order = replace(order, first_number=passed, kill_at=kill_at, refuse_from=None)
            due = self._next_due()
            if due is None:
                return self._once_more(order, case, codes), codes
            self.ahead = max(self.ahead, due)
            order = replace(order, ahead=self.ahead)
        return [f"not settled after {MOST_CHILDREN} workers"], codes

    def _once_more(self, order: Order, case: Case, codes: list[int]) -> list[str]:
        """A worker that starts an hour later finds nothing to do."""
        calls = len(self.ledger.calls)
        self.ahead += 3600
        order = replace(order, ahead=self.ahead, trace=os.devnull, kill_at=None)
        codes.append(self._child(order, fresh=case.exec))
        self._settle()
        again = len(self.ledger.calls) != calls
        return ["a worker that came after the end made a merge call"] if again else []

    def _next_due(self) -> float | None:
        """How far ahead the clock has to be for the next thing to be done; None at the end."""
        request = MergeRequest.objects.first()
        if request is None or request.state == RequestState.PROPOSED:
            return self.ahead  # killed before it was there: somebody clicks again
        due = {
            RequestState.APPROVED: request.execute_after,
            RequestState.EXECUTING: request.lease_until,
            RequestState.UNKNOWN: request.read_back_at,
        }.get(RequestState(request.state))
        return (due - datetime.now(UTC)).total_seconds() + 0.5 if due else None

    def _judge(self, *, crashed: bool) -> tuple[str, list[str]]:
        self.sandbox.late.apply_due(self.sandbox)
        request = MergeRequest.objects.get()
        state = RequestState(request.state)
        found = problems(self.ledger.calls, exists=self.sandbox.world.main.__contains__)
        if self.sandbox.counters.hazard_calls:
            found.append("a merge call named no sources")
        if state not in self.behaviour.may_end(crashed=crashed):
            found.append(f"it ended as {state}")
        if state in ENDED and ContactLock.objects.exists():
            found.append("contacts are locked for ever")
        return state.value, found

    def _child(self, order: Order, *, fresh: bool) -> int:
        if fresh:
            with self._start("--once") as process:
                process.communicate(order.as_line())
            return process.returncode
        assert self.zygote.stdin
        assert self.zygote.stdout
        self.zygote.stdin.write(order.as_line())
        self.zygote.stdin.flush()
        return int(self.zygote.stdout.readline())

    def _start(self, *more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.sweep.child", *more],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def _settle(self) -> None:
        """Waits until the vendor has done all that it was sent.

        What a killed process had sent is still on its way. Connections are taken in the order they
        came, so when one of ours was taken, theirs were; and each is over when its end was read.
        """
        address = urlsplit(self.server.url)
        with socket.create_connection((address.hostname, address.port or 0), timeout=30) as ping:
            ping.sendall(b"GET /_sandbox/faults HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            while ping.recv(65536):
                pass
        deadline = time.monotonic() + 30
        while self.server._open:
            if time.monotonic() > deadline:
                raise RuntimeError("the stand-in did not come to rest within 30 s")
            time.sleep(0.001)

    def _switches(self, number: int) -> dict[str, object]:
        calls = self.behaviour.calls
        return calls[number] if number < len(calls) else {}

    def _files(self) -> dict[str, Path]:
        """What the children of one run write to, empty: all that is theirs but the database."""
        here = self.directory / "run"
        shutil.rmtree(here, ignore_errors=True)
        (here / "var").mkdir(parents=True)
        return {"var": here / "var", "trace": here / "trace", "log": here / "log"}

    def _fill(self) -> None:
        """The desk before the request: two people, and the mirror of Invent's one group."""
        desk = Desk(*people())
        member(Role.OPERATOR, name="olga")
        member(Role.APPROVER, name="paula")
        desk.sync()


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


_PHONE, _CHAT = whatsapp("+15550101"), whatsapp("+15550199")
_ADDRESS = email("ana@example.com")


def people() -> list[dict[str, object]]:
    """Ana four times over: the oldest is kept. One has opted out, so a second person is needed."""
    made = {"created_at": "2023-01-01T00:00:00Z"}
    return [
        contact("Ana García", _PHONE, _ADDRESS, id="contact_ana", **made),
        contact("Ana G.", _PHONE, id="contact_ana_1", segments=[segment("VIP")]),
        contact("Ana", _ADDRESS, id="contact_ana_2", unsubscribed=True),
        contact("A. García", _PHONE, _CHAT, id="contact_ana_3"),
    ]
