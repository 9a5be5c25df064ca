"""An opt-out that a merge lost is noticed, and set again when a person wants it."""

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db.models import F

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.describe import describe
from mergeui.audit.models import Entry
from mergeui.audit.verify import verify
from mergeui.errors import NotAllowed, Stale
from mergeui.invent import Contact
from mergeui.merging import restoring
from mergeui.merging.approval import cancel
from mergeui.merging.execution import execute_next
from mergeui.merging.models import LostOptOut, MergeRequest
from mergeui.merging.plan import lost_opt_outs
from mergeui.merging.reconcile import resolve
from mergeui.merging.standing import halted
from mergeui.sandbox import Fault
from tests.contacts import contact, email, parsed, whatsapp
from tests.desk import Desk, actor, past
from tests.merging.stage import actions, approved, fresh, look, source_states

pytestmark = pytest.mark.django_db

PHONE = whatsapp("+15550101")
State = LostOptOut.State


def merged(**flags: object) -> tuple[Desk, LostOptOut]:
    """Ana, and her twin with these flags, in one contact: Invent takes the flags of Ana."""
    desk = Desk(contact("Ana", PHONE, id="one"), contact("Ana", PHONE, id="two", **flags))
    desk.sync()
    approved(desk)
    desk.work()
    return desk, LostOptOut.objects.select_related("request").get()


@pytest.fixture
def lost() -> tuple[Desk, LostOptOut]:
    return merged(unsubscribed=True)


def wanted(lost: LostOptOut) -> LostOptOut:
    restoring.ask(lost, by_user=actor(Role.OPERATOR, name="olga"))
    return lost


def again(desk: Desk, lost: LostOptOut) -> LostOptOut:
    """Lets the pause go by, and the worker try."""
    LostOptOut.objects.filter(state=State.WANTED).update(due_at=lost.wanted_at)
    desk.work()
    lost.refresh_from_db()
    return lost


def one(desk: Desk) -> dict:
    """The contact as it is in Invent."""
    return desk.world.main.contact("one")


def patches(desk: Desk) -> int:
    return desk.counters.requests["PATCH contacts/{}"]


@pytest.mark.parametrize(
    ("flags", "kept"),
    [
        ({"unsubscribed": True}, "unsubscribed"),
        ({"blocked": True}, "blocked"),
        ({"unsubscribed": True, "blocked": True}, "unsubscribed,blocked"),
    ],
)
def test_a_lost_opt_out_is_set_again(flags: dict, kept: str) -> None:
    desk, lost = merged(**flags)
    assert (lost.state, lost.flags) == (State.LOST, kept)
    assert not any(one(desk)[flag] for flag in flags)
    assert Entry.objects.get(action=Action.RESULT_DIFFERS).facts["flags"] == list(flags)

    again(desk, wanted(lost))

    assert all(one(desk)[flag] for flag in flags)
    assert (lost.state, lost.reason, lost.due_at) == (State.SET, "", None)
    assert actions(Action.RESULT_DIFFERS) == [Action.OPT_OUT_WANTED, Action.OPT_OUT_SET]
    asked, done = Entry.objects.order_by("-number")[:2][::-1]
    assert describe(asked).startswith("Olga asked that the opt-out of Ana, lost in a merge, is set")
    assert asked.facts["flags"] == list(flags)
    assert done.personal["contacts"][0]["id"] == "one"
    assert verify().broken is None


def test_what_invent_keeps_is_not_lost() -> None:
    desk = Desk(contact("Ana", PHONE), contact("Ana", PHONE, unsubscribed=True))
    desk.faults.any_flag_wins = True
    desk.sync()
    approved(desk)
    desk.work()

    assert not LostOptOut.objects.exists()


def test_what_invent_does_not_say_counts_as_lost() -> None:
    out, other, silent = parsed(
        contact("Ana", unsubscribed=True), contact("Ana"), contact("Ana", unsubscribed=None)
    )

    assert lost_opt_outs(other, [out], silent) == ("unsubscribed",)
    assert lost_opt_outs(other, [silent], other) == ()
    assert lost_opt_outs(out, [other], out) == ()


def test_an_answer_that_got_lost_hides_no_lost_opt_out() -> None:
    desk = Desk(contact("Ana", PHONE, id="one"), contact("Ana", PHONE, id="two", blocked=True))
    desk.sync()
    request = approved(desk)
    desk.faults.next_merge(Fault.DROP, applied=True)
    desk.work()
    desk.work()

    request.refresh_from_db()
    assert (request.state, request.lost_opt_out.flags) == ("merged", "blocked")


def between_two_calls() -> tuple[Desk, MergeRequest]:
    """60 Anas, one of the first 50 unsubscribed: the first call has lost that, and the worker was
    stopped before the second."""
    desk = Desk(*[contact("Ana", PHONE, unsubscribed=number == 3) for number in range(60)])
    desk.sync()
    request = approved(desk)
    execute_next(client=desk.client, organization_id=desk.organization.pk, go_on=lambda: False)
    past(request, execute_after=1)
    assert source_states(request) == ["merged"] * 50 + ["waiting"] * 9
    assert not LostOptOut.objects.exists()
    return desk, request


def other_worker_finds_a_change(desk: Desk, request: MergeRequest) -> None:
    desk.world.change(request.sources.get(position=58).contact_id, name="Bea")
    desk.work()


def somebody_cancels(desk: Desk, request: MergeRequest) -> None:
    cancel(request, by_user=actor(Role.ADMIN))


def its_time_is_up(desk: Desk, request: MergeRequest) -> None:
    past(request, expires_at=1)
    desk.work()


def second_call_is_refused(desk: Desk, request: MergeRequest) -> None:
    desk.faults.next_merge(Fault.STATUS, merge_status=400)
    desk.work()


def second_call_is_not_done(desk: Desk, request: MergeRequest) -> None:
    desk.faults.next_merge(Fault.DROP)
    desk.work()
    for _ in range(3):
        look(desk, request)


def second_call_is_settled_by_a_person(desk: Desk, request: MergeRequest) -> None:
    desk.faults.next_merge(Fault.DROP)
    execute_next(client=desk.client, organization_id=desk.organization.pk)
    resolve(fresh(request), merged_ids=[], by_user=actor(Role.APPROVER), note="looked")


@pytest.mark.parametrize(
    "ends",
    [
        other_worker_finds_a_change,
        somebody_cancels,
        its_time_is_up,
        second_call_is_refused,
        second_call_is_not_done,
        second_call_is_settled_by_a_person,
    ],
)
def test_what_the_first_of_two_calls_lost_is_noticed_however_the_request_ends(
    ends: Callable[[Desk, MergeRequest], None],
) -> None:
    desk, request = between_two_calls()

    ends(desk, request)

    request = fresh(request)
    assert (request.state, request.lost_opt_out.flags) == ("partial", "unsubscribed")
    assert request.outcome[-1] == "An opt-out was lost: the result receives messages again."
    differs = Entry.objects.get(action=Action.RESULT_DIFFERS)
    assert differs.personal["differences"] == request.outcome[-1:]
    assert differs.facts["flags"] == ["unsubscribed"]
    assert verify().broken is None


def test_what_a_person_says_was_merged_later_is_not_missed_in_an_earlier_answer() -> None:
    """The last Ana has a channel of her own, which the answer to the first call can't name."""
    own = email("ana@example.com")
    desk = Desk(*[contact("Ana", PHONE) for _ in range(52)], contact("Ana", PHONE, own))
    desk.sync()
    request = approved(desk)
    execute_next(client=desk.client, organization_id=desk.organization.pk, go_on=lambda: False)
    past(request, execute_after=1)
    desk.faults.next_merge(Fault.DROP, applied=True)
    execute_next(client=desk.client, organization_id=desk.organization.pk)
    rest = list(request.sources.filter(state="sent").values_list("contact_id", flat=True))

    approver = actor(Role.APPROVER)
    resolve(fresh(request), merged_ids=rest, client=desk.client, by_user=approver, note="looked")

    assert fresh(request).state == "merged"
    assert fresh(request).outcome[-1].endswith("found out: looked")


def test_an_answer_too_long_to_be_kept_says_nothing_of_an_opt_out() -> None:
    desk, request = between_two_calls()
    attempt = request.attempts.get()
    cut = {**attempt.answer, "body": attempt.answer["body"][:-1], "truncated": True}
    request.attempts.update(answer=cut)

    somebody_cancels(desk, request)

    assert fresh(request).lost_opt_out.flags == "unsubscribed"
    assert fresh(request).outcome[-1] == (
        "Invent doesn't say whether the opt-out was kept: look at the contact there."
    )


def test_nothing_is_sent_until_a_person_wants_it(lost: tuple[Desk, LostOptOut]) -> None:
    desk, one_lost = lost
    desk.work()

    assert patches(desk) == 0
    with pytest.raises(NotAllowed):
        restoring.ask(one_lost, by_user=actor(Role.VIEWER))


def test_somebody_was_faster(lost: tuple[Desk, LostOptOut]) -> None:
    desk, one_lost = lost
    other = LostOptOut.objects.get()
    wanted(one_lost)

    with pytest.raises(Stale, match="asked for already by olga"):
        restoring.ask(other, by_user=actor(Role.OPERATOR))
    again(desk, one_lost)
    with pytest.raises(Stale, match="set again already"):
        restoring.ask(other, by_user=actor(Role.OPERATOR))


def test_what_nobody_here_asked_for_names_nobody(lost: tuple[Desk, LostOptOut]) -> None:
    _, one_lost = lost
    other = LostOptOut.objects.get()
    wanted(one_lost)
    LostOptOut.objects.update(wanted_by=None)  # their account was deleted

    with pytest.raises(Stale, match="asked for already; the worker"):
        restoring.ask(other, by_user=actor(Role.OPERATOR))


def test_who_opted_out_meanwhile_is_left_alone(lost: tuple[Desk, LostOptOut]) -> None:
    desk, one_lost = lost
    desk.world.change("one", unsubscribed=True)

    assert again(desk, wanted(one_lost)).state == State.SET
    assert patches(desk) == 0


@pytest.mark.parametrize(
    "fault", [Fault.DROP, Fault.HANG, Fault.HTML, Fault.STATUS, Fault.WRONG_ID]
)
@pytest.mark.parametrize("applied", [True, False])
def test_a_lost_answer_is_looked_up_and_only_then_asked_again(
    lost: tuple[Desk, LostOptOut], fault: Fault, applied: bool
) -> None:
    desk, one_lost = lost
    desk.faults.next_patch(fault, applied=applied, hang_seconds=600)
    wanted(one_lost)
    again(desk, one_lost)
    assert (one_lost.state, one_lost.tries) == (State.WANTED, 1)
    assert one_lost.reason

    again(desk, one_lost)

    assert (one_lost.state, one(desk)["unsubscribed"]) == (State.SET, True)
    assert patches(desk) == (1 if applied or fault is Fault.WRONG_ID else 2)


def test_after_three_tries_a_person_is_told_why(lost: tuple[Desk, LostOptOut]) -> None:
    desk, one_lost = lost
    desk.faults.set(patch=Fault.STATUS, patch_status=429)
    wanted(one_lost)
    for _ in range(3):
        again(desk, one_lost)

    assert (one_lost.state, patches(desk)) == (State.LOST, 3)
    assert one_lost.reason.startswith("Tried 3 times. Invent is getting too many requests")
    entry = Entry.objects.latest("number")
    assert (entry.action, entry.facts["after"]) == (Action.OPT_OUT_NOT_SET, "lost")

    desk.faults.clear()
    assert again(desk, wanted_again(one_lost)).state == State.SET


def wanted_again(lost: LostOptOut) -> LostOptOut:
    restoring.ask(lost, by_user=actor(Role.OPERATOR))
    return lost


@pytest.mark.parametrize("status", [400, 401, 404])
def test_what_invent_refuses_is_not_tried_again(lost: tuple[Desk, LostOptOut], status: int) -> None:
    desk, one_lost = lost
    desk.faults.next_patch(Fault.STATUS, patch_status=status)
    again(desk, wanted(one_lost))

    assert (one_lost.state, patches(desk)) == (State.LOST, 1)
    assert str(status) in one_lost.reason
    assert (halted(desk.organization) is not None) == (status == 401)


def test_what_somebody_on_the_way_forbids_is_looked_up_and_asked_again(
    lost: tuple[Desk, LostOptOut],
) -> None:
    """403 is no answer that Invent documents: it stops no other merge."""
    desk, one_lost = lost
    desk.faults.next_patch(Fault.STATUS, patch_status=403)
    again(desk, wanted(one_lost))
    assert (one_lost.state, halted(desk.organization)) == (State.WANTED, None)

    again(desk, one_lost)
    assert (one_lost.state, patches(desk)) == (State.SET, 2)


def test_a_contact_that_is_gone_is_asked_for_all_the_same(lost: tuple[Desk, LostOptOut]) -> None:
    desk, one_lost = lost
    desk.world.remove("one")
    again(desk, wanted(one_lost))

    assert (one_lost.state, patches(desk)) == (State.LOST, 1)
    assert "404" in one_lost.reason


def test_an_answer_that_says_no_is_no_success(
    lost: tuple[Desk, LostOptOut], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, one_lost = lost
    same = Contact.parse(one(desk))
    monkeypatch.setattr(type(desk.client), "update_contact", lambda *args, **more: same)
    again(desk, wanted(one_lost))

    assert one_lost.state == State.LOST
    assert one_lost.reason == "Invent answered, but the contact is not as it was asked for."


def test_a_worker_that_died_is_followed_by_another(
    lost: tuple[Desk, LostOptOut], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, one_lost = lost
    wanted(one_lost)
    with monkeypatch.context() as dying:
        dying.setattr(restoring, "restore", lambda lost, client: None)
        desk.work()
    desk.work()
    one_lost.refresh_from_db()
    assert (one_lost.state, one_lost.tries, patches(desk)) == (State.WANTED, 1, 0)

    assert again(desk, one_lost).state == State.SET


def test_two_workers_make_one_entry(
    lost: tuple[Desk, LostOptOut], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, one_lost = lost
    wanted(one_lost)
    first = restoring.restore

    def both(lost: LostOptOut, *, client: object) -> None:
        first(LostOptOut.objects.select_related("request__organization").get(), client=desk.client)
        first(lost, client=desk.client)

    monkeypatch.setattr(restoring, "restore", both)
    again(desk, one_lost)

    assert (one_lost.state, patches(desk)) == (State.SET, 1)
    assert actions().count(Action.OPT_OUT_SET) == 1


def test_what_another_worker_has_claimed_meanwhile_is_passed_over(
    lost: tuple[Desk, LostOptOut], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the claim another worker takes it."""
    desk, one_lost = lost
    wanted(one_lost)

    def claim_first(name: str) -> F:
        LostOptOut.objects.update(due_at=F("due_at") + timedelta(minutes=3))
        return F(name)

    monkeypatch.setattr(restoring, "F", claim_first)

    assert restoring.restore_next(client=desk.client, organization_id=desk.organization.pk) is None
    assert patches(desk) == 0


def test_halted_merges_halt_this_too(lost: tuple[Desk, LostOptOut]) -> None:
    desk, one_lost = lost
    restoring.halt(desk.organization, restoring.Halt.KEY, "refused")
    again(desk, wanted(one_lost))

    assert (one_lost.state, patches(desk)) == (State.WANTED, 0)


def test_what_was_lost_before_there_was_a_table() -> None:
    _, lost = merged(unsubscribed=True, blocked=True)
    LostOptOut.objects.all().delete()
    migration = import_module("mergeui.merging.migrations.0006_opt_outs_lost_before")
    migration.keep_lost(apps, None)

    again = LostOptOut.objects.get()
    assert (again.flags, again.request_id) == ("unsubscribed,blocked", lost.request_id)
    assert str(again) == f"Lost: unsubscribed,blocked of request {lost.request_id}"
    LostOptOut.objects.all().delete()
    MergeRequest.objects.update(outcome=[])
    migration.keep_lost(apps, None)
    assert not LostOptOut.objects.exists()
