"""The hostile strings themselves, and what is asked of the functions that make them harmless."""

import unicodedata

import pytest

from mergeui.audit.export import harmless
from mergeui.invent.clean import clean_json
from mergeui.review.text import LONGEST_NAME, searchable, shortened, sort_key, visible
from mergeui.web.links import safe_address
from tests.hostile.spellings import CELL_STARTS, SECTIONS, STRINGS, addresses, cells, hostile

# Those that lead where they say, and say it in plain letters.
HONEST = {
    "https://example.com%2eevil.example/", "https://evil.example#@example.com",
    "https://[::ffff:127.0.0.1]/", "https://127.1/", "https://0x7f000001/", "https://2130706433/",
    "https://xn--80ak6aa92e.com/", "http://169.254.169.254/latest/meta-data/",
    "https://" + "a" * 300 + ".example/", "HTTPS://EVIL.EXAMPLE/TRACK?id=1",
}  # fmt: skip


def test_there_are_enough_of_every_kind() -> None:
    assert len(STRINGS) == len(set(STRINGS)) >= 300
    assert len(hostile()) >= 1_000
    assert min(map(len, SECTIONS.values())) >= 9


def test_no_spelling_of_a_script_is_a_link() -> None:
    assert [link for link in addresses() if safe_address(link)] == []


def test_of_the_others_only_honest_addresses_are_links() -> None:
    linked = {text for text in STRINGS if safe_address(text)}
    quoting = {text for text in linked if "<" in text or '"' in text}  # escaped like all else
    assert linked - quoting <= HONEST


def test_no_cell_is_a_formula() -> None:
    for text in [*cells(), *hostile()]:
        cell = harmless(text)
        assert cell == text or cell == f"'{text}"
        bare = "".join(
            char for char in cell if not unicodedata.category(char).startswith(("Z", "C"))
        )
        assert not bare.startswith(tuple(CELL_STARTS)), ascii(text)


@pytest.mark.parametrize("function", [visible, searchable, sort_key, shortened])
def test_no_string_is_too_much_for_what_makes_words_of_it(function) -> None:
    for text in hostile():
        words = function(clean_json(text))
        assert words.encode().decode() == words, ascii(text)


def test_nothing_hides_in_what_is_shown() -> None:
    for text in hostile():
        shown = visible(clean_json(text))
        hidden = [char for char in shown if unicodedata.category(char) in {"Cc", "Cs", "Cn"}]
        assert hidden == [], ascii(text)
        assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def test_a_name_is_cut_where_it_is_shown() -> None:
    assert len(shortened("x" * 1_000_000)) == LONGEST_NAME
