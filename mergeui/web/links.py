"""Addresses that strangers gave. design.md, rule 10: no link but http and https."""

from urllib.parse import urlsplit

from mergeui.review.text import visible


def safe_address(link: object) -> str:
    """`link` if it is a plain http or https address with a host; empty otherwise.

    Browsers drop tabs and line ends inside an address and take a backslash for a slash, so an
    address with any of those is no address. Neither is one that reads as another: with letters that
    can't be seen or told apart, or with one of the dots that only browsers take for a dot.
    """
    text = str(link or "").strip(" ")
    if any(ord(c) <= 32 or 127 <= ord(c) <= 159 or c in "\\。．｡" for c in text):
        return ""
    if visible(text) != text:
        return ""
    try:
        parts = urlsplit(text)
        host = parts.hostname
        _ = parts.port  # raises when it is none
    except ValueError:
        return ""
    if parts.scheme.lower() not in {"http", "https"} or not host:
        return ""
    return "" if parts.username or parts.password else text
