"""Two operators, two approvers, two workers and a vendor that does as it likes, in any order.

Each rule is one thing that somebody does; after each, everything of invariants.py has to hold. In
the end the vendor behaves, the clock goes on, and every request has to come to its end.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from mergeui.accounts.models import Role
from mergeui.errors import Invalid, Stale
from mergeui.merging.approval import approve, cancel, reject
from mergeui.merging.models import UNSETTLED, WAITING, MergeRequest, RequestState
from mergeui.merging.reconcile import resolve
from mergeui.merging.standing import go_on, halted
from mergeui.review.models import Group, GroupState
from mergeui.review.sync import SyncFailed
from mergeui.sandbox.faults import Fault
from mergeui.sandbox.state import Change
from tests.contacts import contact
from tests.sweep.setting import PEOPLE, Setting

# Around the back-off, the looks (0, 10, 60, 600 s), half a lease and a lease (180 s), an hour, and
# the day in which an approved request has to be executed.
SHORT, LONG = (1, 9, 11, 61, 91), (181, 181, 400, 601, 601, 3700, 90_000)
NAPS = st.sampled_from((1, 91, 181, 181, 181, 900))
WORKERS, GROUPS = st.integers(0, 1), st.integers(0, 9)
ONE_IN_THREE = st.sampled_from([False, False, True])
DONE_IN_TIME = 500  # a merge that is done late is done before the last look

FAULTS: tuple[dict[str, Any], ...] = (
    {"fault": Fault.DROP},
    {"fault": Fault.DROP, "applied": True},
    {"fault": Fault.HANG, "hang_seconds": 90.0},
    {"fault": Fault.HANG, "applied": True, "hang_seconds": 90.0},
    {"fault": Fault.STATUS, "merge_status": 500},
    {"fault": Fault.STATUS, "merge_status": 500, "applied": True},
    {"fault": Fault.STATUS, "merge_status": 502, "applied": True},
    {"fault": Fault.STATUS, "merge_status": 429, "merge_retry_after": "30"},
    {"fault": Fault.STATUS, "merge_status": 429},
    {"fault": Fault.STATUS, "merge_status": 400},
    {"fault": Fault.STATUS, "merge_status": 401},
    {"fault": Fault.STATUS, "merge_status": 403, "applied": True},
    {"fault": Fault.STATUS, "merge_status": 404, "applied": True},
    {"fault": Fault.PARTIAL},
    {"fault": Fault.MORE},
    {"fault": Fault.WRONG_ID},
    {"fault": Fault.HTML, "applied": True},
    {"fault": Fault.CUT_JSON, "applied": True},
    {"fault": Fault.REDIRECT},
    {"fault": Fault.DROP, "apply_late": 5.0},
    {"fault": Fault.STATUS, "merge_status": 504, "apply_late": float(DONE_IN_TIME)},
)


class DeskMachine(Setting):
    """The rules."""

    # People

    @rule(who=st.sampled_from(PEOPLE), which=GROUPS, few=st.integers(0, 3))
    def propose(self, who: str, which: int, few: int) -> None:
        groups = list(Group.objects.filter(state=GroupState.OPEN).order_by("pk"))
        if not groups:
            return
        group = groups[which % len(groups)]
        ids = list(group.members.values_list("contact_id", flat=True))
        sources = [i for i in ids if i != group.primary_contact_id]
        with suppress(Stale, Invalid):
            self.desk.propose(self.people[who], group, source_ids=sources[: few or len(sources)])

    @rule(which=GROUPS, few=st.integers(0, 3))
    def propose_and_approve(self, which: int, few: int) -> None:
        """The usual way, so that there is work to do: two people, and the cool-off goes by."""
        self.propose("olga", which, few)
        paula = self.people["paula"]
        waiting = MergeRequest.objects.filter(state=RequestState.PROPOSED)
        for request in waiting.exclude(proposed_by=paula.user):
            with suppress(Stale):
                approve(request, by_user=paula)
        self.now += timedelta(seconds=11)

    @precondition(lambda self: self._some(RequestState.PROPOSED))
    @rule(who=st.sampled_from(PEOPLE), which=st.integers(0, 9), word=st.sampled_from("yyyn"))
    def decide(self, who: str, which: int, word: str) -> None:
        request, person = self._one(which, RequestState.PROPOSED), self.people[who]
        own = person.user is not None and person.user.pk == request.proposed_by_id
        self._try(
            (lambda: approve(request, by_user=person))
            if word == "y"
            else (lambda: reject(request, by_user=person, note="Two sisters")),
            allowed=person.role == Role.APPROVER and not own,
        )

    @precondition(lambda self: self._some(*WAITING))
    @rule(who=st.sampled_from(PEOPLE), which=st.integers(0, 9), sure=ONE_IN_THREE)
    def cancel(self, who: str, which: int, sure: bool) -> None:
        if not sure:
            return
        request, person = self._one(which, *WAITING), self.people[who]
        own = person.user is not None and person.user.pk == request.proposed_by_id
        allowed = person.role == Role.APPROVER or own
        self._try(lambda: cancel(request, by_user=person), allowed=allowed)

    @precondition(lambda self: self._some(*UNSETTLED) and not self.desk.sandbox.late._waiting)
    @rule(who=st.sampled_from(PEOPLE), which=st.integers(0, 9))
    def resolve(self, who: str, which: int) -> None:
        """Somebody looks into Invent, and says what is true; nothing is on its way any more."""
        request, person = self._one(which, *UNSETTLED), self.people[who]
        gone = [
            i for i in request.sources.values_list("contact_id", flat=True) if not self._exists(i)
        ]
        self._try(
            lambda: resolve(request, merged_ids=gone, by_user=person, note="I looked."),
            allowed=person.role == Role.APPROVER,
        )

    @precondition(lambda self: halted(self.desk.organization) is not None)
    @rule(who=st.sampled_from(PEOPLE))
    def let_merges_go_on(self, who: str) -> None:
        """The key was refused, and somebody says that it is good again."""
        person = self.people[who]
        self._try(
            lambda: go_on(self.desk.organization, by_user=person),
            allowed=person.role == Role.APPROVER,
        )

    @rule()
    def sync(self) -> None:
        with suppress(SyncFailed):
            self.desk.sync()

    # Workers and the clock

    @rule(which=WORKERS, steps=st.integers(1, 6) | st.integers(10, 50))
    def worker_goes_on(self, which: int, steps: int) -> None:
        for _ in range(steps):
            if not self.workers[which].step():
                break

    @rule(which=WORKERS, group=GROUPS, how=st.sampled_from(FAULTS), steps=st.integers(1, 30))
    def worker_meets_a_fault(self, which: int, group: int, how: dict[str, Any], steps: int) -> None:
        self.propose_and_approve(group, 0)
        self.next_merge_goes_wrong(how)
        self.worker_goes_on(which, steps)

    @rule(which=WORKERS, group=GROUPS, steps=st.integers(1, 14), seconds=NAPS)
    def worker_oversleeps(self, which: int, group: int, steps: int, seconds: int) -> None:
        """One stands still in the middle; the other looks after what it holds; it goes on."""
        self.propose_and_approve(group, 0)
        self.worker_goes_on(which, steps)
        self.now += timedelta(seconds=seconds)
        self._finish(self.workers[1 - which])
        self._check()
        self._finish(self.workers[which])

    @rule(which=WORKERS, group=GROUPS, steps=st.integers(1, 14), seconds=NAPS)
    def worker_dies(self, which: int, group: int, steps: int, seconds: int) -> None:
        self.propose_and_approve(group, 0)
        self.worker_goes_on(which, steps)
        self.workers[which].crash()
        self.now += timedelta(seconds=seconds)
        self._finish(self.workers[1 - which])

    @rule(which=WORKERS)
    def worker_does_all(self, which: int) -> None:
        self._finish(self.workers[which])

    @precondition(lambda self: any(worker.busy for worker in self.workers))
    @rule(which=WORKERS)
    def worker_is_killed(self, which: int) -> None:
        self.workers[which].crash()

    @rule(seconds=st.sampled_from(SHORT))
    def a_moment_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(seconds=st.sampled_from(LONG))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    # The vendor

    @rule(how=st.sampled_from(FAULTS))
    def next_merge_goes_wrong(self, how: dict[str, Any]) -> None:
        self.desk.faults.clear()
        self.desk.faults.next_merge(**how)

    @rule(times=st.integers(1, 6))
    def reads_go_wrong(self, times: int) -> None:
        self.desk.faults.next_read(Fault.STATUS, times=times)

    @rule(
        what=st.sampled_from(["is renamed", "is blocked", "goes", "gets a twin"]),
        which=st.integers(0, 20),
        sure=ONE_IN_THREE,
    )
    def contact(self, what: str, which: int, sure: bool) -> None:
        """Somebody changes something in Invent."""
        vendor = self.desk.world
        contact_id = list(vendor.main)[which % len(vendor.main)]
        if not sure:
            return
        match what:
            case "is renamed":
                vendor.change(contact_id, name=f"Renamed at {self.now}")
            case "is blocked":
                vendor.change(contact_id, blocked=True)
            case "goes":
                vendor.remove(contact_id)
            case _:
                channels = vendor.main.contact(contact_id)["channels"]
                twin = contact("A twin", *channels, id=f"twin_{Setting.steps}")
                vendor.apply(Change(vendor.top.id, put=(twin,)))
