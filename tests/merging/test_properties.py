"""What holds for every input: what is sent is what was ticked, and nothing that Invent may say
breaks the desk."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mergeui.accounts.models import Role
from mergeui.audit.verify import verify
from mergeui.errors import Problem
from mergeui.invent import Contact, InventClient, InventError
from mergeui.merging.plan import differences, predict
from mergeui.review.compare import compare
from mergeui.review.digest import digest
from mergeui.review.models import Group, SyncRun
from mergeui.review.risk import cautions
from mergeui.review.seen import changes
from mergeui.review.sync import SyncFailed, request_sync, sync
from mergeui.sandbox.http import Reply
from tests.contacts import channel, contact, email, segment, whatsapp
from tests.desk import Desk, actor
from tests.invent.speaker import answer, speaking
from tests.merging.stage import PHONE, mirrored

pytestmark = pytest.mark.django_db

shared_fixtures = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@contextmanager
def as_before() -> Iterator[None]:
    """Leaves the database as it was; no `atomic`, in which an attempt refuses to be written."""
    before = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(before)


# Any choice

ODD_IDS = ["a/b", "..", "with space", "ünïcode", "x" * 200, "%2e%2e", "a?b#c", "\u202eid", "a\nb"]
IDS = st.one_of(st.sampled_from(ODD_IDS), st.text(min_size=1, max_size=12))
ANYTHING = st.one_of(IDS, st.text(max_size=5), st.just("contact_of_others"))


@st.composite
def choices(draw: st.DrawFn) -> tuple[list[str], str, list[str]]:
    """The ids of a group, a primary and sources: of the group or not, repeated or not."""
    members = draw(st.lists(IDS, min_size=2, max_size=6, unique=True))
    one = st.one_of(st.sampled_from(members), st.sampled_from(members), ANYTHING)
    return members, draw(one), draw(st.lists(one, max_size=7))


@given(choices())
@example((["a", "b"], "a", ["b"]))
@example((["a", "b"], "a", ["a"]))
@example((["a", "b"], "a", []))
@example((["a", "b"], "", ["b"]))
@example((["a", "b"], "a", ["b", "b"]))
@example((["a/b", "c"], "c", ["a/b"]))
@settings(max_examples=60, parent=shared_fixtures)
def test_any_choice_sends_exactly_what_was_ticked_or_nothing(
    choice: tuple[list[str], str, list[str]],
) -> None:
    members, primary, sources = choice
    with as_before():
        try:
            raw = [contact("Ana", PHONE, id=one) for one in members]
            [Contact.parse(one) for one in raw]
        except InventError:
            return
        desk = Desk(*raw)
        group = mirrored(desk, raw)
        before = set(desk.world.main)
        try:
            desk.propose(actor(Role.OPERATOR), group, primary_id=primary, source_ids=sources)
        except Problem:
            assert desk.work() == 0
        else:
            desk.work()
        _sent_as_ticked(desk, before, primary, sources)
        assert verify().broken is None


def _sent_as_ticked(desk: Desk, before: set[str], primary: str, sources: list[str]) -> None:
    assert desk.counters.hazard_calls == 0
    if not desk.counters.merges:
        assert set(desk.world.main) == before
        return
    [(asked, body)] = desk.counters.merges
    assert asked == primary
    assert json.loads(body) == {"source_contact_ids": sources}
    assert before - set(desk.world.main) == set(sources)


# Anything that Invent may say

TEXT = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["\0", "\ud800", "\u202e", " ", "+15550101", "ana@example.com", "٣", "ﷺ" * 30]),
)
NUMBER = st.one_of(st.integers(), st.floats(), st.just(10**40))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBER, TEXT),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
MAYBE = st.one_of(TEXT, st.none(), JSON)
FEW_IDS = st.one_of(st.sampled_from(["a", "b", "c", "i" * 200, "i" * 201]), TEXT)
MOMENT = st.sampled_from(["2024-05-03T10:00:00Z", "0001-01-01T00:00:00+14:00", "never", None, 5])


def shape(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object with an id, any of these, and something new."""
    more = {"something_new": JSON, **fields}
    return st.fixed_dictionaries({"id": FEW_IDS}, optional=more)


CHANNELS = st.lists(
    shape(
        type=st.sampled_from(["gmail", "internal", "pigeon", "t" * 150, "", None]),
        user_id=MAYBE,
        name=MAYBE,
        username=MAYBE,
        email=MAYBE,
        phone=MAYBE,
        link=MAYBE,
    ),
    max_size=3,
)
SEGMENTS = st.lists(shape(name=MAYBE, color=MAYBE, contacts_count=MAYBE), max_size=3)
CONTACTS = shape(
    name=MAYBE,
    blocked=st.sampled_from([True, False, None, "false"]),
    unsubscribed=st.sampled_from([True, False, None, 1]),
    is_admin=st.booleans(),
    channels=CHANNELS | JSON,
    segments=SEGMENTS | JSON,
    created_at=MOMENT,
    updated_at=MOMENT,
    blocked_at=MOMENT,
    unsubscribed_at=MOMENT,
    unsubscribe_reason=MAYBE,
)
GROUPS = st.fixed_dictionaries(
    {}, optional={"primary": CONTACTS, "duplicates": st.lists(CONTACTS, max_size=3), "id": JSON}
)
BODIES = st.one_of(st.lists(GROUPS, max_size=4), st.lists(GROUPS | JSON, max_size=4), JSON)


@given(BODIES)
@example([{"primary": {"id": "a"}, "duplicates": [{"id": "a"}, {"id": "b"}, {"id": "b"}]}])
@settings(max_examples=120, parent=shared_fixtures)
def test_any_json_is_mirrored_or_refused(body: Any) -> None:
    said = json.dumps(body).encode()
    with as_before():
        desk = Desk()
        _answers(desk, said)
        run = request_sync(desk.organization, by_user=desk.system)
        try:
            sync(run, client=desk.client, by_user=desk.system)
        except SyncFailed:
            assert SyncRun.objects.get(pk=run.pk).error.startswith("Invent could not be read")
            assert not Group.objects.exists()
        for group in Group.objects.all():
            members = [Contact.parse(member.raw) for member in group.members.all()]
            assert len({member.id for member in members}) == len(members) > 1
            _survives(members)


def _answers(desk: Desk, said: bytes) -> None:
    """Every read is answered with this."""
    desk.sandbox._read = lambda *request: Reply(200, said)  # type: ignore[method-assign]


def _survives(contacts: list[Contact]) -> None:
    """All that is worked out from contacts, whatever they are."""
    digest(contacts)
    cautions(contacts)
    assert all(len(row.cells) == len(contacts) for row in compare(contacts).rows)
    primary, *sources = contacts
    assert predict(primary, sources).as_json()
    differences(primary, sources, sources[0] if sources else primary)
    now = dict(zip([c.id for c in contacts], [*contacts[1:], None], strict=True))
    assert changes(contacts, now)


@pytest.mark.one_database
@given(st.lists(CONTACTS, min_size=1, max_size=4))
@settings(max_examples=150)
def test_whatever_a_contact_is_everything_can_be_worked_out(raw: list[dict[str, Any]]) -> None:
    try:
        contacts = [Contact.parse(one) for one in raw]
    except InventError:
        return
    _survives(contacts)


MEGABYTE = 1024 * 1024


@pytest.mark.one_database
@pytest.mark.parametrize(
    "raw",
    [
        [contact("W" * MEGABYTE, PHONE), contact("V" * MEGABYTE, PHONE)],
        [contact("\u202e" * MEGABYTE, PHONE), contact("a b " * (MEGABYTE // 4), PHONE)],
        [contact("ﷺ" * MEGABYTE, PHONE), contact("ab " * (MEGABYTE // 3) + "c", PHONE)],
        [
            contact("Ana", *[whatsapp(f"+1555{n:07}") for n in range(3_000)]),
            contact("Ana", *[email(f"{n}@example.com") for n in range(3_000)], PHONE),
            contact("Ana", *[channel("internal", str(n)) for n in range(3_000)]),
        ],
        [contact("Ana", PHONE, segments=[segment("\u202e" * MEGABYTE)]), contact("Ana", PHONE)],
        [contact(f"Ana {n}", PHONE) for n in range(300)],
        [contact("Ana", email("é" * MEGABYTE)), contact("Ana", email("é" * MEGABYTE))],
    ],
    ids=["long", "hidden", "growing", "channels", "segment", "crowd", "address"],
)
def test_the_largest_contacts_take_seconds_at_most(raw: list[dict[str, Any]]) -> None:
    contacts = [Contact.parse(one) for one in raw]
    # Its own time, not that of whatever else the machine does.
    begun = time.process_time()
    _survives(contacts)
    assert time.process_time() - begun < 10


def test_what_speaks_no_json_at_all_is_refused() -> None:
    desk = Desk()
    with (
        speaking(answer(200, b"[" * 5_000)) as heard,
        InventClient(heard.url, "a-key", sleep=desk.waits.append) as desk.client,
        pytest.raises(SyncFailed),
    ):
        desk.sync()
