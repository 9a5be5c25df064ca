"""How far two names agree."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeui.review.names import Agreement, names_agree, names_conflict

FULL = [
    ("Ana García", "Ana Garcia"),
    ("Ana García", "García, Ana"),
    ("Ana García", "GARCÍA ANA"),
    ("Ольга Иванова", "Olga Ivanova"),
    ("Jürgen Müller", "Juergen Mueller"),
    ("Yutong Wang", "王雨桐"),
    ("robertarmstrong", "Robert Armstrong"),
    ("Dr. Ana García", "Ana García"),
]
PART = [
    ("Ana García", "ana"),
    ("Ana", "Ana"),
    ("Ana García", "Ana G."),
    ("Alexander Brown", "Alex Brown"),
    ("Robert Smith", "Bob Smith"),
    ("Dolores Vidal", "Lola Vidal"),
    ("Ana García", "Ana García López"),
    ("Jon Smith", "John Smith"),
    ("Sara Cohen", "Sarah Kohen"),
    ("Ana García", "Ana Garzia"),
    ("Дмитрий Морозов", "Dmitry Morozov"),
    ("Priya Sharma", "प्रिया शर्मा"),
    ("Tamar Shapira", "תמר שפירא"),
    ("Khaled Mansour", "خالد منصور"),
    ("Kim Minjun", "김민준"),
    ("敏", "张敏"),
    ("하은", "박하은"),
    ("عمر", "عمر الخطيب"),
]
MISSING = [
    ("", "Ana"),
    ("Ana García", "🌸🌸"),
    ("Rossi", "Luca Rossi"),
    ("Rossi", "Rossi, Luca"),
    ("A. García", "Ana García"),
    ("A. G.", "Ana García"),
    ("张", "张敏"),
    ("박", "박하은"),
]
CONFLICT = [
    ("Maria Rossi", "Luca Rossi"),
    ("Maria Rossi", "Mario Rossi"),
    ("Daniel Roy", "Daniela Roy"),
    ("Alexander Roy", "Alexandra Roy"),
    ("Lisa Roy", "Lina Roy"),
    ("Antoine Roy", "Antoinette Roy"),
    ("محمد العلي", "أحمد العلي"),
    ("佐藤翔", "佐藤陽子"),
    ("Ana García", "Wei Chen"),
    ("Tom Baker", "Reception"),
    ("Ana García López", "Ana García Pérez"),
    ("張偉", "王芳"),
    ("תמר שפירא", "דוד לוי"),
    ("חנה כהן", "Noa Cohen"),
    ("김민준", "Jihoon Lee"),
]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        *((*names, Agreement.FULL) for names in FULL),
        *((*names, Agreement.PART) for names in PART),
        *((*names, Agreement.MISSING) for names in MISSING),
        *((*names, Agreement.CONFLICT) for names in CONFLICT),
    ],
)
def test_how_far_two_names_agree(one: str, other: str, expected: Agreement) -> None:
    assert names_agree(one, other) is expected
    assert names_agree(other, one) is expected
    assert names_conflict(one, other) is (expected is Agreement.CONFLICT)


@given(st.text(max_size=40), st.text(max_size=40))
def test_it_never_matters_which_comes_first(one: str, other: str) -> None:
    assert names_agree(one, other) is names_agree(other, one)


@given(st.text(max_size=300))
def test_a_name_never_conflicts_with_itself(name: str) -> None:
    assert not names_conflict(name, name)


def test_what_a_stranger_types_takes_no_time() -> None:
    one, other = "张敏王芳" * 50, "王芳李伟" * 5_000

    assert names_agree(one, other) in Agreement


def test_a_stranger_can_not_have_a_process_remember_megabytes() -> None:
    tracemalloc.start()
    try:
        for number in range(30):
            names_agree(f"{number} " + "w" * 1_000_000, f"{number} v")
        kept, _peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 1_000_000
