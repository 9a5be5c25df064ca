"""Normalised identifiers: what an entry is found by. Pure functions over the vendor's JSON.

Exact look-ups by index stay quick at any size where a search inside text does not, so both what
is stored and what is asked for go through the same functions.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from anyascii import anyascii

from mergeui.audit.models import Kind

LIMIT = 200  # characters of a value; the index of PostgreSQL takes no more than 2,700 bytes
WORDS = 12  # words of a name that are looked up

_WORD = re.compile(r"[a-z0-9]+")
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_AT_HOME = re.compile(r"^(\s*(?:\+|00)[\d\s.\-/]*)\(0\)")
_PHONE = re.compile(r"[+(\d][\d\s().\-/]{5,}")


class Ref(NamedTuple):
    """One identifier: what it is and its normalised value."""

    kind: str
    value: str


def ref(kind: Kind, value: object) -> Ref:
    """A reference to an id of ours or to a contact id: exactly as it is, but cut to LIMIT."""
    return Ref(kind.value, _storable(str(value))[:LIMIT])


def contact_ids(ids: Iterable[str]) -> set[Ref]:
    """References to these contacts by id."""
    return {ref(Kind.CONTACT, contact_id) for contact_id in ids}


def behind(user_pk: int, action: str) -> Ref:
    """A reference to a person who asked for or approved what the system then did.

    With the action, so that what one hardly ever had done is found as quickly as what one always
    does.
    """
    return Ref(Kind.BEHIND, f"{user_pk} {action}")


def words(name: str) -> list[str]:
    """The words of a name in Latin letters without case and accents: "Ána LÓPEZ" → ana, lopez.

    The first 12, each cut to 200 characters. A name in another script is found in either.
    """
    return [word[:LIMIT] for word in _WORD.findall(anyascii(_storable(name)).casefold())[:WORDS]]


def plain(identifier: str) -> str:
    """An e-mail address or a channel's user id without case and outer spaces."""
    return _storable(identifier).strip().casefold()[:LIMIT]


def phone_tails(number: str) -> list[str]:
    """What a phone number is stored by: its last 9 and its last 7 digits.

    National and international spelling differ only in front ("06 12…", "+33 6 12…"), so the end is
    what they share.
    """
    digits = _digits(number)
    return sorted({digits[-9:], digits[-7:]}) if len(digits) >= 5 else []


def phone_tail(number: str) -> str:
    """What a phone number is looked up by: the longest stored end of it; empty when too short."""
    digits = _digits(number)
    if len(digits) < 5:
        return ""
    return digits[-9:] if len(digits) >= 9 else digits[-7:]


def ways_to_dial(number: str) -> list[str]:
    """A number as typed and, of "+49 (0)151 …", without the 0 that is dialled at home alone."""
    return list(dict.fromkeys([number, _AT_HOME.sub(r"\1", number)]))


def looks_like_phone(text: str) -> bool:
    """Whether it is digits, perhaps with a plus, spaces, dots, dashes and brackets."""
    return bool(_PHONE.fullmatch(text.strip()))


def references_of(contact: object) -> set[Ref]:
    """Everything that a contact (the vendor's JSON) can be found by.

    Takes anything: what has not the documented shape is passed over.
    """
    return references_of_all([contact])


def references_of_all(contacts: Iterable[object], names: Iterable[str] = ()) -> set[Ref]:
    """`references_of` for several contacts at once, and the words of further names."""
    found: set[Ref] = set()
    called = set(names)  # most names come again and again: each is taken apart once
    for contact in contacts:
        if not isinstance(contact, dict):
            continue
        called.add(_text(contact, "name"))
        if contact_id := _text(contact, "id"):
            found.add(ref(Kind.CONTACT, contact_id))
        channels = contact.get("channels")
        for channel in channels if isinstance(channels, list) else ():
            if isinstance(channel, dict):
                called.update((_text(channel, "name"), _text(channel, "username")))
                found |= _of_channel(channel)
    found.update(Ref(Kind.NAME, word) for name in called for word in words(name))
    return found


def references_in(facts: Mapping[str, Any], personal: Mapping[str, Any]) -> set[Ref]:
    """What an entry with these facts and personal data (actions.py) is found by."""
    contacts, names = personal.get("contacts"), personal.get("names")
    by_id: Mapping[str, Any] = names if isinstance(names, Mapping) else {}
    if by_id:
        names = list(by_id.values())
    found = references_of_all(
        contacts if isinstance(contacts, list) else (),
        map(str, names) if isinstance(names, list | tuple) else (),
    )
    found |= contact_ids(by_id)
    for key in ("primary", "sources", "members", "merged", "unasked"):
        ids = facts.get(key)
        listed = ids if isinstance(ids, list | tuple) else [ids]
        found |= {ref(Kind.CONTACT, one) for one in listed if isinstance(one, str) and one}
    for kind in (Kind.REQUEST, Kind.GROUP, Kind.BULK):
        if isinstance(facts.get(kind), int):
            found.add(ref(kind, facts[kind]))
    return found


def _of_channel(channel: dict[str, object]) -> set[Ref]:
    found: set[Ref] = set()
    user_id, email = _text(channel, "user_id"), _text(channel, "email")
    if value := plain(user_id):
        found.add(Ref(Kind.USER_ID, value))
    for address in (email, user_id if "@" in user_id else ""):
        if value := plain(address):
            found.add(Ref(Kind.EMAIL, value))
    for number in (_text(channel, "phone"), user_id if looks_like_phone(user_id) else ""):
        found |= {Ref(Kind.PHONE, tail) for tail in phone_tails(number)}
    return found


def _text(raw: dict[str, object], key: str) -> str:
    value = raw.get(key)
    return value if isinstance(value, str) else ""


def _digits(number: str) -> str:
    """ASCII digits of any script's digits, without leading zeros."""
    digits = "".join(
        str(unicodedata.decimal(character)) for character in number if character.isdecimal()
    )
    return digits.lstrip("0")


def _storable(text: str) -> str:
    return _UNSTORABLE.sub("\ufffd", text)
