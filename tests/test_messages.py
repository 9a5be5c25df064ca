"""The words in other languages: complete, made of the code as it is, and compiled."""

from pathlib import Path

import pytest
from babel.messages.catalog import Message

from scripts import messages


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_every_word_of_the_code_is_translated(language: str) -> None:
    assert messages.troubles(language) == []


@pytest.mark.parametrize(
    ("english", "told", "wrong"),
    [
        ("Queue", "Cola", []), ("Queue", "", ["not translated"]),
        ("by {who}", "por {who}", []), ("by {who}", "por", ["other placeholders"]),
        ("by {who}", "por {quien}", ["other placeholders"]),
        ("by %(who)s", "por %(whom)s", ["other placeholders"]),
        ("by {who}", "por {who", ["other placeholders"]),
        (("{n} row", "{n} rows"), ("una fila", "{n} filas"), []),
        (("{n} row", "{n} rows"), ("{n} fila", "filas"), ["other placeholders"]),
        (("{n} row", "{n} rows"), ("{n} fila", ""), ["not translated"]),
        (("{n} row", "{n} rows"), ("{n} fila",), ["not translated"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_translation(
    english: str | tuple[str, str], told: str | tuple[str, ...], wrong: list[str]
) -> None:
    assert list(messages._wrong(Message(english, told), 2)) == wrong


def test_a_guess_is_not_a_translation() -> None:
    assert list(messages._wrong(Message("Queue", "Fila", flags={"fuzzy"}), 2)) == ["doubtful"]


def test_words_are_found_in_code_and_templates(tmp_path: Path) -> None:
    (tmp_path / "mergeui").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "mergeui" / "one.py").write_text(
        '_("Who is" " it?")\nngettext("{n} row", "{n} rows", 3)\npgettext("month", "May")\n'
        'print("not a word")\nSaid("Gone.")\nSaid(\n    "{n} is gone",\n    "{n} are gone",\n)\n'
    )
    (tmp_path / "templates" / "page.html").write_text(
        '{% load i18n %}<p>{% translate "Queue\'s" %}</p>\n   {% blocktranslate trimmed %}\n'
        "     By {{ who }}\n  {% endblocktranslate %}\n"
    )
    found = {(one.context, one.id) for one in messages.found(tmp_path) if one.id}

    assert found == {
        (None, "Who is it?"),
        (None, ("{n} row", "{n} rows")),
        ("month", "May"),
        (None, "Gone."),
        (None, ("{n} is gone", "{n} are gone")),
        (None, "Queue's"),
        (None, "By %(who)s"),
    }
