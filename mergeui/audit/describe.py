"""An entry as a sentence. Pure over the entry and its payload.

A new action is one line in actions.py and one line here. The result is plain text with strangers'
names in it: templates escape it (design.md, rule 10).
"""

import unicodedata
from collections.abc import Sequence
from typing import Any

from mergeui.audit.actions import Action
from mergeui.audit.models import Entry

LONGEST = 200  # characters of a name or a note

_JOINERS = "\u200c\u200d"  # part of the spelling in Persian, Hindi or emoji

SENTENCES: dict[str, str] = {
    Action.SYNCED: "{who} refreshed the groups from Invent{counts}.",
    Action.SYNC_FAILED: "{who} could not refresh the groups from Invent{because}.",
    Action.GROUP_DISMISSED: "{who} marked {group} as not a duplicate.",
    Action.GROUP_SNOOZED: "{who} snoozed {group}{until}.",
    Action.GROUP_REOPENED: "{who} put {group} back into the queue{because}.",
    Action.NOTE_WRITTEN: "{who} wrote a note about {group}{request}.",
    Action.MERGE_REQUESTED: "{who} asked to merge {sources} into {primary}{request}.",
    Action.MERGE_APPROVED: "{who} approved the merge of {sources} into {primary}{request}.",
    Action.MERGE_PASSED: "The merge of {sources} into {primary} needed nobody's approval{request}.",
    Action.MERGE_REJECTED: "{who} rejected the merge of {sources} into {primary}{request}.",
    Action.MERGE_WITHDRAWN: "{who} withdrew the merge of {sources} into {primary}{request}.",
    Action.MERGE_CANCELLED: "{who} cancelled the approved merge of {sources} into {primary}"
    "{request}.",
    Action.MERGE_EXPIRED: "The merge of {sources} into {primary} expired{request}.",
    Action.MERGE_STALE: "The merge of {sources} into {primary} was not sent, because the contacts"
    " had changed{request}.",
    Action.ATTEMPT_STARTED: "{who} wrote down the call that merges {sources} into {primary},"
    " before sending it{request}.",
    Action.ATTEMPT_ANSWERED: "{who} recorded what came of the call that merges {sources} into"
    " {primary}{outcome}{request}.",
    Action.ATTEMPT_NOT_SENT: "The call that merges {sources} into {primary} never left this desk"
    "{because}{request}.",
    Action.MERGE_COMPLETED: "Merged {sources} into {primary}{request}.",
    Action.MERGE_PARTIAL: "Merged only {merged} of {sources} into {primary}{request}.",
    Action.MERGE_REFUSED: "Invent refused to merge {sources} into {primary}{because}{request}.",
    Action.MERGE_UNKNOWN: "It is not known whether {sources} merged into {primary}{because}"
    "{request}.",
    Action.MERGE_READ_BACK: "{who} read back from Invent what became of {sources} and {primary}"
    "{verdict}{request}.",
    Action.MERGE_NOT_APPLIED: "The merge of {sources} into {primary} did not happen{because}"
    "{request}.",
    Action.MERGE_CONFLICT: "A person has to look at the merge of {sources} into {primary}"
    "{because}{request}.",
    Action.MERGE_RESOLVED: "{who} settled the merge of {sources} into {primary}{verdict}{request}.",
    Action.RESULT_DIFFERS: "After the merge {primary} is not what was predicted{request}.",
    Action.MERGING_HALTED: "{who} halted all merges.",
    Action.MERGING_RESUMED: "{who} let the merges go on.",
    Action.MERGE_RECOVERED: "{who} looked at a merge into {primary} that this database had"
    " forgotten: {merged} of {sources} no longer exist.",
    Action.SIGNED_IN: "{who} signed in.",
    Action.SIGNED_OUT: "{who} signed out.",
    Action.SIGN_IN_REFUSED: "Somebody could not sign in{typed_name}{because}.",
    Action.REFUSED: "{who} was refused something{path}{because}.",
    Action.USER_ADDED: "{who} added {user}{role}.",
    Action.PAYLOAD_ERASED: "{who} erased the personal data of {erased}.",
    Action.HISTORY_EXPORTED: "{who} exported the history{exported}.",
}


def describe(entry: Entry) -> str:
    """The entry in one or two sentences: 'Ana López asked to merge 2 contacts into Ana García
    (request 12).'

    Says what it can when facts are missing, when the personal data were erased (ids stand in for
    names) or when the action is of a later version. Reads `entry.payload`: select it with the
    entry.
    """
    words = _Words(entry)
    sentence = SENTENCES.get(entry.action, "{who} did “{action}”{subject}.").format_map(words)
    # Begins with one of our own people (by user name, if need be) or with our words, never with a
    # contact's name.
    parts = [sentence[:1].upper() + sentence[1:]]
    if note := _text(words.personal.get("note")):
        parts.append(f"Note: “{note}”")
    if words.facts.get("late") is True:
        parts.append("It came too late to count.")
    if entry.is_erased:
        parts.append("The personal data of this entry were erased.")
    return " ".join(parts)


class _Words(dict[str, str]):
    """The words of a sentence, worked out when the sentence asks for them."""

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry
        self.facts, self.personal = entry.facts, entry.personal
        self.names = _names(self.personal)

    def __missing__(self, word: str) -> str:
        return str(getattr(self, f"_{word}")())

    def _who(self) -> str:
        return _text(self.entry.actor_name) or "Somebody"

    def _action(self) -> str:
        return self.entry.action_label

    def _subject(self) -> str:
        return f" ({self.entry.subject.replace(':', ' ', 1)})" if self.entry.subject else ""

    def _name(self, contact_id: object) -> str:
        return self.names.get(str(contact_id)) or _text(contact_id) or "a contact"

    def _primary(self) -> str:
        return self._name(self.facts.get("primary"))

    def _sources(self) -> str:
        return self._contacts(self.facts.get("sources"))

    def _contacts(self, ids: object) -> str:
        if not isinstance(ids, list) or not ids:
            return "contacts"
        return self._name(ids[0]) if len(ids) == 1 else f"{len(ids)} contacts"

    def _merged(self) -> str:
        merged = self.facts.get("merged")
        return str(len(merged)) if isinstance(merged, list) else "some"

    def _request(self) -> str:
        return f" (request {self.entry.request_pk})" if self.entry.request_pk else ""

    def _group(self) -> str:
        number = self.entry.group_pk
        names = [self.names[key] for key in sorted(self.names)]
        label = f"group {number}" if number else "a group"
        return f"{label} ({_listed(names)})" if names else label

    def _because(self) -> str:
        reason = self.facts.get("reason", self.facts.get("why"))
        return f": {_plain_code(reason)}" if reason else ""

    def _verdict(self) -> str:
        verdict = self.facts.get("verdict", self.facts.get("after"))
        return f": {_plain_code(verdict)}" if verdict else ""

    def _outcome(self) -> str:
        status = self.facts.get("status")
        answered = f"answered {status}" if status else "no answer"
        after = self.facts.get("after")
        return f": {answered}, so {_plain_code(after)}" if after else f": {answered}"

    def _until(self) -> str:
        until = _text(self.facts.get("until"))
        return f" until {until[:10]}" if until else ""

    def _counts(self) -> str:
        known = [
            f"{self.facts[key]} {key}"
            for key in ("new", "changed", "vanished", "unchanged")
            if isinstance(self.facts.get(key), int)
        ]
        return f": {', '.join(known)}" if known else ""

    def _typed_name(self) -> str:
        name = _text(self.personal.get("username"))
        return f" as “{name}”" if name else ""

    def _path(self) -> str:
        path = _text(self.facts.get("path"))
        return f" at {path}" if path else ""

    def _user(self) -> str:
        name = _text(self.personal.get("username"))
        return f"the user {name}" if name else self.entry.subject.replace(":", " ", 1) or "a user"

    def _role(self) -> str:
        role = _text(self.facts.get("role"))
        return f" as {role}" if role else ""

    def _erased(self) -> str:
        numbers = self.facts.get("numbers")
        count = len(numbers) if isinstance(numbers, list) else 0
        contacts = self.facts.get("contacts")
        ids = ", ".join(map(_text, contacts)) if isinstance(contacts, list) else "a contact"
        return f"{ids} from {count} {'entry' if count == 1 else 'entries'}"

    def _exported(self) -> str:
        count, form = self.facts.get("count"), _text(self.facts.get("format"))
        what = f": {count} entries" if isinstance(count, int) else ""
        return f"{what} as {form.upper()}" if form else what


def _names(personal: dict[str, Any]) -> dict[str, str]:
    """Contact ids and what the contacts were called then."""
    found: dict[str, str] = {}
    contacts = personal.get("contacts")
    for contact in contacts if isinstance(contacts, list) else ():
        if isinstance(contact, dict) and (name := _text(contact.get("name"))):
            found[str(contact.get("id"))] = name
    names = personal.get("names")
    for contact_id, name in names.items() if isinstance(names, dict) else ():
        if shown := _text(name):
            found[str(contact_id)] = shown
    return found


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown


def _plain_code(code: object) -> str:
    """A code such as "not_applied" in words; a sentence without its full stop."""
    return _text(code).replace("_", " ").rstrip(".")


def _text(value: object) -> str:
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
