"""The history in another language: its sentences are made when somebody looks."""

from datetime import UTC, datetime

import pytest
from django.utils import translation

from mergeui.audit.actions import Action
from mergeui.audit.describe import describe
from mergeui.audit.export import rows
from tests.audit.test_describe import MERGE, NAMES, entry


def test_an_entry_is_told_in_the_language_of_whoever_looks() -> None:
    made = entry(Action.MERGE_REQUESTED, MERGE, NAMES, "request:12")
    with translation.override("es"):
        assert describe(made) == (
            "Ana López solicitó fusionar 2 contactos con Ana García (solicitud 12)."
        )


@pytest.mark.parametrize("action", Action.values)
def test_every_action_has_words_in_spanish(action: str) -> None:
    made = entry(action, MERGE, NAMES, "request:12")
    with translation.override("es"):
        spanish, label = describe(made), made.action_label
    with translation.override("en"):
        assert spanish != describe(made)
        assert label != made.action_label


def test_the_desk_itself_is_named_in_every_language() -> None:
    made = entry(Action.SYNCED, {"new": 1})
    made.actor_name = "The system"
    with translation.override("es"):
        assert describe(made) == "El sistema actualizó los grupos desde Invent: 1 nuevo."


def test_a_file_is_the_same_for_everybody() -> None:
    made = entry(Action.SYNCED, {"new": 1})
    made.at = datetime(2026, 11, 24, tzinfo=UTC)
    with translation.override("es"):
        line = list(rows([made], "csv"))[1]
    assert "Ana López refreshed the groups from Invent: 1 new." in line
