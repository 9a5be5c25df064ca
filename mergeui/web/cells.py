"""The cells of compared contacts, drawn without a template: it took a quarter of their page.

Four contacts have a hundred cells, 64 have a thousand or more. All that is said in them comes from
strangers (design.md, rule 10), so each word passes through `_said`, once.
"""

from html import escape

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from mergeui.web.shown import Item, Shown

# So many letters stand in one line of two columns on a phone.
FITS = 16


def drawn(cell: Shown, *, below: bool = False, fold: bool = False) -> SafeString:
    """A cell of the table; `below` where the contacts stand below each other, a row each.

    `fold`: of a column that the switch shows.
    """
    style = f"{cell.style} fold" if fold else cell.style
    inside = "".join(_item(item, below=below) for item in cell.items) + _labels(cell)
    if not inside:
        nothing = _said(_("nothing"))  # not in the f-string, where xgettext doesn't find it
        inside = f'<span class="soft" aria-label="{nothing}">–</span>'
    return mark_safe(f'<td class="{style}">{inside}</td>')  # noqa: S308  # escaped below


def letters(item: Item) -> SafeString:
    """A text with its differing letters marked, and said for those who don't see the marks."""
    said = _address if "@" in item.text and len(item.text) > FITS else _said
    words = "".join(
        f'<mark class="differs">{said(text)}</mark>' if differs else said(text)
        for text, differs in item.pieces
    )
    told = f'<span class="unseen"> ({_said(item.told)})</span>' if item.told else ""
    return mark_safe(f"<bdi>{words or said(item.text)}</bdi>{told}")  # noqa: S308  # escaped


def _item(item: Item, *, below: bool) -> str:
    if item.iso:
        return _moment(item, below=below)
    text: str = letters(item)
    if item.href:
        text = (
            f'<a href="{_said(item.href)}" rel="noopener noreferrer nofollow" target="_blank">'
            f"{text}</a>"
        )
    channel = f'<span class="channel">{_said(item.channel)}</span> ' if item.channel else ""
    return f"<p>{channel}{text}{_note(item)}</p>{_details(item)}"


def _moment(item: Item, *, below: bool) -> str:
    text, title, iso = _said(item.text), _said(item.title), _said(item.iso)
    if below:
        time = f'<time datetime="{iso}" title="{title}">{text}</time>'
        return f'<p class="nowrap">{time}{_note(item)}</p>'
    time = f'<time datetime="{iso}">{title}</time>'
    summary = f'<summary title="{title}">{text}{_note(item)}</summary>'
    return f'<details class="age">{summary}{time}</details>'


def _note(item: Item) -> str:
    return f' <span class="small soft">{_said(item.note)}</span>' if item.note else ""


def _details(item: Item) -> str:
    if not item.details:
        return ""
    pairs = "".join(
        f'<dt>{_said(name)}</dt><dd dir="auto">{_said(value)}</dd>' for name, value in item.details
    )
    words = _said(_("Details"))
    return f'<details class="small"><summary>{words}</summary><dl>{pairs}</dl></details>'


def _labels(cell: Shown) -> str:
    if not cell.labels:
        return ""
    labels = "".join(f'<bdi class="seg {style}">{_said(name)}</bdi>' for style, name in cell.labels)
    return f'<span class="marks">{labels}</span>'


def _address(words: str) -> str:
    """An address may break at its dots and after its @, rather than in a word.

    No reference that escaping makes has a dot or an @ in it.
    """
    return _said(words).replace("@", "@<wbr>").replace(".", "<wbr>.")


def _said(words: object) -> str:
    """Words as they may stand in a text or between quotes, whoever they are from."""
    return escape(str(words))
