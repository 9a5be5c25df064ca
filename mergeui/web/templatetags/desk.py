"""What the templates of the desk can't say with Django's own tags."""

import re
from datetime import datetime

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from mergeui.retold import retold as told
from mergeui.web import when
from mergeui.web.labels import segment_class
from mergeui.web.links import safe_address

register = template.Library()

# Words in a script that runs from right to left, as one piece; not what separates two names.
_LETTERS = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
_LEFTWARD = re.compile(f"[{_LETTERS}]+(?:[ .\u2019-]+[{_LETTERS}]+)*")


@register.filter
def safe_href(link: object) -> str:
    """`link` if it is a plain http or https address; empty otherwise."""
    return safe_address(link)


@register.filter
def initials(person: object) -> str:
    """One or two letters for a person: "OP" of "Olga Petrova", "O" of "olga"."""
    words = str(person).split()
    letters = words[0][:1] + (words[-1][:1] if len(words) > 1 else "") if words else "?"
    return letters.upper()


@register.filter
def segment_style(color: str) -> str:
    """The class of a segment's label in the vendor's colour."""
    return segment_class(color)


@register.filter
def moment(then: datetime) -> str:
    """A moment in the reader's zone, which is named: "23 Nov 2026, 18:25 UTC"."""
    return when.exact(then)


@register.filter
def short_day(then: datetime) -> str:
    """A day in the reader's zone: "23 Nov 2026"."""
    return when.short_day(then)


@register.filter
def retold(text: str) -> str:
    """A sentence that was stored in English, in the reader's language."""
    return told(text)


@register.filter
def isolated(sentence: object) -> SafeString:
    """A sentence of ours with each name from right to left in a `<bdi>` of its own.

    Without it a name of Arabic or Hebrew letters takes the words, digits and stops around it along
    (design.md, rule 10). Names reach a sentence in many places, and stored ones long ago, so what
    is isolated is the letters, where they are shown.
    """
    escaped = conditional_escape(str(sentence))
    if escaped.isascii():
        return escaped
    return mark_safe(_LEFTWARD.sub(r"<bdi>\g<0></bdi>", escaped))  # noqa: S308  # letters alone
