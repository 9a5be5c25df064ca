"""Everybody at once for a few seconds: no deadlock, no lock left behind, a chain that holds.

The order of locks (the history's last, audit/log.py) shows itself only when several transactions
meet, so here they do: three workers, a sync that reopens groups, people who ask, decide, cancel,
take back and resolve, and an Invent whose contacts change and whose answers get lost.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from mergeui.accounts.models import Role
from mergeui.audit.verify import verify
from mergeui.errors import Problem
from mergeui.merging.approval import cancel
from mergeui.merging.execution import execute_next
from mergeui.merging.models import ACTIVE, ContactLock, MergeRequest, RequestState
from mergeui.merging.proposals import Part
from mergeui.merging.reconcile import reconcile_next, resolve
from mergeui.merging.splitting import split
from mergeui.merging.undo import last_decision, undo
from mergeui.merging.worker import tidy
from mergeui.review.decisions import dismiss, reopen, snooze
from mergeui.review.models import Group
from mergeui.review.sync import request_sync, sync
from mergeui.sandbox import Change, Fault
from tests.contacts import contact, whatsapp
from tests.desk import Desk, actor

SECONDS = 4


class Crowd:
    """A desk and all who are at it; each method is what one of them does, again and again."""

    def __init__(self) -> None:
        self.desk = Desk(
            *[contact("Ana", whatsapp(f"+1555{n:05}")) for n in range(40) for _ in range(4)]
        )
        self.desk.sync()
        self.operator, self.approver = actor(Role.OPERATOR), actor(Role.APPROVER)

    def group(self, dice: random.Random, *states: str) -> Group | None:
        found = list(Group.objects.filter(state__in=states))
        return dice.choice(found) if found else None

    def refresh(self, dice: random.Random) -> None:
        run = request_sync(self.desk.organization, by_user=self.desk.system)
        sync(run, client=self.desk.connect(), by_user=self.desk.system)

    def decide(self, dice: random.Random) -> None:
        if group := self.group(dice, "open"):
            if dice.random() < 0.5:
                dismiss(group, by_user=self.operator)
            else:
                soon = timezone.now() + timedelta(seconds=1)
                snooze(group, until=soon, by_user=self.operator)
        if group := self.group(dice, "dismissed", "snoozed"):
            reopen(group, by_user=self.operator)

    def ask(self, dice: random.Random) -> None:
        if group := self.group(dice, "open"):
            self.desk.propose(self.operator, group)

    def split(self, dice: random.Random) -> None:
        if group := self.group(dice, "open"):
            one, two, three, four, *_ = [m.contact_id for m in group.members.all()] + [""] * 4
            parts = [Part(one, [two], True, 1), Part(three, [four], True, 2)]
            split(group, parts, by_user=self.operator)

    def work(self, dice: random.Random) -> None:
        tidy()
        to = {"client": self.desk.connect(), "organization_id": self.desk.organization.pk}
        _ = execute_next(**to) or reconcile_next(**to)

    def take_back(self, dice: random.Random) -> None:
        time.sleep(0.02)
        undo(last_decision(self.desk.organization, self.operator.user), by_user=self.operator)

    def think_better(self, dice: random.Random) -> None:
        time.sleep(0.02)
        open_states = (RequestState.APPROVED, RequestState.UNKNOWN, RequestState.CONFLICT)
        request = MergeRequest.objects.filter(state__in=open_states).order_by("?").first()
        if request is None:
            return
        if request.state == RequestState.APPROVED:
            cancel(request, by_user=self.approver)
        elif dice.random() < 0.3:
            resolve(request, merged_ids=[], by_user=self.approver, note="looked")

    def move_the_world(self, dice: random.Random) -> None:
        time.sleep(0.01)
        world, faults = self.desk.world, self.desk.faults
        with world.lock:
            one = dice.choice(list(world.main))
            [phone, *_] = world.main.contact(one)["channels"]
            if dice.random() < 0.5:
                world.change(one, name=f"Ana {dice.random()}")
            else:
                world.apply(Change(world.top.id, put=(contact("Ana", phone),)))
        if dice.random() < 0.3:
            fault = dice.choice([Fault.DROP, Fault.PARTIAL, Fault.STATUS, Fault.WRONG_ID])
            faults.next_merge(fault, applied=dice.random() < 0.5)


@pytest.mark.django_db(transaction=True)
def test_everybody_at_once(settings: Any) -> None:
    settings.MERGE_READ_BACK_SECONDS = (0, 0.01, 0.02)
    settings.MERGE_FOUR_EYES = "never"
    crowd = Crowd()
    until = time.monotonic() + SECONDS
    done: Counter[str] = Counter()
    errors: list[Exception] = []

    def again_and_again(act: Callable[[random.Random], None], seed: int) -> None:
        dice = random.Random(seed)
        while time.monotonic() < until and not errors:
            try:
                act(dice)
                done[act.__name__] += 1
            except Problem:
                done["refused"] += 1
            except Exception as error:  # noqa: BLE001 - a deadlock, above all
                errors.append(error)
        connection.close()

    roles = [
        crowd.refresh, crowd.decide, crowd.ask, crowd.split, crowd.work, crowd.work, crowd.work,
        crowd.think_better, crowd.take_back, crowd.move_the_world,
    ]  # fmt: skip
    threads = [
        threading.Thread(target=again_and_again, args=role)
        for role in zip(roles, range(len(roles)), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert {act.__name__ for act in roles} <= set(done)
    assert not ContactLock.objects.exclude(request__state__in=ACTIVE).exists()
    # Of the requests of a split group that end at once, one is the last.
    going = MergeRequest.objects.filter(state__in=ACTIVE)
    requested = Group.objects.filter(state="requested")
    assert not requested.exclude(pk__in=going.values("group_id")).exists()
    assert crowd.desk.counters.hazard_calls == 0
    assert verify().broken is None
