"""A language that shows what is not translated: every message comes back between ⟦ and ⟧.

What a page has outside of these is data, a proper name, or a word that nobody marked.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from django.db import connection
from django.test import Client
from django.utils.translation import trans_real

from mergeui.accounts.models import Role, User
from mergeui.audit.actor import Actor
from mergeui.web import queue, when
from scripts import messages
from tests.desk import member
from tests.web.cast import client_of

SPANISH = trans_real.translation("es")
# Data of contacts and people, and what is quoted exactly.
DATA = {"bdi", "pre", "code", "q", "textarea", "script", "style"}
ALONE = {
    "area", "br", "col", "hr", "img", "input", "link", "meta", "source", "use", "wbr",
}  # fmt: skip
SPOKEN = {"alt", "aria-label", "data-filtered", "data-unanswered", "data-words", "placeholder"}
SPOKEN |= {"aria-description", "title"}
# Names of products and formats, and what is the same in every language.
NAMES = {
    "mergeui", "CSV", "JSONL", "UTC", "WhatsApp", "Gmail", "Messenger", "Instagram", "Slack",
    "Telegram", "Twilio", "Telnyx", "SMS", "Google", "Calendar", "English", "Español",
}  # fmt: skip
_DATA = re.compile(r"contact_\w+|[\w.+-]+@[\w.-]+|UTC[+-][\d:]+|Ana \d+|operator-\d+")
_WORD = re.compile(r"[A-Za-zÀ-ÿ]{2,}")


class Wrapped:
    """Stands in for Django's Spanish; `asked` are the (context, English) pairs it was asked for."""

    def __init__(self) -> None:
        self.asked: set[tuple[str | None, str]] = set()

    def gettext(self, message: str) -> str:
        context, _, words = message.rpartition(trans_real.CONTEXT_SEPARATOR)
        self.asked.add((context or None, words))
        return f"⟦{words}⟧"

    def ngettext(self, one: str, many: str, count: int) -> str:
        context, _, words = one.rpartition(trans_real.CONTEXT_SEPARATOR)
        self.asked.add((context or None, words))
        return f"⟦{words if count == 1 else many.rpartition(trans_real.CONTEXT_SEPARATOR)[2]}⟧"

    def language(self) -> str:
        return "es"

    to_language = language

    def missing(self) -> set[tuple[str | None, str]]:
        """What was asked for at run time and is in neither our catalogue nor Django's."""
        ours = {
            (one.context, one.id if isinstance(one.id, str) else one.id[0])
            for one in messages.kept("es")
            if one.id
        }
        return {
            (context, words)
            for context, words in self.asked - ours
            if words and not context and SPANISH.gettext(words) == words
        } - DJANGOS


# Words of Django's own catalogue that are the same in Spanish.
DJANGOS: set[tuple[str | None, str]] = {(None, "No"), (None, ":")}


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.found: list[str] = []
        self.depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.found += [_outside(given[name])[0] for name in SPOKEN & given.keys()]
        if tag in ALONE:
            return
        classes = given.get("class", "").split()
        data = tag in DATA or {"mono", "hash"} & set(classes) or given.get("name") == "time_zone"
        self.open.append((tag, data or (bool(self.open) and self.open[-1][1])))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        # A message may have tags within.
        outside, self.depth = _outside(data, self.depth)
        if self.open and not self.open[-1][1]:
            self.found.append(outside)


def left_over(html: str) -> list[str]:
    """The texts of a page that have a word of ours outside of ⟦ and ⟧."""
    page = _Page()
    page.feed(html)
    page.close()
    texts = (_DATA.sub(" ", text).strip() for text in page.found)
    return [text for text in texts if set(_WORD.findall(text)) - NAMES]


def _outside(text: str, depth: int = 0) -> tuple[str, int]:
    """What of a text is outside of ⟦ and ⟧, and how deep its end is inside."""
    outside = []
    for letter in text:
        depth += (letter == "⟦") - (letter == "⟧")
        outside.append(letter if depth == 0 and letter != "⟧" else " ")
    return "".join(outside), depth


@pytest.fixture
def wrapped(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wrapped]:
    """Spanish is the language of wrapped words, and everybody reads Spanish."""
    if connection.vendor != "sqlite":
        pytest.skip("words know no database: once is enough")
    words = Wrapped()
    monkeypatch.setitem(trans_real._translations, "es", words)
    # What a process keeps as it looks in a language was made of other words before and is after.
    forget()
    yield words
    forget()
    assert words.missing() == set(), "shown, but not in the catalogue"


def forget() -> None:
    """What pages keep as it is said in a language."""
    for kept in (when._ago, when._contacts, when._exact, queue._drawn):
        kept.cache_clear()


def reader(role: Role, name: str) -> tuple[Client, Actor]:
    """A new member who reads Spanish: their browser, and they themselves."""
    membership = member(role, name=name)
    User.objects.filter(pk=membership.user_id).update(language="es")
    return client_of(membership), Actor.member(membership)
