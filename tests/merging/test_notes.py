"""Notes: kept in the history alone, and whoever is mentioned is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeui.accounts.models import Membership, Organization, Role
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.describe import describe
from mergeui.audit.erase import erase
from mergeui.audit.lookup import entries
from mergeui.audit.models import Entry
from mergeui.audit.verify import verify
from mergeui.errors import Invalid, NotAllowed
from mergeui.merging.models import Notice
from mergeui.merging.notes import LONGEST, pieces, read, write
from tests.desk import Desk, actor, member
from tests.merging.stage import anas

TEAM = {"olga", "paula", "j.b.", "ana+x"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("@olga look", ["olga"]),
        ("look, @Olga.", ["olga"]),
        ("(@paula) and @olga, please", ["paula", "olga"]),
        ("@j.b. knows", ["j.b."]),
        ("ask @ana+x...", ["ana+x"]),
        ("write to ana@olga or @@olga", []),
        ("@ alone", []),
        ("@nobody. At all", ["nobody"]),
        ("@olga_2", ["olga_2"]),
        ("@...", []),
    ],
)
def test_who_is_mentioned(text: str, named: list[str]) -> None:
    assert [name for _, name in pieces(text, TEAM) if name] == named


@given(st.text(alphabet="@olgapu.+ -\n\u202e<", max_size=60))
def test_the_pieces_are_the_text(text: str) -> None:
    assert "".join(piece for piece, _ in pieces(text, TEAM)) == text


@pytest.fixture
def desk(db: None) -> Desk:
    return anas()


@pytest.fixture
def olga(desk: Desk) -> Membership:
    return member(Role.OPERATOR, name="olga")


@pytest.fixture
def paula(desk: Desk) -> Membership:
    return member(Role.APPROVER, name="paula")


def test_a_note_is_one_entry_and_tells_whom_it_mentions(
    desk: Desk, olga: Membership, paula: Membership
) -> None:
    group = desk.group()

    written = write(group, text=" @paula is she @olga's? @sam ", by_user=Actor.member(olga))

    entry = Entry.objects.get(action=Action.NOTE_WRITTEN)
    assert written.entry == entry
    assert written.unknown == ("sam",)
    assert entry.facts["mentioned"] == [paula.user_id]
    assert "paula" not in entry.facts_text
    assert "Note: “@paula is she @olga's? @sam”" in describe(entry)
    assert describe(entry).startswith(f"Olga wrote a note about group {group.pk} (Ana García")
    notice = Notice.objects.get()
    assert (notice.person, notice.entry, notice.group) == (paula.user, entry, group)
    assert list(entries(desk.organization, group=group.pk, action=Action.NOTE_WRITTEN)) == [entry]


def test_a_note_on_a_request_is_found_with_its_group(
    desk: Desk, olga: Membership, paula: Membership
) -> None:
    request = desk.propose(Actor.member(olga))

    write(request.group, text="@paula see?", by_user=Actor.member(olga), request=request)

    (entry,) = entries(desk.organization, group=request.group_id, action=Action.NOTE_WRITTEN)
    assert entry.subject == request.subject
    assert Notice.objects.get().request == request


def test_erasing_a_contact_erases_what_was_written_about_it(desk: Desk, olga: Membership) -> None:
    group = desk.group()
    write(group, text="her mother's number", by_user=Actor.member(olga))

    erase([group.primary_contact_id], by_user=desk.system)

    entry = Entry.objects.get(action=Action.NOTE_WRITTEN)
    assert entry.is_erased
    assert "mother" not in describe(entry)
    assert verify().broken is None


@pytest.mark.parametrize("text", ["", " \n ", "x" * (LONGEST + 1)])
def test_what_is_no_note(desk: Desk, olga: Membership, text: str) -> None:
    with pytest.raises(Invalid):
        write(desk.group(), text=text, by_user=Actor.member(olga))
    assert not Entry.objects.filter(action=Action.NOTE_WRITTEN).exists()


def test_a_viewer_writes_none(desk: Desk) -> None:
    with pytest.raises(NotAllowed):
        write(desk.group(), text="hello", by_user=actor(Role.VIEWER))


def test_nobody_of_another_team_and_nobody_who_left_is_told(desk: Desk, olga: Membership) -> None:
    other = Organization.objects.create(invent_org_id="org_other", name="Others")
    member(Role.ADMIN, other, name="sam")
    gone = member(Role.ADMIN, name="gone").user
    gone.is_active = False
    gone.save()

    written = write(desk.group(), text="@sam @gone", by_user=Actor.member(olga))

    assert written.unknown == ("sam", "gone")
    assert not Notice.objects.exists()


def test_everybody_reads_what_is_their_own(desk: Desk, olga: Membership, paula: Membership) -> None:
    for _ in range(2):
        write(desk.group(), text="@paula look", by_user=Actor.member(olga))
    first, second = Notice.objects.order_by("pk")

    assert read(olga, [first.pk]) == 0
    assert read(paula, [first.pk]) == 1
    assert read(paula, [first.pk]) == 0
    assert list(Notice.objects.unread_by(paula)) == [second]
    assert read(paula) == 1
    assert str(second) == "Mentioned: paula"
