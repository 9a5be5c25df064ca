"""Turning what strangers typed into text that is safe and honest to show. Pure.

design.md, rule 10: contact data are hostile; invisible characters are shown. Escaping is the
templates' work, isolating directions is `<bdi>`'s.
"""

import re
import unicodedata
from typing import TYPE_CHECKING

import regex
from anyascii import anyascii
from django.utils.translation import gettext_lazy as _

from mergeui.invent import Channel, Contact
from mergeui.review.scripts import pointed_out

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Stands for what is not there, in every language.
NOTHING = "–"

CHANNEL_NAMES: dict[str, "StrOrPromise"] = {
    "internal": _("Internal"),
    "custom": _("Custom channel"),
    "whatsapp_bot": "WhatsApp",
    "messenger_bot": "Messenger",
    "instagram_dm": "Instagram",
    "twilio": "SMS (Twilio)",
    "telnyx": "SMS (Telnyx)",
    "slack_bot": "Slack",
    "telegram_bot": "Telegram",
    "gmail": "Gmail",
    "google_calendar": "Google Calendar",
}

LONGEST_NAME = 200

# Joins letters in Arabic-script, Indic and emoji text, where it is part of the spelling.
_JOINERS = {"\u200c", "\u200d"}
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u2800\u3164\ufdd0-\ufdef\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff"
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(1 << 16, 17 << 16, 1 << 16)
    )
    + "\U000e0000-\U000e0fff]"
)
# Unicode TS 39, 5.4: no language puts more than four marks on a letter; more of them reach into the
# lines above and below.
_HEAP = regex.compile(r"(?<=[\p{Mn}\p{Me}]{4})[\p{Mn}\p{Me}]+")
# Most names: Latin letters of one character each, nothing hidden, nothing strange and no mark. The
# micro sign is left out, a letter of no script.
_PLAIN = re.compile("[\x20-\x7e\xa0-\xac\xae-\xb4\xb6-\u024f]*+")


def visible(text: str) -> str:
    """`text` with all named that a reader can't see: an invisible or direction-changing character
    as ⟨U+202E⟩, a letter of another script than its word as ⟨а U+0430⟩. Of marks heaped on a letter
    four are left, the others told by their number: ⟨+36 U+0300⟩."""
    if _PLAIN.fullmatch(text):  # a hundredth of the time: a sync reads a hundred thousand names
        return text

    def named(match: re.Match[str]) -> str:
        char, at = match.group(), match.start()
        if char in _JOINERS and at and not text[at - 1].isascii():
            return char
        return f"⟨U+{ord(char):04X}⟩"

    return _HEAP.sub(_counted, _HIDDEN.sub(named, pointed_out(text)))


def _counted(heap: "regex.Match[str]") -> str:
    marks = heap.group()
    return f"⟨+{len(marks)} U+{ord(marks[0]):04X}⟩"


def shortened(text: str, longest: int = LONGEST_NAME) -> str:
    """`text`, cut to `longest` characters with an ellipsis."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def with_short(sentence: str, name: str, longest: int) -> str:
    """The sentence with a longer `name` in it cut, so that all else of it stays."""
    return sentence.replace(name, shortened(name, longest)) if len(name) > longest else sentence


def within(label: str) -> str:
    """A label as it stands within a sentence: "refused by Invent", whose name stays a name."""
    return label[:1].lower() + label[1:]


def channel_name(type_: str) -> str:
    """The name of a channel type that people know; an unknown type as it is."""
    return str(CHANNEL_NAMES.get(type_) or visible(shortened(type_, 60)) or NOTHING)


def channel_address(channel: Channel) -> str:
    """What a person would call the channel's address: phone, e-mail, @name or the vendor's id."""
    if channel.type in {"whatsapp_bot", "twilio", "telnyx"}:
        found = channel.phone or channel.user_id or channel.email
    elif channel.type in {"gmail", "google_calendar"}:
        found = channel.email or channel.user_id
    else:
        username = f"@{channel.username.lstrip('@')}" if channel.username else ""
        found = username or channel.email or channel.phone or channel.user_id
    return visible(shortened(found or "", 320)) or NOTHING


def display_name(contact: Contact) -> str:
    """The contact's name, or the best that its channels give, or its id; never empty.

    It is kept in requests and in the history, so it has no words of ours in it.
    """
    if contact.name and contact.name.strip():
        return visible(shortened(contact.name.strip()))
    if (lending := _lending(contact)) and lending.name:
        return visible(shortened(lending.name.strip()))
    for channel in contact.external_channels:
        if channel.user_id:
            return channel_address(channel)
    return visible(shortened(contact.id))


def lent_by(contact: Contact) -> str:
    """The channel whose name for a contact without one is shown; empty when none lends it."""
    lending = None if contact.name and contact.name.strip() else _lending(contact)
    return channel_name(lending.type) if lending else ""


def _lending(contact: Contact) -> Channel | None:
    return next((one for one in contact.channels if one.name and one.name.strip()), None)


def searchable(text: str) -> str:
    """`text` as it is compared in a search: case, accents and scripts levelled.

    Both the text as typed and its Latin transliteration are kept, so that either finds it.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return plain if plain.isascii() else f"{plain} {latin(plain)}"


def latin(text: str) -> str:
    """`text` in Latin letters without accents and case; emoji and other symbols left out."""
    if text.isascii():
        return text.casefold()
    # The library spells symbols out (":cherry_blossom:") and soft signs as apostrophes.
    letters = "".join(char for char in text if not unicodedata.category(char).startswith("S"))
    return anyascii(letters).replace("'", "").casefold()


def sort_key(text: str) -> str:
    """A name as it is sorted: by its Latin transliteration, without case."""
    return latin(unicodedata.normalize("NFKC", text)).strip()[:200]
