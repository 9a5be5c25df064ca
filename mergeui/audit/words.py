"""What facts and personal data of the history are called in words, for describe.py."""

import unicodedata
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_noop as _

from mergeui.retold import retold

LONGEST = 200  # characters of a name or a note

_JOINERS = "\u200c\u200d"  # part of the spelling in Persian, Hindi or emoji

# What an entry is about, by the kind of its subject.
THINGS: dict[str, str] = {
    "bulk": _("bulk decision {number}"),
    "contact": _("contact {number}"),
    "group": _("group {number}"),
    "invitation": _("invitation {number}"),
    "organization": _("organisation {number}"),
    "request": _("request {number}"),
    "sync": _("refresh {number}"),
    "user": _("user {number}"),
}

# The codes that facts hold, in words; an unknown one is shown as it is.
CODES: dict[str, str] = {
    "a person": _("a person"),
    "changed": _("changed"),
    "claimed": _("somebody else had it open"),
    "code": _("wrong second factor"),
    "conflict": _("conflict"),
    "forbidden": _("merges are answered with 403"),
    "gap": _("the database is older than what was sent"),
    "inactive": _("the account is switched off"),
    "invalid": _("it could not be used as it was"),
    "key": _("Invent refuses the API key"),
    "listed again": _("listed again"),
    "lost_role": _("the person's role no longer allows it"),
    "merged": _("merged"),
    "not_allowed": _("not allowed"),
    "not_applied": _("not applied"),
    "not_sent": _("not sent"),
    "notallowed": _("not allowed"),
    "notread": _("Invent could not be read"),
    "NotSent": _("no connection to Invent was made"),
    "partial": _("partial"),
    "refused": _("refused"),
    "refused_before": _("a call of before was answered with 429"),
    "snooze over": _("snooze over"),
    "sso": _("not by the company sign-in"),
    "stale": _("someone was faster"),
    "syncfailed": _("Invent could not be read"),
    "toolate": _("it was too late"),
    "unclear": _("unclear"),
    "unknown": _("unknown"),
    "wrong": _("wrong name or password"),
}


PROOFS: dict[str, str] = {
    "password": _("a password"),
    "totp": _("an authenticator app"),
    "webauthn": _("a passkey"),
    "recovery_codes": _("recovery codes"),
    "socialaccount": _("the company sign-in"),
}


def proof(kind: object) -> str:
    """What somebody proves with who they are."""
    known = PROOFS.get(str(kind))
    return gettext(known) if known else plain_code(kind) or gettext("a second factor")


def proofs(kinds: object) -> str:
    """What somebody signed in with; empty when that is not known."""
    return ", ".join(proof(kind) for kind in kinds) if isinstance(kinds, list) else ""


def thing(kind: str, number: object) -> str:
    """What an entry is about: "request 12"; empty for a kind that has no words."""
    words = THINGS.get(kind)
    return gettext(words).format(number=number) if words else ""


def count_words(facts: dict[str, Any]) -> dict[str, str]:
    """What a refresh brought, by the names of its facts."""
    new, changed, vanished, unchanged = (
        count if isinstance(count := facts.get(key), int) else 0
        for key in ("new", "changed", "vanished", "unchanged")
    )
    return {
        "new": ngettext("{count} new", "{count} new", new),
        "changed": ngettext("{count} changed", "{count} changed", changed),
        "vanished": ngettext("{count} vanished", "{count} vanished", vanished),
        "unchanged": ngettext("{count} unchanged", "{count} unchanged", unchanged),
    }


def bulk_wish(facts: dict[str, Any]) -> str:
    """What a bulk decision is to do: "merge 12 groups at once"."""
    counted = facts.get("count")
    count = counted if isinstance(counted, int) else 0
    words = {
        "merge": ngettext("merge {count} group at once", "merge {count} groups at once", count),
        "dismiss": ngettext(
            "mark {count} group as not duplicates at once",
            "mark {count} groups as not duplicates at once",
            count,
        ),
        "snooze": ngettext("snooze {count} group at once", "snooze {count} groups at once", count),
    }
    return words.get(str(facts.get("kind")), gettext("decide about many groups at once")).format(
        count=count
    )


def tally_words(facts: dict[str, Any]) -> str:
    """How a bulk decision ended: "190 done, 7 set aside"; empty without counts."""
    done, set_aside, failed, taken_back = counts = [
        count if isinstance(count := facts.get(key), int) else 0
        for key in ("done", "set_aside", "failed", "taken_back")
    ]
    if not isinstance(facts.get("done"), int):
        return ""
    words = (
        ngettext("{count} done", "{count} done", done),
        ngettext("{count} set aside", "{count} set aside", set_aside),
        ngettext("{count} failed", "{count} failed", failed),
        ngettext("{count} taken back", "{count} taken back", taken_back),
    )
    said = [one.format(count=count) for one, count in zip(words, counts, strict=True)]
    return ", ".join(one for n, one in enumerate(said) if n == 0 or counts[n])


def names_in(personal: dict[str, Any]) -> dict[str, str]:
    """Contact ids and what the contacts were called then."""
    found: dict[str, str] = {}
    contacts = personal.get("contacts")
    for contact in contacts if isinstance(contacts, list) else ():
        if isinstance(contact, dict) and (name := one_line(contact.get("name"))):
            found[str(contact.get("id"))] = name
    names = personal.get("names")
    for contact_id, name in names.items() if isinstance(names, dict) else ():
        if shown := one_line(name):
            found[str(contact_id)] = shown
    return found


def names_listed(personal: dict[str, Any]) -> list[str]:
    """What the contacts were called where only that is kept, as for a group that was put aside."""
    names = personal.get("names")
    return [shown for name in names if (shown := one_line(name))] if isinstance(names, list) else []


def listed(names: Sequence[str]) -> str:
    """The first three names, and how many more there are."""
    shown = ", ".join(names[:3])
    more = len(names) - 3
    if more <= 0:
        return shown
    words = ngettext("{names} and {count} more", "{names} and {count} more", more)
    return words.format(names=shown, count=more)


def plain_code(code: object) -> str:
    """A code such as "not_applied" in words; a sentence without its full stop."""
    text = one_line(code)
    known = CODES.get(text)
    return gettext(known) if known else retold(text).replace("_", " ").rstrip(".")


def one_line(value: object) -> str:
    """On one line, not too long, without what is invisible or turns the direction of reading."""
    if value is None or isinstance(value, bool | dict | list):
        return ""
    text = str(value)
    if not (text.isascii() and text.isprintable()):
        text = _seen(text)
    text = text.strip()
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _seen(text: str) -> str:
    return "".join(
        " " if unicodedata.category(character) in {"Cc", "Zl", "Zp"} else character
        for character in text
        if character in _JOINERS or unicodedata.category(character) not in {"Cf", "Cs"}
    )
