"""The words in other languages: complete, made of the code as it is, and compiled."""

import ast
from collections.abc import Iterator
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


def calls() -> Iterator[tuple[str, ast.Call, list[ast.AST]]]:
    """Every call in the product: where, the call, and what it stands in."""
    for path in sorted((messages.ROOT / "mergeui").rglob("*.py")):
        waiting: list[tuple[ast.AST, list[ast.AST]]] = [(ast.parse(path.read_text()), [])]
        while waiting:
            node, around = waiting.pop()
            if isinstance(node, ast.Call):
                yield f"{path.name}:{node.lineno}", node, around
            waiting += [(child, [*around, node]) for child in ast.iter_child_nodes(node)]


def name_of(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def test_no_word_hides_in_an_f_string() -> None:
    """Up to Python 3.11 one is a single token, so nothing in it is found for the catalogue."""
    hidden = [
        where
        for where, call, around in calls()
        if name_of(call) in messages.WORDS and any(isinstance(one, ast.JoinedStr) for one in around)
    ]
    assert hidden == []


def test_what_a_service_refuses_is_said_in_the_readers_language() -> None:
    refusals = {"Invalid", "NotAllowed", "Stale"}
    english = [
        where
        for where, call, _ in calls()
        if name_of(call) in refusals
        and call.args
        and isinstance(call.args[0], ast.Constant | ast.JoinedStr)
    ]
    assert english == []


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_what_has_a_plural_is_not_looked_up_without_one(language: str) -> None:
    """Some releases of Python 3.11 find nothing then, and the page says it in English."""
    plural = {one for m in messages.kept(language) if isinstance(m.id, tuple) for one in m.id}
    english = [
        where
        for where, call, _ in calls()
        if name_of(call) in {"_", "gettext", "gettext_lazy", "gettext_noop"}
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and call.args[0].value in plural
    ]
    assert english == []
