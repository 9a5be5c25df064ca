"""Channels that may be the same in another spelling. Pure.

A hint for the eye and nothing more: what links contacts is Invent's to say (evidence.py), and what
a merge gives is predicted by the exact channel (merging/plan.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _

from mergeui.invent import Channel

PHONES = {"whatsapp_bot", "twilio", "telnyx"}
MAILS = {"gmail", "google_calendar"}


class Sort(StrEnum):
    """What kind of address a channel has."""

    PHONE = "phone"
    MAIL = "mail"
    USERNAME = "username"


@dataclass(frozen=True, slots=True)
class Address:
    """A channel's address as it is compared: two with the same `value` may be the same."""

    sort: Sort
    value: str


def address_of(channel: Channel) -> Address | None:
    """What the channel is recognised by; None for one that only its exact id identifies.

    A phone number is read by the country of the channel when it is written without one. An e-mail
    address counts without case, dots and what follows a plus, a user name without case.
    """
    if not channel.is_external:
        return None
    if channel.type in PHONES:
        return _phone(channel, channel.phone or channel.user_id)
    if channel.type in MAILS:
        return _mail(channel.email or channel.user_id)
    if channel.username and (name := channel.username.strip().lstrip("@").casefold()):
        return Address(Sort.USERNAME, f"{channel.type}:{name}")
    return _mail(channel.email) or _phone(channel, channel.phone)


def relation(sort: Sort, types: Sequence[str], texts: Sequence[str]) -> str:
    """How channels with one address differ, in words."""
    several_types = len(set(types)) > 1
    if sort is Sort.PHONE and several_types:
        return _("Same number, different channels")
    if several_types:
        return _("May be the same address, on different channels")
    if len(set(texts)) == 1:
        return _("Written the same, with another id")
    if sort is Sort.PHONE:
        return _("Same number, written differently")
    if len({text.casefold() for text in texts}) == 1:
        return _("May be the same: only capitals differ")
    return _("May be the same: dots or a plus part differ")


def _mail(text: str | None) -> Address | None:
    local, at, domain = (text or "").strip().casefold().rpartition("@")
    local = local.partition("+")[0].replace(".", "")
    return Address(Sort.MAIL, f"{local}@{domain}") if at and local and domain else None


def _phone(channel: Channel, text: str | None) -> Address | None:
    # The plans of all countries' numbers are loaded for the first number, not with the addresses.
    from mergeui.review.phones import number_of

    number = number_of(text or "", channel.country or "", channel.type == "whatsapp_bot")
    return Address(Sort.PHONE, number) if number else None
