"""Texts that are almost the same: which letters differ, and how it is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeui.review.spelling import Piece, closest, pieces, relation, told


def marked(one: str, other: str) -> list[str]:
    """The marked pieces of `one`."""
    return [piece.text for piece in pieces(one, other) if piece.differs]


def test_the_letters_that_differ_are_marked_on_both_sides() -> None:
    assert pieces("Ana García", "Ana Garzía") == (
        Piece("Ana Gar", False),
        Piece("c", True),
        Piece("ía", False),
    )
    assert marked("Ana Garzía", "Ana García") == ["z"]
    assert marked("Anna", "Ana") == ["n"]
    assert marked("Ana", "Anna") == []


def test_an_accent_stays_on_its_letter() -> None:
    assert marked("Zoe\u0308", "Zoe") == ["e\u0308"]
    assert marked("👨\u200d👩\u200d👧 Ana", "👨\u200d👩 Ana") == ["👨\u200d👩\u200d👧"]


def test_joined_scripts_are_marked_by_words() -> None:
    assert marked("محمد عليّ", "محمد علي") == ["عليّ"]


def test_a_hidden_character_is_one_letter() -> None:
    assert marked("Ana⟨U+202E⟩gro", "Anagro") == ["⟨U+202E⟩"]


def test_what_differs_is_told_in_words() -> None:
    assert told(pieces("Ana  B", "AnaB")) == "a space"
    assert told(pieces("Ana", "Ana")) == ""
    assert told([Piece(letter, True) for letter in "abcdefgh"]) == "a, b, c, d, e, f, …"


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        ("ANA GARCÍA", "Ana García", "Only capitals differ"),
        ("Ana Garcia", "Ana García", "Only accents differ"),
        ("AnaGarcia", "Ana García", "Only spaces or signs differ"),
        ("Иван", "Ivan", "Same in another script"),
        ("García Ana", "Ana García", "Same words, in another order"),
        ("Maria Garcia López", "María García", "One has more words"),
        ("Ana Garzía", "Ana García", "Some letters differ"),
        ("Ana", "Robert", ""),
    ],
)
def test_how_two_names_relate(one: str, other: str, words: str) -> None:
    assert relation(one, other) == words
    assert relation(other, one) == words


def test_the_closest_is_near_enough_or_none() -> None:
    assert closest("Ana Garzía", ["", "Bea", "Ana Garzía", "Ana García"]) == "Ana García"
    assert closest("Ana", ["Robert"]) == ""


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_pieces_are_the_text(one: str, other: str) -> None:
    assert "".join(piece.text for piece in pieces(one, other)) == one
    if one == other:
        assert not marked(one, other)
