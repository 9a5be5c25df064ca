"""Whether two names can be one person's."""

import pytest

from mergeui.review.names import names_conflict


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana García", "Ana Garcia"),
        ("Ana García", "García, Ana"),
        ("Ana García", "ana"),
        ("Ana García", "A. García"),
        ("Alexander Brown", "Alex Brown"),
        ("Ольга Иванова", "Olga Ivanova"),
        ("Ana García", "Ana García López"),
        ("Jon Smith", "John Smith"),
        ("Ana García", "🌸🌸"),
        ("", "Ana"),
        ("敏", "张敏"),
        ("Yutong Wang", "王雨桐"),
        ("Tamar Shapira", "תמר שפירא"),
        ("robertarmstrong", "Robert Armstrong"),
    ],
)
def test_one_persons_names_do_not_conflict(one: str, other: str) -> None:
    assert not names_conflict(one, other)
    assert not names_conflict(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Maria Rossi", "Luca Rossi"),
        ("Ana García", "Wei Chen"),
        ("Tom Baker", "Reception"),
        ("Ana García López", "Ana García Pérez"),
        ("張偉", "王芳"),
        ("תמר שפירא", "דוד לוי"),
    ],
)
def test_relatives_and_colleagues_conflict(one: str, other: str) -> None:
    assert names_conflict(one, other)
    assert names_conflict(other, one)
