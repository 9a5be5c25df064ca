"""What stops all merges of an organisation, and how a person lets them go on."""

import fcntl
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx
import pytest

from mergeui.accounts.models import Organization, Role
from mergeui.audit.actions import Action
from mergeui.audit.anchor import Anchor
from mergeui.audit.models import Entry
from mergeui.errors import NotAllowed, Stale
from mergeui.invent import InventError
from mergeui.merging import gap as looking
from mergeui.merging import journal
from mergeui.merging.gap import look_when_wanted
from mergeui.merging.models import Attempt, MergeRequest, ReadBack, RequestState, Standing
from mergeui.merging.standing import check_memory, clear, go_on, halt, halted
from mergeui.merging.worker import execute_due
from mergeui.review.models import Group, MergedContact
from mergeui.sandbox import Fault
from tests.contacts import contact, whatsapp
from tests.desk import Desk, actor
from tests.merging.stage import wired

pytestmark = pytest.mark.django_db

PHONE = whatsapp("+15550101")


@pytest.fixture(autouse=True)
def _no_cool_off(settings) -> None:
    settings.MERGE_COOL_OFF_SECONDS = 0


@pytest.fixture
def desk() -> Desk:
    desk = Desk(contact("Ana", PHONE), contact("Ana", PHONE))
    desk.sync()
    return desk


def lost(desk: Desk, *sources: str, primary: str = "contact_kept", entry: int = 900) -> None:
    """A call that a database knew which is gone."""
    noted(desk.organization, *sources, primary=primary, entry=entry, hash_of_entry="f" * 64)


def kept(organization: Organization, *sources: str) -> None:
    """A call that this database knows."""
    last = Entry.objects.latest("number")
    noted(organization, *sources, entry=last.number, hash_of_entry=last.hash)


def noted(
    organization: Organization,
    *sources: str,
    entry: int,
    hash_of_entry: str,
    primary: str = "contact_kept",
) -> None:
    journal.note(
        journal.Line(
            entry=entry,
            hash=hash_of_entry,
            at="2026-01-01T00:00:00+00:00",
            organization=organization.pk,
            request=41,
            primary=primary,
            sources=sources,
        )
    )


def gap(desk: Desk) -> list[journal.Line]:
    return journal.gap(desk.organization.pk)


def sources_of(lines: list[journal.Line]) -> list[tuple[str, ...]]:
    return [line.sources for line in lines]


@pytest.fixture
def other() -> Organization:
    """Another organisation of the same database, whose calls are in the same journal."""
    return Organization.objects.create(name="Others", invent_org_id="org_other")


def test_each_call_is_noted_before_it_is_sent(desk: Desk) -> None:
    request = desk.propose(actor(Role.OPERATOR))
    desk.work()

    started = Entry.objects.get(action=Action.ATTEMPT_STARTED)
    [text] = journal.path().read_text().split()
    assert f'"entry":{started.number},"hash":"{started.hash}"' in text
    assert request.sources.get().contact_id in text
    assert gap(desk) == []


def test_what_can_not_be_noted_is_not_sent(desk: Desk, settings) -> None:
    settings.MERGE_JOURNAL.mkdir()
    request = desk.propose(actor(Role.OPERATOR))

    desk.work()

    request.refresh_from_db()
    assert desk.counters.merge_calls == 0
    assert request.state == RequestState.APPROVED
    assert "could not be noted" in request.waiting_because
    assert request.attempts.get().state == Attempt.State.NOT_SENT
    settings.MERGE_JOURNAL.rmdir()


def test_a_refused_key_halts_everything_until_a_person_goes_on(desk: Desk) -> None:
    request = desk.propose(actor(Role.OPERATOR))
    desk.faults.next_read(Fault.STATUS, read_status=401)

    desk.work()
    assert halted(desk.organization).halted_as == Standing.Halt.KEY
    request.refresh_from_db()
    assert (request.state, desk.counters.merge_calls) == (RequestState.APPROVED, 0)

    with pytest.raises(NotAllowed):
        go_on(desk.organization, by_user=actor(Role.OPERATOR))
    approver = actor(Role.APPROVER)
    go_on(desk.organization, by_user=approver)

    assert halted(desk.organization) is None
    with pytest.raises(Stale):
        go_on(desk.organization, by_user=approver)
    said = Entry.objects.filter(action__startswith="merging_").order_by("number")
    assert [entry.action for entry in said] == [Action.MERGING_HALTED, Action.MERGING_RESUMED]


def pairs(count: int) -> Desk:
    """A desk that has as many merges to send, each of a pair."""
    phones = [whatsapp(f"+1555020{n}") for n in range(count)]
    desk = Desk(*[contact("Ana", phone) for phone in phones for _ in (1, 2)])
    desk.sync()
    operator = actor(Role.OPERATOR)
    for group in Group.objects.order_by("pk"):
        desk.propose(operator, group)
    return desk


def states() -> list[str]:
    return list(MergeRequest.objects.order_by("pk").values_list("state", flat=True))


def test_three_merges_in_a_row_answered_with_403_halt_the_rest() -> None:
    """Reads work, so the key is not refused: a key that may not merge, or a firewall."""
    desk = pairs(5)
    desk.faults.set(merge=Fault.STATUS, merge_status=403)

    desk.work()

    assert desk.counters.merge_calls == 3
    standing = halted(desk.organization)
    assert standing.halted_as == Standing.Halt.FORBIDDEN
    assert "The last 3 merges were each answered with 403" in standing.because
    assert states() == [RequestState.UNKNOWN] * 3 + [RequestState.APPROVED] * 2
    assert Entry.objects.get(action=Action.MERGING_HALTED).facts["reason"] == "forbidden"
    # What was sent is read back all the same.
    assert ReadBack.objects.values("request").distinct().count() == 3


def test_after_a_halt_for_403_one_merge_is_tried_before_all_others() -> None:
    desk = pairs(7)
    desk.faults.set(merge=Fault.STATUS, merge_status=403)
    desk.work()
    approver = actor(Role.APPROVER)

    go_on(desk.organization, by_user=approver)
    desk.work()
    assert desk.counters.merge_calls == 4
    assert halted(desk.organization).halted_as == Standing.Halt.FORBIDDEN

    desk.faults.clear()
    go_on(desk.organization, by_user=approver)
    desk.work()
    assert desk.counters.merge_calls == 7
    assert halted(desk.organization) is None


def test_403_that_comes_now_and_then_halts_nothing() -> None:
    desk = pairs(6)
    wire = wired(desk)

    def two_of_three(call: httpx.Request) -> httpx.Response:
        if (desk.counters.merge_calls + refused[0]) % 3 == 2:
            return wire.pass_on(call)
        refused[0] += 1
        return httpx.Response(403)

    refused = [0]
    wire.on_merge = two_of_three
    desk.work()

    assert states().count(RequestState.MERGED) == 2
    assert halted(desk.organization) is None


def test_403_to_the_merges_of_another_organisation_is_theirs(other: Organization) -> None:
    desk = pairs(4)
    desk.faults.next_merge(Fault.STATUS, merge_status=403, times=2)
    execute_due(desk.organization, client=desk.client, most=2)
    MergeRequest.objects.filter(state=RequestState.UNKNOWN).update(organization=other)
    desk.faults.next_merge(Fault.STATUS, merge_status=403)

    desk.work()

    assert desk.counters.merge_calls == 4
    assert halted(desk.organization) is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Standing.Halt.KEY, Standing.Halt.KEY),
        (Standing.Halt.GAP, Standing.Halt.GAP),
        (Standing.Halt.GAP, Standing.Halt.KEY),
        (Standing.Halt.GAP, Standing.Halt.FORBIDDEN),
        (Standing.Halt.KEY, Standing.Halt.FORBIDDEN),
    ],
)
def test_a_second_halt_says_nothing_more(
    desk: Desk, first: Standing.Halt, second: Standing.Halt
) -> None:
    halt(desk.organization, first, "first")
    halt(desk.organization, second, "second")

    assert (halted(desk.organization).halted_as, halted(desk.organization).because) == (
        first,
        "first",
    )
    assert Entry.objects.filter(action=Action.MERGING_HALTED).count() == 1


@pytest.mark.parametrize("before", [Standing.Halt.KEY, Standing.Halt.FORBIDDEN])
def test_a_gap_takes_the_place_of_any_other_halt(desk: Desk, before: Standing.Halt) -> None:
    halt(desk.organization, before, "refused")
    lost(desk, "contact_gone")

    check_memory(desk.organization)

    assert halted(desk.organization).halted_as == Standing.Halt.GAP
    assert "1 merge call was sent" in halted(desk.organization).because
    said = Entry.objects.filter(action=Action.MERGING_HALTED).order_by("number")
    assert [entry.facts["reason"] for entry in said] == [before, "gap"]


def test_to_go_on_after_a_refused_key_sends_nothing_into_a_gap(desk: Desk) -> None:
    request = desk.propose(actor(Role.OPERATOR))
    halt(desk.organization, Standing.Halt.KEY, "refused")
    lost(desk, request.sources.get().contact_id, primary=request.primary_contact_id)
    check_memory(desk.organization)

    go_on(desk.organization, by_user=actor(Role.APPROVER))

    desk.work()
    assert halted(desk.organization).looked_for
    assert desk.counters.merge_calls == 0


def test_a_key_that_is_still_refused_after_the_gap_halts_again(desk: Desk) -> None:
    desk.propose(actor(Role.OPERATOR))
    halt(desk.organization, Standing.Halt.KEY, "refused")
    lost(desk, "contact_gone")
    check_memory(desk.organization)
    go_on(desk.organization, by_user=actor(Role.APPROVER))
    assert look_when_wanted(desk.organization, client=desk.client)
    desk.faults.next_read(Fault.STATUS, read_status=401)

    desk.work()

    assert halted(desk.organization).halted_as == Standing.Halt.KEY
    assert desk.counters.merge_calls == 0


def test_an_old_database_executes_nothing_until_the_gap_is_looked_at(desk: Desk) -> None:
    kept, gone = (m.contact_id for m in desk.group().members.all())
    request = desk.propose(actor(Role.OPERATOR))
    desk.world.remove(gone)
    lost(desk, gone, primary=kept)

    check_memory(desk.organization)
    assert "1 merge call was sent" in halted(desk.organization).because
    assert desk.work() == 0
    assert look_when_wanted(desk.organization, client=desk.client) is False

    go_on(desk.organization, by_user=actor(Role.APPROVER))
    assert look_when_wanted(desk.organization, client=desk.client) is True

    assert halted(desk.organization) is None
    merged = MergedContact.objects.get()
    assert (merged.contact_id, merged.into_contact_id) == (gone, kept)
    entry = Entry.objects.get(action=Action.MERGE_RECOVERED)
    assert entry.facts["merged"] == [gone]
    assert gap(desk) == []
    desk.work()
    request.refresh_from_db()
    assert request.state == RequestState.STALE
    assert desk.counters.merge_calls == 0


def test_a_call_that_did_nothing_leaves_its_contacts_alone(desk: Desk) -> None:
    kept, live = (m.contact_id for m in desk.group().members.all())
    lost(desk, live, primary=kept)
    check_memory(desk.organization)
    go_on(desk.organization, by_user=actor(Role.APPROVER))

    look_when_wanted(desk.organization, client=desk.client)

    assert not MergedContact.objects.exists()
    assert Entry.objects.get(action=Action.MERGE_RECOVERED).facts["merged"] == []


def test_a_gap_can_not_be_looked_at_while_invent_is_away(desk: Desk) -> None:
    lost(desk, "contact_gone")
    check_memory(desk.organization)
    go_on(desk.organization, by_user=actor(Role.APPROVER))
    desk.faults.set(read=Fault.STATUS)

    with pytest.raises(InventError):
        look_when_wanted(desk.organization, client=desk.client)

    assert halted(desk.organization)


def test_a_look_that_fails_at_the_second_call_says_nothing_of_the_first(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or each round would say it again, in a history that nobody can shorten."""
    lost(desk, "contact_gone")
    lost(desk, desk.group().members.all()[0].contact_id)
    check_memory(desk.organization)
    go_on(desk.organization, by_user=actor(Role.APPROVER))
    gone = looking._gone

    def once(*about: Any) -> list[str]:
        found = gone(*about)
        desk.faults.set(read=Fault.STATUS)
        return found

    monkeypatch.setattr(looking, "_gone", once)

    with pytest.raises(InventError):
        look_when_wanted(desk.organization, client=desk.client)

    assert not Entry.objects.filter(action=Action.MERGE_RECOVERED).exists()


def test_of_two_workers_that_look_one_says_what_it_saw(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost(desk, "contact_gone")
    check_memory(desk.organization)
    go_on(desk.organization, by_user=actor(Role.APPROVER))
    gone, others = looking._gone, []

    def beside(*about: Any) -> list[str]:
        monkeypatch.setattr(looking, "_gone", gone)
        others.append(look_when_wanted(desk.organization, client=desk.client))
        return gone(*about)

    monkeypatch.setattr(looking, "_gone", beside)

    assert look_when_wanted(desk.organization, client=desk.client) is False
    assert others == [True]
    assert Entry.objects.filter(action=Action.MERGE_RECOVERED).count() == 1
    assert Entry.objects.filter(action=Action.MERGING_RESUMED).count() == 1


def test_the_journal_is_read_from_its_end_as_far_as_needed(desk: Desk) -> None:
    for number in range(2_000):
        lost(desk, f"contact_{number}", entry=1_000 + number)
    with journal.path().open("a") as file:
        file.write('{"entry": 5, "cut off')

    assert len(gap(desk)) == 2_000
    assert gap(desk)[0].sources == ("contact_0",)


def test_a_journal_of_before_lines_began_with_a_line_end_is_read(desk: Desk) -> None:
    lost(desk, "contact_gone")
    journal.path().write_text(journal.path().read_text().lstrip())

    assert sources_of(gap(desk)) == [("contact_gone",)]


def test_a_line_that_was_cut_off_leaves_the_next_one_readable(desk: Desk) -> None:
    lost(desk, "contact_first")
    whole = journal.path().read_text().strip()
    with journal.path().open("a") as file:
        file.write(whole[:-20])

    lost(desk, "contact_next", entry=901)

    assert sources_of(gap(desk)) == [("contact_first",), ("contact_next",)]


def test_a_line_waits_for_the_worker_of_another_machine_to_write_its_own(desk: Desk) -> None:
    lost(desk, "contact_first")
    with journal.path().open("a") as file, ThreadPoolExecutor(1) as thread:
        fcntl.flock(file, fcntl.LOCK_EX)
        waiting = thread.submit(lost, desk, "contact_next")
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.2)
        assert sources_of(gap(desk)) == [("contact_first",)]

        fcntl.flock(file, fcntl.LOCK_UN)
        waiting.result(timeout=30)
    assert sources_of(gap(desk)) == [("contact_first",), ("contact_next",)]


def test_a_gap_stays_while_another_organisation_looks_at_its_own(
    desk: Desk, other: Organization
) -> None:
    noted(other, "contact_of_others", entry=900, hash_of_entry="f" * 64)
    lost(desk, "contact_of_ours", entry=901)
    for organization in (desk.organization, other):
        check_memory(organization)
    go_on(desk.organization, by_user=actor(Role.APPROVER))
    assert look_when_wanted(desk.organization, client=desk.client)

    assert gap(desk) == []
    assert sources_of(journal.gap(other.pk)) == [("contact_of_others",)]


def test_a_gap_stays_while_another_organisation_goes_on(desk: Desk, other: Organization) -> None:
    lost(desk, "contact_gone")
    kept(other, "contact_of_others")

    check_memory(desk.organization)
    check_memory(other)

    assert sources_of(gap(desk)) == [("contact_gone",)]
    assert halted(desk.organization)
    assert halted(other) is None


def test_calls_that_were_noted_in_another_order_are_found(desk: Desk) -> None:
    lost(desk, "contact_later", entry=901)
    kept(desk.organization, "contact_earlier")

    assert sources_of(gap(desk)) == [("contact_later",)]


def test_what_has_been_looked_at_is_not_found_among_calls_made_since(desk: Desk) -> None:
    lost(desk, "contact_gone")
    check_memory(desk.organization)
    go_on(desk.organization, by_user=actor(Role.APPROVER))
    look_when_wanted(desk.organization, client=desk.client)
    kept(desk.organization, "contact_since")
    lost(desk, "contact_gone_too", entry=902)

    assert sources_of(gap(desk)) == [("contact_gone_too",)]


def test_a_journal_of_known_calls_is_read_no_further_than_lines_can_be_out_of_order(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "OUT_OF_ORDER", 10)
    lost(desk, "contact_before")
    for number in range(10):
        kept(desk.organization, f"contact_{number}")
    assert gap(desk) == []

    lost(desk, "contact_gone")
    assert sources_of(gap(desk)) == [("contact_before",), ("contact_gone",)]


def test_a_look_that_ends_before_its_halt_does_is_taken_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost(desk, "contact_gone")
    check_memory(desk.organization)
    go_on(desk.organization, by_user=actor(Role.APPROVER))
    note = journal.note

    def die(line: journal.Line) -> None:
        note(line)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(journal, "note", die)
        with pytest.raises(KeyboardInterrupt):
            look_when_wanted(desk.organization, client=desk.client)

    assert halted(desk.organization).looked_for
    assert sources_of(gap(desk)) == [("contact_gone",)]
    assert look_when_wanted(desk.organization, client=desk.client)
    assert gap(desk) == []


def test_a_worker_without_the_lines_does_not_end_the_halt(desk: Desk, settings, tmp_path) -> None:
    lost(desk, "contact_gone")
    check_memory(desk.organization)
    go_on(desk.organization, by_user=actor(Role.APPROVER))

    whole = settings.MERGE_JOURNAL
    settings.MERGE_JOURNAL = tmp_path / "of-another-host.jsonl"
    assert look_when_wanted(desk.organization, client=desk.client) is False
    assert halted(desk.organization).looked_for
    settings.MERGE_JOURNAL = whole
    assert look_when_wanted(desk.organization, client=desk.client)
    assert MergedContact.objects.get().contact_id == "contact_gone"


def test_a_halt_whose_journal_is_lost_for_good_can_be_ended(desk: Desk) -> None:
    lost(desk, "contact_gone")
    check_memory(desk.organization)
    journal.path().unlink()
    look = partial(look_when_wanted, desk.organization, client=desk.client, journal_lost=True)
    assert not look()  # not before somebody wants it

    go_on(desk.organization, by_user=actor(Role.APPROVER))
    assert not look_when_wanted(desk.organization, client=desk.client)
    assert look()
    assert halted(desk.organization) is None
    ended = Entry.objects.get(action=Action.MERGING_RESUMED)
    assert ended.personal["note"] == "0 calls looked at"


def test_a_journal_without_a_call_has_no_gap(desk: Desk) -> None:
    lost(desk, entry=900)
    assert gap(desk) == []

    journal.path().write_text("")
    assert gap(desk) == []


def test_a_journal_that_can_not_be_read_is_said(desk: Desk, settings) -> None:
    settings.MERGE_JOURNAL.mkdir()
    with pytest.raises(journal.JournalFailed, match="can't be read"):
        check_memory(desk.organization)
    settings.MERGE_JOURNAL.rmdir()


def test_a_history_that_is_shorter_than_its_anchor_halts(desk: Desk, settings, tmp_path) -> None:
    settings.AUDIT_ANCHOR = tmp_path / "anchor.json"
    check_memory(desk.organization)
    assert halted(desk.organization) is None

    Anchor(500, "e" * 64).save(settings.AUDIT_ANCHOR)
    check_memory(desk.organization)
    assert "no longer has entry 500" in halted(desk.organization).because

    go_on(desk.organization, by_user=actor(Role.APPROVER))
    look_when_wanted(desk.organization, client=desk.client)
    check_memory(desk.organization)
    assert halted(desk.organization) is None


def test_an_anchor_that_became_unreadable_keeps_nobody_from_going_on(
    desk: Desk, settings, tmp_path
) -> None:
    settings.AUDIT_ANCHOR = tmp_path / "anchor.json"
    halt(desk.organization, Standing.Halt.KEY, "refused")
    settings.AUDIT_ANCHOR.write_text("nonsense")

    go_on(desk.organization, by_user=actor(Role.APPROVER))

    assert halted(desk.organization) is None


def test_two_people_go_on_at_the_same_time(desk: Desk) -> None:
    halt(desk.organization, Standing.Halt.KEY, "refused")
    clear(desk.organization, Standing.Halt.KEY, by_user=actor(Role.APPROVER))

    with pytest.raises(Stale, match="go on already"):
        clear(desk.organization, Standing.Halt.KEY, by_user=actor(Role.APPROVER))


def test_an_anchor_that_holds_is_no_halt(desk: Desk, settings, tmp_path) -> None:
    settings.AUDIT_ANCHOR = tmp_path / "anchor.json"
    last = Entry.objects.latest("number")
    Anchor(last.number, last.hash).save(settings.AUDIT_ANCHOR)

    check_memory(desk.organization)

    assert halted(desk.organization) is None
