"""No link but http and https, however it is spelt."""

import pytest

from mergeui.web.labels import segment_class
from mergeui.web.links import safe_address
from mergeui.web.templatetags.desk import initials, safe_href


@pytest.mark.parametrize(
    "link",
    [
        "https://example.com/a?b=c#d", "http://example.com", "HTTPS://Example.com/",
        "https://xn--bcher-kva.example/ü", " https://example.com/ ",
    ],
)  # fmt: skip
def test_plain_addresses_are_links(link: str) -> None:
    assert safe_address(link) == link.strip()


@pytest.mark.parametrize(
    "link",
    [
        None, "", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)",
        "\x01javascript:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "vbscript:x",
        "//evil.example", "/local", "https:evil.example", "https:///evil.example",
        "https://a\\@evil.example", "https:\\\\evil.example", "https://user@evil.example",
        "https://user:pw@evil.example", "https://[::1", "mailto:a@example.com", "https://",
        "https://exa mple.com", "https://example.com/\u0085", "ftp://example.com", 7,
    ],
)  # fmt: skip
def test_anything_else_is_shown_as_text(link: object) -> None:
    assert safe_href(link) == ""


def test_an_unknown_colour_is_neutral() -> None:
    assert segment_class("teal") == "seg-teal"
    assert segment_class('x" onclick="') == segment_class(None) == "seg-neutral"


def test_initials() -> None:
    assert [initials(name) for name in ("Olga Petrova", "olga", "")] == ["OP", "O", "?"]
