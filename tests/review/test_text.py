"""Text from strangers, made honest to show."""

import re
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from mergeui.review import text as module
from mergeui.review.text import display_name, searchable, visible, with_short
from tests.contacts import contact, email, parsed, whatsapp


def test_plain_names_in_any_script_stay_as_they_are() -> None:
    for name in ("Ana García", "محمد علی", "דוד לוי", "山田太郎", "नेहा शर्मा", "Ольга"):
        assert visible(name) == name


def test_what_can_not_be_seen_is_named() -> None:
    assert visible("Ana\u200bB") == "Ana⟨U+200B⟩B"
    assert visible("a\x00b") == "a⟨U+0000⟩b"


def test_joiners_inside_a_script_that_needs_them_stay() -> None:
    assert visible("می\u200cخواهم") == "می\u200cخواهم"
    assert visible("pay\u200dpal") == "pay⟨U+200D⟩pal"


@given(st.text(st.characters(max_codepoint=0x24F)))
def test_what_is_taken_for_plain_latin_is(text: str) -> None:
    """The quick way says what the long one does."""
    with mock.patch.object(module, "_PLAIN", re.compile("(?!)")):
        slowly = visible(text)
    assert visible(text) == slowly


@given(st.text())
def test_nothing_hidden_is_left(text: str) -> None:
    assert not set(visible(text)) & set(
        "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u200b\ufeff\x00"
    )


def test_a_nameless_contact_is_called_by_its_channels() -> None:
    called = [
        display_name(c)
        for c in parsed(
            contact(None, whatsapp("+15550101", name="Ana on WhatsApp")),
            contact("  ", email("ana@example.com")),
            contact(None, id="ct_bare"),
        )
    ]

    assert called == ["Ana on WhatsApp", "ana@example.com", "ct_bare"]


def test_a_search_finds_either_script() -> None:
    assert "olga" in searchable("Ольга")
    assert "ольга" in searchable("Ольга")
    assert searchable("ANA") == "ana"


def test_a_long_name_in_a_sentence_is_cut_and_the_rest_stays() -> None:
    name = "Ana " * 50

    told = with_short(f"Into {name}; this can't be undone.", name, 12)
    assert told == "Into Ana Ana Ana…; this can't be undone."
    assert with_short("Into Ana; gone.", "Ana", 12) == "Into Ana; gone."
