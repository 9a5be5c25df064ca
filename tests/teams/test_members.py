"""Who belongs to a team: invited, changed, switched off and on."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mergeui.accounts.models import Invitation, Membership, Organization, Role, User
from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.describe import describe
from mergeui.audit.models import Entry
from mergeui.errors import Invalid, NotAllowed, Stale
from mergeui.teams import members
from tests.desk import member

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Membership:
    return member(Role.ADMIN, name="ada")


@pytest.fixture
def team(admin: Membership) -> Organization:
    return admin.organization


def act(somebody: Membership) -> Actor:
    return Actor.member(somebody)


def last() -> str:
    return describe(Entry.objects.select_related("payload").latest("number"))


def invited(admin: Membership, role: str = "approver") -> str:
    return members.invite(admin.organization, role=role, label=" New  one ", by_user=act(admin))


def test_a_link_is_made_and_only_its_hash_is_kept(admin: Membership) -> None:
    token = invited(admin)

    kept = Invitation.objects.get()
    assert (kept.label, kept.role, kept.state) == ("New one", Role.APPROVER, "open")
    assert token not in str(vars(kept))
    assert members.invited_by(token) == kept
    assert last() == "Ada made a link that invites the user New one as approver."


def test_somebody_new_joins_by_it_once(admin: Membership, team: Organization) -> None:
    token = invited(admin)
    invitation = members.invited_by(token)
    assert invitation
    members.accept(invitation, members.new_user("nora", "a long enough password"))

    nora = Membership.objects.get(user__username="nora")
    assert (nora.organization, nora.role, nora.user.works_in) == (team, Role.APPROVER, team)
    assert nora.user.check_password("a long enough password")
    assert last() == "Nora joined by an invitation as approver."
    assert members.invited_by(token) is None
    with pytest.raises(Stale):
        members.accept(invitation, members.new_user("otto", "a long enough password"))
    assert not User.objects.filter(username="otto").exists()


def test_somebody_of_another_team_joins_as_who_they_are(admin: Membership) -> None:
    others = Organization.objects.create(invent_org_id="org_other", name="Others")
    theirs = member(Role.ADMIN, others)
    invitation = members.invited_by(invited(admin))
    assert invitation
    members.accept(invitation, theirs.user)

    assert theirs.user.memberships.count() == 2
    again = members.invited_by(invited(admin))
    assert again
    with pytest.raises(Invalid, match="belong to this team already"):
        members.accept(again, theirs.user)
    again.refresh_from_db()
    assert again.state == Invitation.State.OPEN


def test_an_old_link_and_a_withdrawn_one_are_no_use(admin: Membership) -> None:
    old = invited(admin)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert members.invited_by(old) is None

    token = invited(admin)
    invitation = members.invited_by(token)
    assert invitation
    members.withdraw(invitation, by_user=act(admin))
    assert members.invited_by(token) is None
    assert last() == "Ada withdrew the invitation of the user New one."
    with pytest.raises(Stale):
        members.withdraw(Invitation.objects.get(pk=invitation.pk), by_user=act(admin))


@pytest.mark.parametrize("how", ["switched off", "demoted"])
def test_nor_is_one_of_somebody_who_is_no_admin_any_more(admin: Membership, how: str) -> None:
    token, rosa = invited(admin, "admin"), member(Role.ADMIN, name="rosa")
    if how == "demoted":
        members.change(admin, role="viewer", may_break_glass=False, by_user=act(rosa))
    else:
        members.disable(admin, by_user=act(rosa))

    assert members.invited_by(token) is None
    assert not Invitation.objects.usable().exists()
    assert members.invited_by(invited(rosa)) is not None


@pytest.mark.parametrize(
    ("role", "label"), [("approver", " "), ("approver", "x" * 101), ("god", "Somebody")]
)
def test_an_invitation_says_whom_and_as_what(admin: Membership, role: str, label: str) -> None:
    with pytest.raises(Invalid):
        members.invite(admin.organization, role=role, label=label, by_user=act(admin))
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(
    ("name", "password", "sentence"),
    [
        ("nora", "short", "at least 12"),
        ("nora", "1q2w3e4r5t6y7u8i9o0p", "too common"),
        ("a b", "a long enough password", "valid username"),
        ("", "a long enough password", "blank"),
        ("ADA", "a long enough password", "sign in and open the link again"),
    ],
)
def test_a_name_and_a_password_have_to_be_good(
    admin: Membership, name: str, password: str, sentence: str
) -> None:
    with pytest.raises(Invalid, match=sentence):
        members.new_user(name, password)


def test_a_role_is_changed(admin: Membership) -> None:
    olga = member(Role.OPERATOR, name="olga")
    members.change(olga, role="approver", may_break_glass=True, by_user=act(admin))

    olga.refresh_from_db()
    assert (olga.role, olga.may_break_glass) == (Role.APPROVER, True)
    assert last() == (
        "Ada changed what the user olga may do here as approver, who may break the glass."
    )


def test_nobody_gives_themselves_what_lets_them_act_alone(admin: Membership) -> None:
    with pytest.raises(NotAllowed, match="Another admin"):
        members.change(admin, role="admin", may_break_glass=True, by_user=act(admin))

    members.change(admin, role="admin", may_break_glass=True, by_user=act(member(Role.ADMIN)))
    members.change(admin, role="admin", may_break_glass=True, by_user=act(admin))  # has it


def test_a_team_keeps_an_admin(admin: Membership) -> None:
    with pytest.raises(Invalid, match="needs an admin"):
        members.change(admin, role="viewer", may_break_glass=False, by_user=act(admin))

    second = member(Role.ADMIN)
    User.objects.filter(pk=second.user_id).update(is_active=False)
    with pytest.raises(Invalid, match="needs an admin"):
        members.change(admin, role="viewer", may_break_glass=False, by_user=act(admin))


def test_a_role_that_is_none_is_refused(admin: Membership) -> None:
    with pytest.raises(Invalid):
        members.change(member(Role.VIEWER), role="", may_break_glass=False, by_user=act(admin))


def test_of_two_admins_the_second_is_told(admin: Membership) -> None:
    olga = member(Role.OPERATOR)
    as_read = Membership.objects.get(pk=olga.pk)
    members.change(olga, role="viewer", may_break_glass=False, by_user=act(admin))
    with pytest.raises(Stale):
        members.change(as_read, role="admin", may_break_glass=False, by_user=act(admin))
    with pytest.raises(Stale):
        members.disable(as_read, by_user=act(admin))


def test_switched_off_in_the_only_team_the_account_is_off(admin: Membership) -> None:
    olga = member(Role.OPERATOR, name="olga")
    members.disable(olga, by_user=act(admin))

    olga = Membership.objects.get(pk=olga.pk)
    assert not olga.user.is_active
    assert last() == "Ada switched off the user olga."
    members.enable(olga, by_user=act(admin))
    olga = Membership.objects.get(pk=olga.pk)
    assert (olga.user.is_active, olga.disabled_at) == (True, None)
    assert last() == "Ada switched on the user olga again as operator."


def test_switched_off_in_one_team_the_other_stays(admin: Membership) -> None:
    olga = member(Role.OPERATOR)
    others = Organization.objects.create(invent_org_id="org_other", name="Others")
    Membership.objects.create(user=olga.user, organization=others, role=Role.ADMIN)
    members.disable(olga, by_user=act(admin))

    assert User.objects.get(pk=olga.user_id).is_active
    assert list(Membership.objects.active().filter(user=olga.user_id)) == [
        Membership.objects.get(organization=others)
    ]


def test_nobody_locks_themselves_out(admin: Membership) -> None:
    with pytest.raises(NotAllowed, match="lock yourself out"):
        members.disable(admin, by_user=act(admin))


def test_it_is_for_admins(admin: Membership) -> None:
    approver = act(member(Role.APPROVER))
    invitation = members.invited_by(invited(admin))
    assert invitation
    olga = member(Role.OPERATOR)
    for attempt in (
        lambda: members.invite(admin.organization, role="admin", label="Me", by_user=approver),
        lambda: members.withdraw(invitation, by_user=approver),
        lambda: members.change(olga, role="viewer", may_break_glass=False, by_user=approver),
        lambda: members.disable(olga, by_user=approver),
        lambda: members.enable(olga, by_user=approver),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    assert Entry.objects.latest("number").action == Action.INVITED
