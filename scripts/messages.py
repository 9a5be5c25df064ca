"""The words of the desk in other languages: found in the code, kept in locale/, compiled.

`python -m scripts.messages` writes what the code says now into each locale/<language>/LC_MESSAGES/
django.po, for a person to translate, and compiles it to the .mo beside it that Django reads. Both
are committed, so a desk needs neither Babel nor GNU gettext to run. `--check` writes nothing: it
says what is missing, no longer used, not translated, doubtful, or has other placeholders than the
English words.
"""

import argparse
import re
import string
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import django
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
LANGUAGES = ("es",)
SOURCES = ("mergeui/**/*.py", "templates/**/*.html")
SAID = "Said"
# Which arguments are words: of Django's functions, and of our own for sentences that are stored.
WORDS: dict[str, tuple[Any, ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
    SAID: None,
}
HINTS = ["Translators:"]
# No time of day in a committed file: it would differ with every run.
MADE = datetime(2026, 1, 1, tzinfo=UTC)
PERCENT = re.compile(r"%\(\w+\)[sd]")


def found(root: Path = ROOT) -> Catalog:
    """Every message of the code, with the files that say it."""
    catalog = Catalog(project="mergeui", creation_date=MADE, charset="utf-8")
    for pattern in SOURCES:
        for path in sorted(root.glob(pattern)):
            name = str(path.relative_to(root))
            for words, hints, context in _read(path):
                message = words[0] if len(words) == 1 else words
                catalog.add(message, None, [(name, 0)], (), hints, context=context)
    return catalog


def _read(path: Path) -> Iterator[tuple[tuple[str, ...], list[str], str | None]]:
    """(singular and perhaps plural, hints, context) for each message of a file."""
    text = path.read_text()
    if path.suffix == ".html":
        # As xgettext would get it: code between letters. Babel reads Python by its indentation.
        text = "\n".join(line.lstrip() for line in templatize(text, origin=str(path)).splitlines())
    for _, function, said, hints in extract_python(BytesIO(text.encode()), WORDS, HINTS, {}):
        words = [said] if isinstance(said, str) else list(said or ())
        spec = WORDS[str(function)] or (1,)
        context = str(words.pop(0)) if words and isinstance(spec[0], tuple) else None
        count = len([one for one in spec if isinstance(one, int)])
        if function == SAID:
            words = [word for word in words if word]
            count = len(words)
        kept = tuple(str(word) for word in words[:count] if word)
        if kept and len(kept) == count:
            yield kept, list(hints or ()), context


def kept(language: str) -> Catalog:
    """The translations as they are committed."""
    with po_of(language).open("rb") as file:
        return read_po(file, locale=language, charset="utf-8")


def po_of(language: str) -> Path:
    """Where a language's translations are."""
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def compiled(catalog: Catalog) -> bytes:
    """What Django reads."""
    out = BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def write(language: str) -> Catalog:
    """Brings a language's files up to what the code says."""
    path = po_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    catalog = kept(language) if path.exists() else Catalog(locale=language, charset="utf-8")
    # No guesses: a guessed translation looks like one that somebody wrote.
    catalog.update(found(), no_fuzzy_matching=True, update_header_comment=False)
    catalog.obsolete.clear()
    catalog.fuzzy = False
    catalog.project, catalog.version, catalog.header_comment = "mergeui", "", "# Words of the desk."
    catalog.creation_date = catalog.revision_date = MADE
    with path.open("wb") as file:
        write_po(file, catalog, sort_output=True, width=100, include_lineno=False)
    # Read again, so that it is compiled from what --check will read.
    path.with_suffix(".mo").write_bytes(compiled(kept(language)))
    return catalog


def troubles(language: str) -> list[str]:
    """What is wrong with a language's files, a line each."""
    catalog, wanted = kept(language), found()
    have = {_key(message): message for message in catalog if message.id}
    want = {_key(message) for message in wanted if message.id}
    lines = [f"missing: {key}" for key in sorted(want - set(have))]
    lines += [f"no longer used: {key}" for key in sorted(set(have) - want)]
    for key, message in have.items():
        lines += [f"{trouble}: {key}" for trouble in _wrong(message, catalog.num_plurals)]
    if po_of(language).with_suffix(".mo").read_bytes() != compiled(catalog):
        lines.append("the compiled file is not made from these words")
    return lines


def _key(message: Message) -> str:
    words = message.id if isinstance(message.id, str) else message.id[0]
    return f"{message.context}: {words}" if message.context else words


def _wrong(message: Message, plurals: int) -> Iterator[str]:
    english = [message.id] if isinstance(message.id, str) else list(message.id)
    told = [message.string] if isinstance(message.string, str) else list(message.string or ())
    if len(told) != (1 if len(english) == 1 else plurals) or not all(told):
        yield "not translated"
        return
    if message.fuzzy:
        yield "doubtful"
    # The singular may do without its number; a form that names more than English would fail.
    allowed = set().union(*map(_places, english))
    for words in told:
        if not _places(words) <= allowed or (len(told) == 1 and _places(words) != allowed):
            yield "other placeholders"
    if len(told) > 1 and _places(told[-1]) != _places(english[-1]):
        yield "other placeholders"


def _places(words: str) -> set[str]:
    """The placeholders of both kinds: {name} of Python's words, %(name)s of the templates'."""
    try:
        braces = {f"{{{name}}}" for _, name, _, _ in string.Formatter().parse(words) if name}
    except ValueError:
        braces = {"a brace that is not closed"}
    return braces | set(PERCENT.findall(words))


def main(arguments: Iterable[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say what is wrong")
    wished = parser.parse_args(None if arguments is None else list(arguments))
    if not settings.configured:
        # `templatize` asks whether texts are translated at all.
        settings.configure(USE_I18N=True)
        django.setup()
    if not wished.check:
        for language in LANGUAGES:
            write(language)
    wrong = [f"{language}: {line}" for language in LANGUAGES for line in troubles(language)]
    if wrong:
        print("\n".join(wrong))
        raise SystemExit(f"{len(wrong)} to mend in locale/; `make messages` finds new words.")


if __name__ == "__main__":
    main()
