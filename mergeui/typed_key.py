"""A primary key as it comes from outside: a form, an address, a cookie, a command."""

LONGEST = 18  # digits: what both databases take for a key without thinking


def typed_key(text: str) -> int | None:
    """The number that this is; None for what no row can have for its key."""
    is_one = text.isascii() and text.isdigit() and len(text) <= LONGEST
    return int(text) if is_one else None
