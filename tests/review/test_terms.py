"""The terms that a group is found by: which beginnings of what somebody types find it."""

import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mergeui.invent import Contact
from mergeui.review.evidence import links
from mergeui.review.terms import (
    _UNSEEN,
    LONGEST_TERM,
    MOST_TERMS,
    asked,
    size_term,
    terms_of,
)
from tests.contacts import channel, contact, email, parsed, whatsapp


def found(q: str, *contacts: dict[str, object]) -> bool:
    """Whether a group of these contacts is found by what somebody types."""
    group = parsed(*contacts)
    terms = terms_of(group, links(group))
    return all(
        any(term.startswith(some) for term in terms for some in spellings) for spellings in asked(q)
    )


@pytest.mark.parametrize(
    ("q", "name"),
    [
        ("ana", "Ana García"), ("GARC", "Ana García"), ("garcí", "Ana García"),
        ("o'con", "Mary O'Connor"), ("connor", "Mary O’Connor"), ("o’connor", "Mary O'Connor"),
        ("reed", "Tom\tReed"), ("reed", "Tom Carter-Reed"), ("carter-re", "Tom Carter-Reed"),
        ("m", "Maria"),
        ("дми", "Дмитрий"), ("dmi", "Дмитрий"), ("太郎", "山田太郎"), ("山田", "山田太郎"),
        ("민수", "김민수"), ("🌸", "🌸🌸"), ("shadow", "xX_shadow_Xx"), ("strasse", "Straße"),
        ('"the', 'Bob "The Builder"'), ("x" * 300, "x" * 300), ("ana garcia", "García, Ana"),
    ],
)  # fmt: skip
def test_a_name_by_the_beginning_of_each_word(q: str, name: str) -> None:
    assert found(q, contact(name))


@pytest.mark.parametrize("q", ["rcía", "anag", "ana lópez", "+", "0"])
def test_not_by_what_is_inside_of_a_word(q: str) -> None:
    assert not found(q, contact("Ana García"))


@pytest.mark.parametrize(
    ("q", "is_found"),
    [
        ("ana.garcia@shop.example.com", True), ("ANA.G", True), ("garcia@shop", True),
        ("example.com", True), ("@example", True), ("nobody@", False),
    ],
)  # fmt: skip
def test_an_address_by_its_parts(q: str, is_found: bool) -> None:
    assert found(q, contact("X", email("Ana.Garcia@shop.example.com"))) is is_found


@pytest.mark.parametrize(
    ("q", "is_found"),
    [
        ("+34 600 111 222", True), ("600-111-222", True), ("0600111222", True), ("222", True),
        ("1222", True), ("34600", True), ("+34600", True), ("٢٢٢", True), ("600111", False),
        ("22", False), ("1", False),
    ],
)  # fmt: skip
def test_a_number_by_its_end_and_by_its_beginning(q: str, is_found: bool) -> None:
    assert found(q, contact("X", whatsapp("+34 600 111-222"))) is is_found


@pytest.mark.parametrize("q", ["+49 (0)151 23456789", "0049 (0)151/23456789", "+49 151 23456789"])
def test_the_zero_that_is_dialled_at_home_is_none_of_the_number(q: str) -> None:
    assert found(q, contact("X", whatsapp("+4915123456789")))
    assert found(q, contact("X", whatsapp(q)))


@pytest.mark.parametrize(
    "q", ["+1 200 555 0117", "+44 20 7946 0958", "1 (200) 555 0117", "7 12 2000"]
)
def test_a_spaced_number_is_not_found_by_some_of_its_digits(q: str) -> None:
    others = (
        contact("1st Floor 44", whatsapp("+44 20 1234 5678")),
        contact("200 Club 7th", email("20@x.org")),
    )

    assert not any(found(q, other) for other in others)
    assert found(q, contact("X", whatsapp(q)))


@pytest.mark.parametrize("name", ["1234567", "0012345", "12 2000 77", "Studio 12 2000 77"])
def test_a_name_of_digits_is_found_too(name: str) -> None:
    assert found(name.removeprefix("Studio "), contact(name))


def test_what_is_asked_of_a_number_stays_short() -> None:
    assert len(asked("1 2 3 4 5 6 7 8 9 10 11")) == 8


def test_ids_and_user_names() -> None:
    one = contact("X", channel("telegram_bot", "1234567890123456", username="shop_ana"))

    assert found(str(one["id"]).upper(), one)
    assert found(str(one["id"]).removeprefix("contact_"), one)
    assert found("12345", one)
    assert found("ana", one)
    assert not found("456", one)  # nobody knows how the id of a network ends


def test_so_many_terms_and_no_more() -> None:
    contacts = [contact(f"a{n} " * 60, email(f"b{n}@example.com")) for n in range(64)]
    contacts += [contact(" ".join(f"w{n}x{i}" for i in range(60))) for n in range(64)]
    group = parsed(*contacts)
    terms = terms_of(group, links(group))

    assert len(terms) == len(set(terms)) == MOST_TERMS
    assert max(map(len, terms)) <= LONGEST_TERM
    assert not any(set(term) & set("\n\t '\"") for term in terms)


def test_what_says_nothing_asks_for_nothing() -> None:
    assert asked("  ") == asked("\u200b") == []
    assert len(asked("a " * 100)) == 8


def test_sizes() -> None:
    assert [size_term(count) for count in (1, 2, 5, 20, 64)] == [
        "#n0",
        "#n2",
        "#n3-5",
        "#n6-20",
        "#n21+",
    ]


def test_all_that_nobody_sees_parts_words() -> None:
    """What can be printed is looked at no further; of the others each is as good as a space."""
    for char in map(chr, range(sys.maxunicode + 1)):
        if _UNSEEN.match(char) and char != " ":
            assert not char.isprintable(), f"U+{ord(char):04X}"


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=40), min_size=2, max_size=4))
@example(["Ana 'Nan' O\"Hara", "a" * 1_200, "ana@lopez.example", "Łukasz", "\x1fx", ""])
def test_names_of_several_are_found_by_what_each_is_found_by(names: list[str]) -> None:
    contacts = [Contact.parse(contact(name)) for name in names]
    alone = [terms_of([one], []) for one in contacts]
    # How many they are is a term of all of them.
    assert {term for term in terms_of(contacts, []) if term[0] != "#"} == {
        term for terms in alone for term in terms if term[0] != "#"
    }
