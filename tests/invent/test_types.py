"""Reading the vendor's shapes (invent-api.md, Shapes): tolerant, but never guessing."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeui.invent import Channel, Contact, DuplicateGroup, Malformed, MergeResult, Segment
from mergeui.sandbox import seed
from tests.invent.people import channel, contact, segment


def test_a_documented_contact_is_read_whole():
    ana = Contact.parse(contact())
    assert (ana.id, ana.name, ana.blocked, ana.unsubscribed) == (
        "contact_1",
        "Ana García",
        False,
        True,
    )
    assert ana.unsubscribed_at == datetime(2023, 11, 7, 5, 31, 56, 500_000, tzinfo=UTC)
    assert ana.channels[0].phone == "+15550100"
    assert ana.channels[0].created_at == ana.created_at
    assert ana.channels[0].updated_at == datetime(2023, 11, 7, 5, 31, 56, 123_456, tzinfo=UTC)
    assert ana.segments[0].color == "red"
    assert ana.segments[0].contacts_count == 123
    assert ana.raw == contact()


def test_only_the_id_is_needed():
    bare = Contact.parse({"id": "contact_1"})
    assert bare.name is None
    assert bare.blocked is False
    assert bare.unsubscribed is None
    assert bare.channels == bare.segments == ()
    assert bare.created_at is None


def test_the_internal_channel_is_not_external_and_an_unknown_type_is():
    ana = Contact.parse(
        contact(channels=[channel(type="internal"), channel(id="2", type="pigeon")])
    )
    assert [one.type for one in ana.external_channels] == ["pigeon"]


def test_numbers_where_text_is_documented_become_text():
    read = Channel.parse(channel(phone=15550100, user_id=7.5, name=None))
    assert (read.phone, read.user_id, read.name) == ("15550100", "7.5", None)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2023-11-07T05:31:56Z", datetime(2023, 11, 7, 5, 31, 56, tzinfo=UTC)),
        ("2023-11-07T05:31:56.1234567Z", datetime(2023, 11, 7, 5, 31, 56, 123_456, tzinfo=UTC)),
        ("2023-11-07T06:31:56+01:00", datetime(2023, 11, 7, 5, 31, 56, tzinfo=UTC)),
        ("2023-11-07T05:31:56", datetime(2023, 11, 7, 5, 31, 56, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        ("", None),
        (1699335116, None),
        (None, None),
        ({}, None),
    ],
)
def test_dates_are_read_or_left_out_but_never_fail(written: Any, meant: datetime | None):
    assert Contact.parse(contact(created_at=written)).created_at == meant


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ([], "contact"),
        (None, "contact"),
        ({}, "contact.id"),
        (contact(id=""), "contact.id"),
        (contact(id=7), "contact.id"),
        (contact(id="a\x00b"), "contact.id"),
        (contact(blocked="false"), "contact.blocked"),
        (contact(unsubscribed=0), "contact.unsubscribed"),
        (contact(name={"first": "Ana"}), "contact.name"),
        (contact(channels={}), "contact.channels"),
        (contact(channels=[channel(), channel(id=None)]), "contact.channels[1].id"),
        (contact(channels=[channel(email=["a@example.com"])]), "contact.channels[0].email"),
        (contact(segments=["VIP"]), "contact.segments[0]"),
    ],
)
def test_what_cannot_be_read_without_guessing_is_named_exactly(value: Any, where: str):
    with pytest.raises(Malformed) as caught:
        Contact.parse(value)
    assert caught.value.path == where
    assert where in caught.value.sentence


def test_the_complaint_never_holds_the_whole_payload():
    with pytest.raises(Malformed) as caught:
        Contact.parse(contact(id={"secret": "x" * 10_000}))
    assert len(str(caught.value)) < 200
    assert "secret" not in str(caught.value)


def test_nesting_without_end_is_malformed_and_not_a_crash():
    deep: Any = []
    for _ in range(500):
        deep = [deep]
    with pytest.raises(Malformed):
        Contact.parse(contact(whatever=deep))
    with pytest.raises(Malformed):
        Channel.read(channel(platform_data=deep))


def test_a_group_has_each_member_once_the_primary_first():
    group = DuplicateGroup.parse(
        {
            "primary": contact(id="b"),
            "duplicates": [contact(id="a"), contact(id="b"), contact(id="a")],
        }
    )
    assert [one.id for one in group.members] == ["b", "a"]


def test_a_merge_result_needs_both_of_its_keys():
    result = MergeResult.parse({"merged": contact(), "merged_contact_ids": ["a", "b"]})
    assert result.merged.id == "contact_1"
    assert result.merged_contact_ids == ("a", "b")
    for broken in (
        {"merged": contact()},
        {"merged_contact_ids": []},
        {"merged": contact(), "merged_contact_ids": [1]},
    ):
        with pytest.raises(Malformed):
            MergeResult.parse(broken)


def test_every_contact_of_the_stand_in_can_be_read():
    directory = seed.world(groups=40, seed=3).main
    for contact_id in directory:
        assert Contact.parse(directory.contact(contact_id)).id == contact_id


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None, exclude_categories=()), max_size=12)
    | st.sampled_from(["contact_1", "2023-11-07T05:31:56Z", "internal", "a\x00", "\ud800"])
)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)


def shaped(keys: list[str], **nested: Any) -> st.SearchStrategy[Any]:
    """An object with some of the documented keys, each with anything at all in it."""
    fields = dict.fromkeys(keys, scalars | anything) | nested
    return st.fixed_dictionaries({}, optional=fields) | anything


channels = shaped(list(channel()))
segments = shaped(list(segment()))
contacts = shaped(
    list(contact()),
    id=st.just("contact_1") | scalars,
    channels=st.lists(channels, max_size=2) | anything,
    segments=st.lists(segments, max_size=2) | anything,
)


@given(contacts)
def test_any_json_is_read_or_malformed_and_what_is_read_can_be_stored(value: Any):
    read = read_or_none(Contact, value)
    if read is None:
        return
    stored = json.dumps(read.raw, allow_nan=False)
    assert "\\u0000" not in stored
    assert json.loads(stored) == read.raw
    assert json.dumps(read.raw, ensure_ascii=False).encode()
    assert repr(read).encode()


@given(segments, channels)
def test_any_json_of_their_parts_is_read_or_malformed(a_segment: Any, a_channel: Any):
    for kind, value in ((Segment, a_segment), (Channel, a_channel)):
        read = read_or_none(kind, value)
        assert read is None or read.id


def read_or_none(kind: Any, value: Any) -> Any:
    try:
        return kind.parse(value)
    except Malformed as error:
        assert error.sentence.encode()  # noqa: PT017 - both ends of the test
        return None


@pytest.mark.parametrize("odd", ["", "a\ufffdb"])
def test_an_id_that_is_none_is_refused(odd: str) -> None:
    with pytest.raises(Malformed, match=r"contact\.id"):
        Contact.parse({"id": odd})
