"""What the templates of the desk can't say with Django's own tags."""

from urllib.parse import urlsplit

from django import template

register = template.Library()


@register.filter
def safe_href(link: object) -> str:
    """`link` if it is a plain http or https address with a host; empty otherwise.

    design.md, rule 10. Browsers drop tabs and line ends inside an address and take a backslash
    for a slash, so an address with any of those is no address.
    """
    text = str(link or "").strip(" ")
    if any(ord(c) <= 32 or 127 <= ord(c) <= 159 or c == "\\" for c in text):
        return ""
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return ""
    if parts.scheme.lower() not in {"http", "https"} or not host:
        return ""
    return "" if parts.username or parts.password else text


@register.filter
def initials(person: object) -> str:
    """One or two letters for a person: "OP" of "Olga Petrova", "o" of "olga"."""
    words = str(person).split()
    letters = words[0][:1] + (words[-1][:1] if len(words) > 1 else "") if words else "?"
    return letters.upper()
