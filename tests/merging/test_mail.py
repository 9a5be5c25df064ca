"""E-mail: one digest a person, with counts and a link, and nothing lost when the server is away."""

import logging
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused, SMTPResponseException
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.utils import timezone

from mergeui.accounts.models import Membership, Organization, Role, User
from mergeui.audit.actor import Actor
from mergeui.merging.approval import approve, expire, reject
from mergeui.merging.mail import MOST_TRIES, due, send_due, written
from mergeui.merging.models import Mailbox, MergeRequest, Notice, ReadBack
from mergeui.merging.notes import read, write
from mergeui.review.models import Group
from mergeui.teams import policy
from tests.contacts import contact, whatsapp
from tests.desk import Desk, member
from tests.merging.stage import copies

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _mail(settings: Any) -> None:
    settings.NOTIFY_BY_EMAIL = True
    settings.DESK_URL = "https://desk.example.com"
    settings.DEFAULT_FROM_EMAIL = "Merge desk <desk@example.com>"
    settings.MERGE_FOUR_EYES = "always"


@pytest.fixture
def desk() -> Desk:
    """Three Anas, each twice."""
    phones = [whatsapp(f"+1555010{n}") for n in range(3)]
    desk = Desk(*[contact(f"Ana Secret {n}", p) for n, p in enumerate(phones) for _ in (1, 2)])
    desk.sync()
    return desk


def test_an_admin_is_told_of_a_looser_policy_that_waits(desk: Desk) -> None:
    ada, bea = person(Role.ADMIN, "ada"), person(Role.ADMIN, "bea")
    wanted = policy.columns_of(desk.organization) | {"single_operator": True}
    policy.change(desk.organization, wanted, by_user=Actor.member(ada))
    Notice.objects.update(at=timezone.now() - timedelta(minutes=2))

    assert send_due(desk.organization) == 1
    assert mail.outbox[0].to == [bea.user.email]
    assert mail.outbox[0].subject == "A looser policy waits for a second admin"


def person(role: Role, name: str, address: str = "") -> Membership:
    membership = member(role, name=name)
    membership.user.email = address or f"{name}@example.com"
    membership.user.save()
    return membership


@pytest.fixture
def olga(desk: Desk) -> Membership:
    return person(Role.OPERATOR, "olga")


@pytest.fixture
def paula(desk: Desk) -> Membership:
    return person(Role.APPROVER, "paula")


def later(**span: float) -> None:
    """Lets time pass for all that may be told."""
    back = timedelta(**span)
    for request in MergeRequest.objects.all():
        MergeRequest.objects.filter(pk=request.pk).update(
            proposed_at=request.proposed_at - back, expires_at=request.expires_at - back
        )
    for notice in Notice.objects.all():
        Notice.objects.filter(pk=notice.pk).update(at=notice.at - back)
    for box in Mailbox.objects.all():
        Mailbox.objects.filter(pk=box.pk).update(next_at=box.next_at - back)


def asked(desk: Desk, by: Membership, count: int = 3) -> list[MergeRequest]:
    groups = Group.objects.filter(state="open").order_by("pk")[:count]
    return [desk.propose(Actor.member(by), group) for group in groups]


def took_more(request: MergeRequest, at: datetime) -> None:
    """It merged a contact that nobody had asked for."""
    ended = {"state": "partial", "finished_at": at, "needs_approval": False}
    MergeRequest.objects.filter(pk=request.pk).update(**ended)
    call = {"number": 1, "state": "partial", "source_ids": [], "call": {}, "started_at": at}
    request.attempts.create(**call, unasked=["stranger"])


def test_what_waits_is_one_mail_with_a_count_and_a_link(
    desk: Desk, olga: Membership, paula: Membership
) -> None:
    person(Role.VIEWER, "vera")
    member(Role.ADMIN, name="without-address")
    asked(desk, olga)
    assert send_due(desk.organization) == 0  # still gathering

    later(minutes=1)
    assert send_due(desk.organization) == 1

    (sent,) = mail.outbox
    assert sent.to == ["paula@example.com"]
    assert sent.from_email == "Merge desk <desk@example.com>"
    assert sent.subject == "3 merges wait for your approval"
    assert sent.body.splitlines() == [
        "3 merges wait for your approval. The first one expires in 6 days.",
        "",
        "https://desk.example.com/requests/",
        "",
        "This mail names nobody on purpose: what it is about is behind the link. You get one in 30"
        " minutes at most; your settings on the desk have the address.",
    ]
    assert sent.extra_headers == {"Auto-Submitted": "auto-generated"}
    assert "Secret" not in sent.message().as_string()


def test_who_is_in_several_teams_is_told_which_it_is_about(
    desk: Desk, olga: Membership, paula: Membership
) -> None:
    hats = Organization.objects.create(name="Hats", invent_org_id="hats")
    Membership.objects.create(user=paula.user, organization=hats, role=Role.APPROVER)
    User.objects.filter(pk=paula.user_id).update(works_in=hats)
    desk.propose(Actor.member(olga), Group.objects.earliest("pk"))
    later(minutes=2)

    assert send_due(desk.organization) == 1
    assert "This is about My team: if the desk shows you another one" in mail.outbox[0].body


def test_nobody_is_told_twice_and_the_next_mail_waits(
    desk: Desk, olga: Membership, paula: Membership
) -> None:
    asked(desk, olga, 1)
    later(minutes=2)
    assert send_due(desk.organization) == 1
    asked(desk, olga, 1)

    later(minutes=25)
    assert send_due(desk.organization) == 0
    later(minutes=6)
    assert send_due(desk.organization) == 1
    assert mail.outbox[-1].subject == "2 merges wait for your approval"
    later(hours=5)
    assert send_due(desk.organization) == 0


def test_what_is_decided_or_read_in_time_is_not_mailed(
    desk: Desk, olga: Membership, paula: Membership
) -> None:
    (request,) = asked(desk, olga, 1)
    write(request.group, text="@paula look", by_user=Actor.member(olga))
    approve(request, by_user=Actor.member(paula))
    read(paula)
    later(minutes=5)

    assert send_due(desk.organization) == 0
    assert mail.outbox == []


def test_a_rejection_and_mentions_come_together(
    desk: Desk, olga: Membership, paula: Membership
) -> None:
    (request,) = asked(desk, olga, 1)
    reject(request, by_user=Actor.member(paula), note="two secret sisters")
    for _ in (1, 2):
        write(request.group, text="@olga see my secret", by_user=Actor.member(paula))
    later(minutes=5)

    assert send_due(desk.organization) == 1

    (sent,) = mail.outbox
    assert sent.subject == "1 merge that you asked for was rejected"
    assert "You were mentioned in 2 notes." in sent.body
    assert "secret" not in sent.body
    assert not Notice.objects.filter(mailed_at=None).exists()
    later(days=1)
    assert send_due(desk.organization) == 0


def test_whoever_asked_is_told_of_what_expired(desk: Desk, olga: Membership) -> None:
    asked(desk, olga, 2)
    later(days=8)
    expire(now=timezone.now())
    later(minutes=5)

    assert send_due(desk.organization) == 1
    assert mail.outbox[0].subject == "2 merges that you asked for expired"


def unclear(desk: Desk, requests: list[MergeRequest]) -> None:
    """What became of these the desk can't find out: it has looked, and hands them over."""
    found = MergeRequest.objects.filter(pk__in=[one.pk for one in requests])
    found.update(state="conflict", needs_approval=False)
    for one in requests:
        ReadBack.objects.create(request=one, at=timezone.now(), verdict="unclear", evidence=[])


def test_what_needs_a_person_is_named_by_its_number(
    desk: Desk, olga: Membership, paula: Membership
) -> None:
    vera = person(Role.ADMIN, "vera")
    requests = asked(desk, olga)
    later(minutes=2)
    assert send_due(desk.organization) == 2
    unclear(desk, requests[:2])
    later(minutes=31)
    assert send_due(desk.organization) == 0  # still gathering

    ReadBack.objects.update(at=timezone.now() - timedelta(minutes=2))
    assert send_due(desk.organization) == 2

    assert {one.to[0] for one in mail.outbox[-2:]} == {paula.user.email, vera.user.email}
    sent = mail.outbox[-1]
    first, second = requests[0].pk, requests[1].pk
    assert sent.subject == f"2 merges need a person: requests {first}, {second}"
    assert "1 merge waits for your approval." in sent.body
    assert "Secret" not in sent.message().as_string()
    later(days=1)
    assert send_due(desk.organization) == 0


def test_whoever_was_told_is_told_again_of_the_next_one(
    desk: Desk, olga: Membership, paula: Membership
) -> None:
    one, two, _ = asked(desk, olga)
    unclear(desk, [two])
    ReadBack.objects.update(at=timezone.now() - timedelta(minutes=2))
    assert send_due(desk.organization) == 1
    unclear(desk, [one])
    ReadBack.objects.update(at=timezone.now() - timedelta(minutes=2))
    later(minutes=31)

    assert send_due(desk.organization) == 1
    assert mail.outbox[-1].subject == f"2 merges need a person: requests {one.pk}, {two.pk}"


def test_a_merge_that_took_more_is_named_by_its_number(
    desk: Desk, olga: Membership, paula: Membership
) -> None:
    one, two, old = asked(desk, olga)
    MergeRequest.objects.update(state="rejected")
    for request, days in ((one, 0), (old, 8)):
        took_more(request, timezone.now() - timedelta(days=days, minutes=2))

    assert send_due(desk.organization) == 1
    assert mail.outbox[-1].to == [paula.user.email]
    first = f"1 merge took more than was asked for: request {one.pk}"
    assert mail.outbox[-1].subject == first
    later(minutes=31)
    assert send_due(desk.organization) == 0

    took_more(two, timezone.now() - timedelta(minutes=2))
    assert send_due(desk.organization) == 1
    assert mail.outbox[-1].subject == (
        f"2 merges took more than was asked for: requests {one.pk}, {two.pk}"
    )
    assert "Secret" not in mail.outbox[-1].message().as_string()


def test_what_somebody_has_settled_is_not_mailed(
    desk: Desk, olga: Membership, paula: Membership
) -> None:
    unclear(desk, asked(desk, olga, 1))
    MergeRequest.objects.update(state="not_applied")
    ReadBack.objects.update(at=timezone.now() - timedelta(minutes=2))

    assert send_due(desk.organization) == 0


def test_of_many_that_need_a_person_some_are_named(
    desk: Desk, olga: Membership, paula: Membership
) -> None:
    requests = asked(desk, olga, 1)
    copies(requests[0], [{}] * 11)
    unclear(desk, list(MergeRequest.objects.all()))
    first = requests[0].pk
    named = ", ".join(str(first + n) for n in range(10))

    letter = written(paula, timezone.now())

    assert letter.subject == f"12 merges need a person: requests {named}…"


def test_what_expires_today_is_said_and_what_is_old_is_let_go(
    desk: Desk, olga: Membership, paula: Membership
) -> None:
    (request,) = asked(desk, olga, 1)
    write(request.group, text="@olga hello", by_user=Actor.member(paula))
    later(days=6, hours=3)
    assert "The first one expires today." in written(paula, timezone.now()).body
    later(days=1)

    assert list(due(desk.organization, timezone.now())) == []
    assert written(paula, timezone.now()) is None


def test_in_the_language_of_the_person(desk: Desk, olga: Membership, paula: Membership) -> None:
    paula.user.language = "es"
    paula.user.save()
    asked(desk, olga, 2)
    later(minutes=2)
    send_due(desk.organization)

    assert "aprobación" in mail.outbox[0].subject
    later(days=6)
    assert "La primera caduca hoy." in written(paula, timezone.now()).body


def test_only_who_is_there_in_this_organisation(desk: Desk, olga: Membership) -> None:
    gone = person(Role.APPROVER, "gone").user
    gone.is_active = False
    gone.save()
    other = Organization.objects.create(invent_org_id="org_other", name="Others")
    stranger = member(Role.APPROVER, other, name="sam").user
    stranger.email = "sam@example.com"
    stranger.save()
    asked(desk, olga, 1)
    later(minutes=2)

    assert send_due(desk.organization) == 0
    assert send_due(other) == 0


class Failing(EmailBackend):
    """A mail server that answers as the test wants."""

    error: Exception | None = None
    in_transaction = False

    def send_messages(self, messages: Any) -> int:
        Failing.in_transaction = connection.in_atomic_block and not _of_the_test()
        if Failing.error:
            raise Failing.error
        return super().send_messages(messages)


def _of_the_test() -> bool:
    """The test's own transaction is around everything; a savepoint would be one of the code's."""
    return not connection.savepoint_ids


@pytest.fixture
def failing(settings: Any) -> type[Failing]:
    settings.EMAIL_BACKEND = f"{Failing.__module__}.{Failing.__qualname__}"
    Failing.error = None
    return Failing


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SMTPRecipientsRefused({"paula@example.com": (550, b"no")}), "SMTPRecipientsRefused"),
        (SMTPResponseException(535, b"key hunter2 is wrong"), "SMTPResponseException 535"),
        (ConnectionRefusedError("smtp.example.com"), "ConnectionRefusedError"),
        (ValueError("paula@example.com\n"), "ValueError"),
    ],
)
def test_a_failure_is_logged_without_secrets_and_tried_again(
    desk: Desk,
    olga: Membership,
    paula: Membership,
    failing: type[Failing],
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    said: str,
) -> None:
    asked(desk, olga, 1)
    later(minutes=2)
    failing.error = error

    with caplog.at_level(logging.WARNING):
        assert send_due(desk.organization) == 0

    assert f"The e-mail to member {paula.pk} was not sent ({said}), try 1 of 12." in caplog.text
    assert not {"hunter2", "paula@example.com", "smtp.example.com"} & set(caplog.text.split())
    assert send_due(desk.organization) == 0
    assert len(caplog.records) == 1  # it waits before it tries again
    failing.error = None
    later(minutes=1.1)
    assert send_due(desk.organization) == 1
    assert not failing.in_transaction
    assert Mailbox.objects.get().tries == 0


def test_after_the_last_try_a_mail_is_let_go(
    desk: Desk, olga: Membership, paula: Membership, failing: type[Failing]
) -> None:
    requests = asked(desk, olga, 1)
    write(requests[0].group, text="@paula hello", by_user=Actor.member(olga))
    failing.error = OSError()
    waits = []
    later(minutes=2)
    for _ in range(MOST_TRIES):
        before = timezone.now()
        Mailbox.objects.update(next_at=before)
        assert send_due(desk.organization) == 0
        waits.append(round((Mailbox.objects.get().next_at - before) / timedelta(minutes=1)))

    assert waits == [1, 2, 4, 8, 16, 32, 64, 120, 120, 120, 120, 30]
    failing.error = None
    later(minutes=45)
    assert send_due(desk.organization) == 0
    assert not Notice.objects.filter(mailed_at=None).exists()


def test_two_workers_send_one_mail(
    desk: Desk, olga: Membership, paula: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(desk, olga, 1)
    later(minutes=2)
    both = [list(due(desk.organization, timezone.now())) for _ in (1, 2)]

    for members in both:
        monkeypatch.setattr("mergeui.merging.mail.due", lambda *_, found=members: found)
        send_due(desk.organization)

    assert len(mail.outbox) == 1


def test_who_has_read_everything_by_then_gets_none(
    desk: Desk, olga: Membership, paula: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    (request,) = asked(desk, olga, 1)
    later(minutes=2)
    members = list(due(desk.organization, timezone.now()))
    approve(request, by_user=Actor.member(paula))
    monkeypatch.setattr("mergeui.merging.mail.due", lambda *_: members)

    assert send_due(desk.organization) == 0
    assert Mailbox.objects.get().next_at <= timezone.now()
    assert str(Mailbox.objects.get()) == "Mailbox of paula (Approver)"


def test_a_worker_that_is_to_end_sends_no_more(
    desk: Desk, olga: Membership, paula: Membership
) -> None:
    asked(desk, olga, 1)
    later(minutes=2)

    assert send_due(desk.organization, go_on=lambda: False) == 0


def test_a_look_is_one_query(
    desk: Desk, olga: Membership, paula: Membership, django_assert_num_queries: Any
) -> None:
    asked(desk, olga, 1)
    with django_assert_num_queries(1):
        send_due(desk.organization)
