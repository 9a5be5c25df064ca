"""Short forms of first names, in English from the library and in other languages from a table."""

import pytest

from mergeui.review.nicknames import are_nicknames


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bob", "robert"),
        ("peggy", "margaret"),
        ("dolores", "lola"),
        ("pepe", "jose"),
        ("matze", "matthias"),
        ("dmitriy", "dima"),
        ("luiz", "lula"),
        ("andreas", "andi"),
        ("malgorzata", "gosia"),
        ("giovanni", "gianni"),
        ("mo", "mohammed"),
    ],
)
def test_short_forms_are_known_either_way(one: str, other: str) -> None:
    assert are_nicknames(one, other)
    assert are_nicknames(other, one)


@pytest.mark.parametrize(("one", "other"), [("bob", "william"), ("bob", "bob"), ("", "")])
def test_others_are_not(one: str, other: str) -> None:
    assert not are_nicknames(one, other)
