"""Letters of another script in the middle of a word."""

import pytest

from mergeui.review.compare import compare
from mergeui.review.rows import About
from mergeui.review.scripts import mixes_scripts
from mergeui.review.text import display_name, visible
from tests.contacts import contact, email, parsed


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("P\u0430ypal", "P⟨\u0430 U+0430⟩ypal"),
        ("\u0410\u043d\u043da", "\u0410\u043d\u043d⟨a U+0061⟩"),
        ("\u13deisa \u13de", "⟨\u13de U+13DE⟩isa \u13de"),
        ("한\u0416", "한⟨\u0416 U+0416⟩"),
        ("P\u0430y\u202epal", "P⟨\u0430 U+0430⟩y⟨U+202E⟩pal"),
        ("\u0430na@example.com", "⟨\u0430 U+0430⟩na@example.com"),
    ],
)
def test_a_letter_that_is_strange_to_its_word_is_named(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert mixes_scripts(text)


@pytest.mark.parametrize(
    "text",
    [
        "Ana García", "Дмитрий Petrov", "東京タワーの", "iPhoneを買う", "김철수Kim",
        "محمد علی", "हिन्दी",
        "Nguyễn Văn", "ʻOkina", "Beyoncé™", "Оля2", "µm", "ΑΒΓ", "Ꮮ", "𐐀", "", "ー", "José O’Neill",
    ],
)  # fmt: skip
def test_what_is_written_together_is_left_alone(text: str) -> None:
    assert visible(text) == text
    assert not mixes_scripts(text)


def test_the_comparison_says_what_the_brackets_mean() -> None:
    home = email("a@example.com")
    fake, plain = parsed(contact("\u0410na", home), contact("Ana", home))

    row = next(row for row in compare([fake, plain]).rows if row.about is About.NAME)
    assert display_name(fake) == "⟨\u0410 U+0410⟩na"
    assert row.cells[0].text == "⟨\u0410 U+0410⟩na"
    assert row.note == "Mixes scripts: a letter in ⟨⟩ only looks like those beside it."
    assert compare([plain, plain]).person[0].note == ""
