"""What strangers wrote stands in a cell as they wrote it, and as nothing but words."""

from html.parser import HTMLParser

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from mergeui.web.cells import drawn, letters
from mergeui.web.shown import Item, Shown

ENDS = st.sampled_from(["</p>", '"', "'>", "<script>", "&lt;", "<!--", "</td>"])
WORDS = st.builds("".join, st.lists(st.text(st.characters(codec="utf-8")) | ENDS, max_size=3))


class Read(HTMLParser):
    """What a browser makes of it: elements, attributes that a word could have broken out of, and
    the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.values: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.values += [value or "" for name, value in attrs if name in {"href", "title"}]

    def handle_data(self, data: str) -> None:
        self.text += data


@given(WORDS, WORDS, WORDS, st.lists(st.tuples(WORDS, WORDS), max_size=2))
def test_a_text_with_all_that_belongs_to_it(
    text: str, channel: str, note: str, details: list[tuple[str, str]]
) -> None:
    item = Item(
        text, channel=channel, note=note, href="https://e.example/?a&b", details=(*details,)
    )

    found = Read(drawn(Shown("cell-shared", (item,))))

    parts = [channel and f"{channel} ", text, note and f" {note}"]
    for name, value in details:
        parts += [name, value]
    assert found.text.replace("Details", "", 1 if details else 0) == "".join(parts)
    usual = ["td", "p", "a", "wbr", "bdi", "span", "details", "summary", "dl", "dt", "dd"]
    assert set(found.elements) <= set(usual)
    assert found.values == [item.href]


@pytest.mark.parametrize("below", [True, False])
@given(text=WORDS, title=WORDS)
def test_a_moment(below: bool, text: str, title: str) -> None:
    item = Item(text, title=title, iso="2026-11-23T18:25:00+00:00")

    found = Read(drawn(Shown("", (item,)), below=below))

    assert found.values == [title]
    assert found.text == (text if below else text + title)


@pytest.mark.parametrize("below", [True, False])
def test_the_day_of_a_moment_is_said_beside_its_age(below: bool) -> None:
    """Two days of the same month are both "2 years ago"."""
    item = Item("2 years ago", note="17 Jan 2024", title="17 Jan 2024, 09:00 UTC", iso="2024-01-17")

    found = Read(drawn(Shown("", (item,)), below=below))

    assert found.text.startswith("2 years ago 17 Jan 2024")


@given(st.lists(WORDS, min_size=1, max_size=3))
def test_labels(names: list[str]) -> None:
    found = Read(drawn(Shown("", labels=tuple(("seg-teal", name) for name in names))))

    assert found.text == "".join(names)
    assert found.elements == ["td", "span", *["bdi"] * len(names)]


@given(st.lists(st.tuples(WORDS, st.booleans()), min_size=1, max_size=4))
def test_letters_that_differ(pieces: list[tuple[str, bool]]) -> None:
    whole = "".join(text for text, _ in pieces)

    found = Read(letters(Item(whole, pieces=(*pieces,))))

    assert found.text == whole
    elements = [element for element in found.elements if element != "wbr"]
    assert elements == ["bdi", *["mark"] * sum(differs for _, differs in pieces)]


def test_an_address_breaks_at_its_parts() -> None:
    address = "ana.ruiz@example.org"
    assert letters(Item(address)) == "<bdi>ana<wbr>.ruiz@<wbr>example<wbr>.org</bdi>"
    pieces = ("ana.", False), ("ruiz", True), ("@example.org", False)
    assert letters(Item(address, pieces=pieces)) == (
        '<bdi>ana<wbr>.<mark class="differs">ruiz</mark>@<wbr>example<wbr>.org</bdi>'
    )
    for short in ("ana@example.com", "Ana Gabriela Ruiz G."):
        assert letters(Item(short)) == f"<bdi>{short}</bdi>"


def test_a_cell_of_nothing_says_so_in_the_readers_language() -> None:
    with override("es"):
        assert 'aria-label="nada"' in drawn(Shown("cell-empty"))


def test_a_folded_cell_is_found_by_the_switch() -> None:
    assert drawn(Shown("cell-shared"), fold=True).startswith('<td class="cell-shared fold">')
