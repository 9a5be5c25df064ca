"""What the templates of the desk can't say with Django's own tags."""

from datetime import datetime

from django import template
from django.utils import timezone

from mergeui.retold import retold as told
from mergeui.web import when
from mergeui.web.labels import segment_class
from mergeui.web.links import safe_address

register = template.Library()


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
def moment_to_second(then: datetime) -> str:
    """The same with its seconds."""
    return when.exact(then, to_second=True)


@register.filter
def clock_to_second(then: datetime) -> str:
    """The time of day in the reader's zone: "18:25:07"."""
    return f"{timezone.localtime(then):%H:%M:%S}"


@register.filter
def short_day(then: datetime) -> str:
    """A day in the reader's zone: "23 Nov 2026"."""
    return when.short_day(then)


@register.filter
def retold(text: str) -> str:
    """A sentence that was stored in English, in the reader's language."""
    return told(text)
