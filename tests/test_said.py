"""Sentences that are stored in English and told in the language of whoever looks."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

from mergeui import retold as told
from mergeui.retold import retold
from mergeui.said import ALL, Said

HERE = Path(__file__).resolve().parent.parent


WEB = """
import mergeui.wsgi, sys
from django.utils import translation
from mergeui.retold import retold
with translation.override("es"):
    print(retold("The contacts changed after they were shown. Nothing was sent."))
print(*(name for name in sys.modules if name.startswith("mergeui.")))
"""


def test_a_web_process_knows_what_the_worker_stores() -> None:
    command = [sys.executable, "-c", WEB]
    told, loaded = subprocess.run(
        command, capture_output=True, text=True, check=True
    ).stdout.splitlines()

    assert told == "Los contactos cambiaron después de mostrarse. No se envió nada."
    speakers = {
        ".".join(path.relative_to(HERE).with_suffix("").parts)
        for path in HERE.glob("mergeui/**/*.py")
        if " = Said(" in path.read_text()
    }
    assert len(speakers) > 20
    assert speakers <= set(loaded.split())


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Three sentences in a Spanish of the test's own; what is registered here is forgotten."""
    spanish = {
        "Nothing was sent to {whom}.": "No se envió nada a {whom}.",
        "Tried again: {sentence}": "Se intentó otra vez: {sentence}",
        "{count} call.": "{count} llamada.",
        "{whom} and {whom}.": "{whom} y {whom}.",
    }
    monkeypatch.setattr(told, "gettext", lambda words: spanish.get(words, words))
    monkeypatch.setattr(
        told,
        "ngettext",
        lambda one, many, count: spanish[one] if count == 1 else "{count} llamadas.",
    )
    monkeypatch.setattr(told, "ALL", made := [])
    before = len(ALL)
    Said("Nothing was sent to {whom}.")
    Said("Tried again: {sentence}")
    Said("{count} call.", "{count} calls.")
    Said("{whom} and {whom}.")
    made.extend(ALL[before:])
    with translation.override("es"):
        yield
    del ALL[before:]


@pytest.mark.usefixtures("said")
@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("Nothing was sent to Ana.", "No se envió nada a Ana."),
        ("Nothing was sent to {whom}.\nBcc: x.", "No se envió nada a {whom}.\nBcc: x."),
        ("Tried again: Nothing was sent to Ana.", "Se intentó otra vez: No se envió nada a Ana."),
        ("1 call.", "1 llamada."), ("2,140 calls.", "2,140 llamadas."),
        ("Ana and Ana.", "Ana y Ana."), ("Ana and Bea.", "Ana and Bea."),
        ("Something of an older version.", "Something of an older version."), ("", ""),
    ],
)  # fmt: skip
def test_what_is_known_is_told_and_the_rest_stays(stored: str, shown: str) -> None:
    assert retold(stored) == shown


@pytest.mark.usefixtures("said")
def test_in_english_it_stays_as_it_was_stored() -> None:
    with translation.override("en"):
        assert retold("Nothing was sent to Ana.") == "Nothing was sent to Ana."


@pytest.mark.usefixtures("said")
def test_of_two_that_fit_the_one_that_says_more_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    before = len(ALL)
    wide = Said("{name}.")
    monkeypatch.setattr(told, "ALL", [wide, *told.ALL])
    del ALL[before:]

    assert retold("Nothing was sent to Ana.") == "No se envió nada a Ana."


def test_it_is_english_when_it_is_made() -> None:
    before = len(ALL)
    calls = Said("{count} call to {whom}.", "{count} calls to {whom}.")
    with translation.override("es"):
        assert calls(count=1, whom="Invent") == "1 call to Invent."
        assert calls(count=3, whom="{x}") == "3 calls to {x}."
    del ALL[before:]
