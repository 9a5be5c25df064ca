"""What goes by itself after RETENTION_DAYS, and what never does."""

import logging
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mergeui.accounts.models import Role
from mergeui.audit.verify import verify
from mergeui.merging import retention
from mergeui.merging.erasure import erase_person
from mergeui.merging.models import Notice
from mergeui.merging.retention import RUNS_KEPT, Broom, forget
from mergeui.review.decisions import snooze
from mergeui.review.models import Group, Member, SyncRun
from tests.contacts import contact, whatsapp
from tests.desk import Desk, actor
from tests.many import crowd
from tests.merging.stage import anas, approved

pytestmark = pytest.mark.django_db

LONG_AGO = timedelta(days=400)


def vanished() -> tuple[Desk, Group]:
    desk = anas(2)
    long_vanished()
    return desk, desk.group()


def long_vanished() -> None:
    then = timezone.now() - LONG_AGO
    Group.objects.update(state="vanished", first_seen_at=then, changed_at=then)


def test_a_group_that_nobody_asked_about() -> None:
    vanished()
    now = timezone.now()
    assert forget(now=now, days=0) == {"sessions": 0}
    assert forget(now=now, days=500)["groups"] == 0
    entries = verify().entries
    assert forget(now=now, days=365)["groups"] == 1
    assert not Group.objects.exists()
    assert not Member.objects.exists()
    assert verify().entries == entries


def test_what_was_asked_for_or_decided_stays() -> None:
    desk = anas(2)
    approved(desk)
    long_vanished()
    dismissed = Desk(*(contact("Bea", whatsapp("+15550102")) for _ in range(2)))
    dismissed.sync()
    bea = Group.objects.latest("pk")
    Group.objects.filter(pk=bea.pk).update(state="dismissed", changed_at=timezone.now() - LONG_AGO)
    assert forget(now=timezone.now(), days=1)["groups"] == 0
    assert Group.objects.count() == 2


def test_what_was_put_aside_stays_when_invent_lists_it_no_longer() -> None:
    desk = anas(2)
    snooze(desk.group(), until=None, by_user=actor(Role.OPERATOR), note="they will call")
    long_vanished()

    assert forget(now=timezone.now(), days=1)["groups"] == 0
    assert Group.objects.get().decided_note == "they will call"


def test_sessions_notices_and_refreshes() -> None:
    desk, group = vanished()
    then = timezone.now() - LONG_AGO
    Session.objects.create(session_key="old", session_data="", expire_date=then)
    olga = actor(Role.OPERATOR)
    for read in (then, None):
        Notice.objects.create(
            organization=desk.organization, person=olga.user, kind="mentioned", group=group,
            at=then, read_at=read,
        )  # fmt: skip
    SyncRun.objects.bulk_create(
        SyncRun(organization=desk.organization, state="done", wanted_at=then, seen_alive_at=then)
        for _ in range(RUNS_KEPT)
    )
    gone = forget(now=timezone.now(), days=365)
    assert gone == {"sessions": 1, "notices": 1, "groups": 1, "refreshes": 0}
    assert SyncRun.objects.count() == RUNS_KEPT + 1
    SyncRun.objects.update(wanted_at=then)
    assert forget(now=timezone.now(), days=365)["refreshes"] == 1


def in_the_index(word: str) -> bool:
    """Whether the index of the queue has a word, in use or not: it cuts what words have in common
    at their beginning."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rowid FROM review_group_terms WHERE review_group_terms MATCH 'x'")
        cursor.execute("SELECT block FROM review_group_terms_data")
        return any(word[2:].encode() in block for (block,) in cursor.fetchall())


@pytest.mark.one_database
def test_the_index_forgets_who_was_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_A_TIME", 0.0)
    desk = Desk(*(contact(f"Xanthippe {n}", whatsapp("+15550102")) for n in range(2)))
    desk.sync()
    ids = [member.contact_id for member in desk.group().members.all()]
    crowd(20)
    broom = Broom()
    broom.sweep()  # nobody was erased
    erase_person(ids, by_user=actor(Role.ADMIN))
    assert in_the_index("xanthippe")

    broom.sweep()
    assert in_the_index("xanthippe")  # not before the next look
    for _ in range(200):
        broom._look = 0.0
        broom.sweep()
    assert not in_the_index("xanthippe")
    assert in_the_index("--@example.com")

    with CaptureQueriesContext(connection) as asked:
        broom._look = 0.0
        broom.sweep()
    assert not [one for one in asked if "review_group_terms" in one["sql"]]


def test_the_worker_does_it_once_a_day(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    vanished()
    broom = Broom()
    broom.sweep()
    assert "1 groups" in caplog.text
    caplog.clear()
    broom.sweep()
    Broom().sweep()
    assert caplog.text == ""
