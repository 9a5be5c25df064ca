"""What the templates of the desk can't say with Django's own tags."""

from django import template

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
