"""Whether a page is made of our own markup alone, whatever is written on it."""

from html.parser import HTMLParser
from urllib.parse import urlsplit

from mergeui.web.links import safe_address

ADDRESSES = {"href", "src", "action", "formaction", "hx-get", "hx-post", "poster",
             "data", "srcset", "ping", "background", "xlink:href"}  # fmt: skip
# What no page of ours has, so that a single one of them came in with a name.
NEVER = {"iframe", "object", "embed", "base", "style", "template", "math", "video", "audio",
         "marquee", "frame", "applet", "animate", "plaintext", "xmp", "noscript"}  # fmt: skip


class Page(HTMLParser):
    """Reads a page as a browser would; `wrong` lists what is not ours, `text` what is read."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.pieces: list[str] = []
        self.fields: list[str] = []
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        """All that is written on the page, the values of its fields too."""
        return "".join(self.pieces) + "\n" + "\n".join(self.fields)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in NEVER:
            self.wrong.append(f"<{tag}>")
        for name, value in attrs:
            self._look(tag, name, value or "")

    def _look(self, tag: str, name: str, value: str) -> None:
        runs = name.startswith(("on", "hx-on")) or name in {"style", "srcdoc", "http-equiv"}
        leads_away = name in ADDRESSES and not self._ours(tag, name, value)
        if runs or leads_away:
            self.wrong.append(f"<{tag} {name}={value!r}>")
        elif name in {"value", "title", "aria-label"}:
            self.fields.append(value)

    def _ours(self, tag: str, name: str, value: str) -> bool:
        parts = urlsplit(value)
        if not parts.scheme and not parts.netloc and value[:1] in {"/", "?", "#", ""}:
            return not value.startswith(("//", "/\\"))
        # The one thing that leads away: a link that a person may follow.
        return tag == "a" and name == "href" and safe_address(value) == value

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)


def read(html: str) -> Page:
    """The page, read."""
    return Page(html)
