"""The request budget: never more than so many in any 60 seconds, over all processes of a host."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeui.invent import Budget, InventClient, NotSent, OverBudget, RateLimited, Shares
from tests.invent.calling import merge

Make = Callable[..., Budget]


class Clock:
    """Time that passes when someone sleeps."""

    def __init__(self) -> None:
        self.milliseconds = 1_700_000_000_000

    def __call__(self) -> int:
        return self.milliseconds

    def sleep(self, seconds: float) -> None:
        self.milliseconds += round(seconds * 1000)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def a_budget(clock: Clock) -> Iterator[Callable[..., Budget]]:
    """Makes budgets whose time passes as they wait."""
    with ExitStack() as stack:
        yield lambda *args, **options: stack.enter_context(
            closing(Budget(*args, sleep=clock.sleep, clock=clock, **options))
        )


def test_a_burst_is_fine_and_then_the_window_holds(a_budget: Make, clock: Clock):
    budget = a_budget(5)
    for _ in range(5):
        budget.acquire()
    assert clock() == 1_700_000_000_000
    budget.acquire()
    assert clock() > 1_700_000_060_000


@given(st.lists(st.floats(0, 30), max_size=40))
def test_no_window_of_a_minute_ever_has_more(pauses: list[float]):
    clock = Clock()
    budget = Budget(4, sleep=clock.sleep, clock=clock)
    times: list[int] = []
    for pause in pauses:
        clock.sleep(pause)
        budget.acquire()
        times.append(clock())
    budget.close()
    for first, fifth in zip(times, times[4:], strict=False):
        assert fifth - first > 60_000


def test_urgent_requests_have_room_of_their_own_but_count_too(a_budget: Make, clock: Clock):
    budget = a_budget(100)
    for _ in range(90):
        budget.acquire()
    for _ in range(10):
        budget.acquire(urgent=True)
    assert clock() == 1_700_000_000_000
    budget.acquire(urgent=True)
    assert clock() > 1_700_000_060_000


def test_waiting_too_long_gives_up(a_budget: Make, clock: Clock):
    budget = a_budget(1, patience=30)
    budget.acquire()
    with pytest.raises(OverBudget, match="used up"):
        budget.acquire()


def test_a_clock_that_was_set_back_does_not_stop_everything(a_budget: Make, clock: Clock):
    budget = a_budget(1)
    budget.acquire()
    clock.sleep(-3600)
    budget.acquire()
    assert clock() == 1_700_000_000_000 - 3_600_000


def test_a_budget_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        Budget(0)


def test_two_budgets_on_one_file_are_one(a_budget: Make, clock: Clock, tmp_path: Path):
    one, two = (a_budget(6, tmp_path / "budget") for _ in range(2))
    for _ in range(3):
        one.acquire()
        two.acquire()
    assert clock() == 1_700_000_000_000
    two.acquire()
    assert clock() > 1_700_000_060_000


HUNGRY = """
import sys
from mergeui.invent import Budget, OverBudget
budget, got = Budget(100, sys.argv[1], patience=0.2), 0
try:
    while True:
        budget.acquire(urgent=True)
        got += 1
except OverBudget:
    print(got)
"""


def test_two_processes_share_it(tmp_path: Path):
    command = [sys.executable, "-c", HUNGRY, str(tmp_path / "budget")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    got = [int(process.communicate(timeout=30)[0]) for process in running]
    assert sum(got) == 100


GREEDY = """
import sys
from mergeui.invent import Budget, OverBudget
budget, got = Budget(60, sys.argv[1], patience=0), 0
try:
    while True:
        budget.acquire(urgent=sys.argv[2] == "merge")
        got += 1
except OverBudget:
    print(got)
"""


def test_of_several_processes_those_that_read_give_way_to_one_that_merges(tmp_path: Path):
    """Three read as much as they get, at once; what a merge needs is still there afterwards."""

    def start(what: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", GREEDY, str(tmp_path / "budget"), what]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    readers = [start("read") for _ in range(3)]
    read = sum(int(process.communicate(timeout=60)[0]) for process in readers)
    merged = int(start("merge").communicate(timeout=60)[0])

    assert read == 60 - 6
    assert merged == 6


def test_a_file_that_cannot_be_used_is_said_plainly(tmp_path: Path):
    bad = tmp_path / "budget"
    bad.write_text("this is no database, and long enough to be seen as none")
    with pytest.raises(OverBudget, match=r"can't be used .* may be deleted"):
        Budget(10, bad).acquire()
    with pytest.raises(OverBudget, match=r"can't be used .* may be deleted"):
        Budget(10, tmp_path / "missing" / "budget").acquire()


def test_who_is_told_to_wait_has_been_told_for_all(a_budget: Make, clock: Clock, tmp_path: Path):
    one, other = (a_budget(100, tmp_path / "budget") for _ in range(2))
    one.pause(30)
    assert other.paused() == 30

    other.acquire(urgent=True)

    assert clock() == 1_700_000_030_000
    assert one.paused() == 0


def test_a_shorter_pause_does_not_end_a_longer_one(a_budget: Make):
    budget = a_budget(100)
    budget.pause(50)
    budget.pause(2)
    assert budget.paused() == 50


def test_a_pause_is_never_longer_than_two_minutes(a_budget: Make, clock: Clock):
    budget = a_budget(100)
    budget.pause(86_400)
    assert budget.paused() == 120
    clock.sleep(-3600)  # noted by a clock that was an hour ahead
    assert budget.paused() == 0


def test_who_can_not_wait_for_the_end_of_a_pause_is_told_how_long_it_is(a_budget: Make):
    budget = a_budget(100, patience=8)
    budget.pause(41.2)
    with pytest.raises(OverBudget, match="has asked the desk to wait; it may ask again in 42 sec"):
        budget.acquire()


def test_a_share_of_the_budget_pauses_with_the_whole(a_budget: Make, tmp_path: Path):
    whole = a_budget(100, tmp_path / "all")
    mine, yours = (Shares(a_budget(50, tmp_path / name), whole) for name in ("mine", "yours"))
    mine.pause(20)
    assert yours.paused() == 20


def test_whoever_may_have_to_stop_waits_in_their_own_way(a_budget: Make, clock: Clock):
    budget, naps = a_budget(100), []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        clock.sleep(seconds)

    budget.pause(5)
    Shares(budget).acquire(sleep=nap)
    assert naps == [5]


class Greedy:
    """A limiter that remembers what was asked of it, or has nothing left."""

    def __init__(self, *, empty: bool = False) -> None:
        self.asked: list[bool] = []
        self.pauses: list[float] = []
        self.empty = empty

    def acquire(self, *, urgent: bool = False, sleep: object = None) -> None:
        self.asked.append(urgent)
        if self.empty:
            raise OverBudget("The budget is used up.")

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def paused(self) -> float:
        return sum(self.pauses)


def test_each_try_of_a_read_and_each_merge_counts_and_merges_are_urgent(
    asking: Callable[..., InventClient],
):
    limiter = Greedy()
    answers = iter([httpx.Response(500), httpx.Response(200, json=[]), httpx.Response(404)])
    invent = asking(lambda request: next(answers), limiter=limiter)
    invent.contact_segments("p")
    with pytest.raises(Exception, match="404"):
        merge(invent, "p", ("a",))
    assert limiter.asked == [False, False, True]


@pytest.mark.parametrize(("said", "seconds"), [("7", 7), ("900", 120), (None, 10)])
def test_a_429_is_a_pause_for_everybody(
    asking: Callable[..., InventClient], said: str | None, seconds: float
):
    limiter, told = Greedy(), []
    later = httpx.Response(429, headers={"Retry-After": said} if said else {})
    answers = iter([later, httpx.Response(200, json=[]), later])
    invent = asking(lambda request: next(answers), limiter=limiter, told_to_wait=told.append)

    invent.contact_segments("p")
    with pytest.raises(RateLimited):
        merge(invent, "p", ("a",))

    assert limiter.pauses == told == [seconds, seconds]
    assert invent.paused() == 2 * seconds


def test_a_budget_that_can_not_be_used_is_no_pause(
    asking: Callable[..., InventClient], tmp_path: Path
):
    budget = Budget(10, tmp_path / "missing" / "budget")
    assert asking(lambda request: httpx.Response(200), limiter=budget).paused() == 0
    assert asking(lambda request: httpx.Response(200)).paused() == 0


def test_a_merge_without_budget_is_not_sent(asking: Callable[..., InventClient]):
    sent: list[httpx.Request] = []
    invent = asking(sent.append, limiter=Greedy(empty=True))
    with pytest.raises(NotSent, match="used up"):
        merge(invent, "p", ("a",))
    assert sent == []


def test_a_read_without_budget_is_not_tried_again(asking: Callable[..., InventClient]):
    limiter = Greedy(empty=True)
    with pytest.raises(OverBudget):
        asking(lambda request: httpx.Response(200), limiter=limiter).contact_segments("p")
    assert limiter.asked == [False]


def test_the_file_does_not_grow(a_budget: Make, tmp_path: Path):
    budget = a_budget(5, tmp_path / "budget")
    for _ in range(50):
        budget.acquire()
    with sqlite3.connect(tmp_path / "budget") as connection:
        (count,) = connection.execute("SELECT COUNT(*) FROM requests").fetchone()
    connection.close()
    assert count <= 10
