"""Phone numbers, however they are written. Pure."""

from functools import lru_cache

import phonenumbers


@lru_cache(maxsize=8192)
def number_of(text: str, country: str, whatsapp: bool) -> str:
    """The number in its international form with its extension; empty for what is none."""
    text = text.strip()
    region = country.strip().upper()
    known = region if region in phonenumbers.SUPPORTED_REGIONS else None
    if found := _read(text, known):
        return found
    # Without a country: the usual way of writing "+", and WhatsApp's ids, which leave it out.
    if text.startswith("00"):
        return _read(f"+{text[2:]}", None, sure=True)
    return _read(f"+{text}", None, sure=True) if whatsapp and text.isdecimal() else ""


def _read(text: str, region: str | None, *, sure: bool = False) -> str:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return ""
    fits = phonenumbers.is_valid_number if sure else phonenumbers.is_possible_number
    whole = phonenumbers.PhoneNumberFormat.RFC3966  # the one that keeps the extension
    return phonenumbers.format_number(number, whole) if fits(number) else ""
