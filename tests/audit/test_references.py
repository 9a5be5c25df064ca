"""What an entry is found by: pure functions over anything that a stranger may send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeui.audit.references import (
    LIMIT,
    Ref,
    contact_ids,
    looks_like_phone,
    phone_tail,
    phone_tails,
    plain,
    references_in,
    references_of,
    references_of_all,
    words,
)
from tests.audit.history import a_contact

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
SHAPED = st.fixed_dictionaries(
    {},
    optional={
        "id": ANYTHING,
        "name": ANYTHING | st.text(),
        "channels": ANYTHING
        | st.lists(
            st.dictionaries(
                st.sampled_from(["user_id", "email", "phone", "name", "username", "x"]),
                ANYTHING | st.text(),
            )
        ),
    },
)


@given(ANYTHING | SHAPED)
def test_anything_gives_values_that_a_database_takes(contact: object) -> None:
    for kind, value in references_of(contact):
        assert len(kind) <= 10
        assert len(value) <= LIMIT
        assert "\x00" not in value
        value.encode()


@given(st.dictionaries(st.text(), ANYTHING), st.dictionaries(st.text(), ANYTHING | SHAPED))
def test_anything_in_an_entry_gives_references(facts: dict, personal: dict) -> None:  # type: ignore[type-arg]
    personal["contacts"] = personal.get("x", [])
    assert isinstance(references_in(facts, personal), set)


def test_a_contact_is_found_by_everything_about_it() -> None:
    contact = a_contact(
        "ct_Ab",
        "Ana García",
        user_id="+1 (415) 555-0123",
        email=" Ana@Example.COM ",
        name="Ána",
        username="ana_88",
        phone=None,
    )
    assert references_of(contact) == {
        Ref("contact", "ct_Ab"),
        Ref("name", "ana"),
        Ref("name", "garcia"),
        Ref("name", "88"),
        Ref("user_id", "+1 (415) 555-0123"),
        Ref("phone", "155550123"),
        Ref("phone", "5550123"),
        Ref("email", "ana@example.com"),
    }
    assert references_of_all([contact, None]) == references_of(contact)


def test_what_is_no_channel_is_passed_over() -> None:
    contact = {"id": "ct_1", "name": None, "channels": [None, "x", {"user_id": 7}]}
    assert references_of(contact) == {Ref("contact", "ct_1")}


def test_a_mail_channel_is_found_by_its_address() -> None:
    contact = a_contact("ct_1", None, user_id="Bob@Example.com")
    assert Ref("email", "bob@example.com") in references_of(contact)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Ána LÓPEZ", ["ana", "lopez"]),
        ("Мария", ["mariya"]),
        ("mariya", ["mariya"]),
        ("O'Brien-Smith", ["o", "brien", "smith"]),
        ("\u202eana\u200b", ["ana"]),
        ("Strauß", ["strauss"]),
        ("", []),
        ("…", []),
    ],
)
def test_words_of_a_name(name: str, found: list[str]) -> None:
    assert words(name) == found


def test_an_endless_name_has_an_end() -> None:
    assert len(words("a " * 1000)) == 12
    assert len(words("a" * 1000)[0]) == LIMIT
    assert len(plain("a" * 1000)) == LIMIT
    assert contact_ids(["c" * 300]) == {Ref("contact", "c" * LIMIT)}


@pytest.mark.parametrize(
    "spelling",
    ["+33 6 12 34 56 78", "0033 6 12 34 56 78", "06 12 34 56 78", "612345678", "٠٦١٢٣٤٥٦٧٨"],
)
def test_a_number_is_found_however_it_is_spelt(spelling: str) -> None:
    assert phone_tail(spelling) in phone_tails("+33612345678")


def test_a_local_number_is_found() -> None:
    assert phone_tail("555-0123") in phone_tails("+1 415 555 0123")
    assert phone_tail("2233 4455") in phone_tails("+47 22 33 44 55")


def test_a_few_digits_are_no_number() -> None:
    assert phone_tails("0012") == []
    assert phone_tail("12 34") == ""
    assert phone_tails("54321") == ["54321"]
    assert phone_tail("54321") == "54321"


@pytest.mark.parametrize(
    ("text", "answer"),
    [("+1 415 555-0123", True), ("(415) 555-0123", True), ("ana", False), ("ct_123456789", False)],
)
def test_what_looks_like_a_phone_number(text: str, answer: bool) -> None:
    assert looks_like_phone(text) is answer
