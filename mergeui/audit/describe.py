"""An entry as a sentence. Pure over the entry and its payload.

A new action is one line in actions.py and one in sentences.py. The sentence is made when somebody
looks, in their language; what is kept are facts. The result is plain text with strangers' names in
it: templates escape it (design.md, rule 10).
"""

from datetime import datetime

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_noop as _

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.actor import NOBODY
from mergeui.audit.models import Entry
from mergeui.audit.policy_words import policy_words
from mergeui.audit.sentences import SENTENCES
from mergeui.audit.words import (
    bulk_wish,
    count_words,
    listed,
    names_in,
    names_listed,
    one_line,
    plain_code,
    proof,
    proofs,
    tally_words,
    thing,
)
from mergeui.dates import day
from mergeui.retold import retold

# Of several calls, some may be done by then.
ENDED_EARLY = (Action.MERGE_CANCELLED, Action.MERGE_EXPIRED)


def describe(entry: Entry) -> str:
    """The entry in one or two sentences: 'Ana López asked to merge 2 contacts into Ana García
    (request 12).'

    Says what it can when facts are missing, when the personal data were erased (ids stand in for
    names) or when the action is of a later version. Reads `entry.payload`: select it with the
    entry.
    """
    words = _Words(entry)
    known = SENTENCES.get(entry.action, _("{who} did “{action}”{subject}."))
    if entry.action == Action.MERGE_PARTIAL and words.whole:
        known = SENTENCES[Action.MERGE_COMPLETED]
    sentence = gettext(known).format_map(words)
    # Begins with one of our own people (by user name, if need be) or with our words, never with a
    # contact's name.
    parts = [sentence[:1].upper() + sentence[1:]]
    if entry.action in ENDED_EARLY and (merged := words.merged):
        parts.append(
            ngettext(
                "{count} of its contacts was merged before; the rest was not sent.",
                "{count} of its contacts were merged before; the rest was not sent.",
                merged,
            ).format(count=merged)
        )
    if unasked := words.unasked:
        parts.append(
            ngettext(
                "Invent merged {count} contact more, which nobody asked for.",
                "Invent merged {count} contacts more, which nobody asked for.",
                unasked,
            ).format(count=unasked)
        )
    if note := one_line(words.personal.get("note")):
        # What a person wrote stays as it was written.
        said = retold(note) if entry.actor_id is None else note
        parts.append(gettext("Note: “{note}”").format(note=said))
    if words.facts.get("late") is True:
        parts.append(gettext("It came too late to count."))
    if words.facts.get("single_operator") is True:
        parts.append(gettext("Made in single-operator mode."))
    if entry.is_erased:
        parts.append(gettext("The personal data of this entry were erased."))
    return " ".join(parts)


class _Words(dict[str, str]):
    """The words of a sentence, worked out when the sentence asks for them."""

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry
        self.facts, self.personal = entry.facts, entry.personal
        self.names = names_in(self.personal)

    @property
    def whole(self) -> bool:
        """Whether all that was asked for is merged."""
        merged, sources = self.facts.get("merged"), self.facts.get("sources")
        if not (isinstance(merged, list) and isinstance(sources, list)):
            return False
        return len(merged) >= len(sources) > 0

    @property
    def merged(self) -> int:
        """How many contacts were merged of those that were asked for."""
        return self._count("merged")

    @property
    def unasked(self) -> int:
        """How many contacts were merged that nobody asked for."""
        return self._count("unasked")

    def _count(self, fact: str) -> int:
        contacts = self.facts.get(fact)
        return len(contacts) if isinstance(contacts, list) else 0

    def __missing__(self, word: str) -> str:
        return str(getattr(self, f"_{word}")())

    def _who(self) -> str:
        name = one_line(self.entry.actor_name)
        if name == NOBODY and self.entry.actor_id is None:
            return gettext("The system")
        return name or gettext("Somebody")

    def _action(self) -> str:
        return self.entry.action_label

    def _subject(self) -> str:
        return f" ({self._thing()})" if self.entry.subject else ""

    def _thing(self) -> str:
        """The subject in words: "request 12"."""
        kind, number = self.entry.subject_kind, self.entry.subject_id
        return thing(kind, number) or self.entry.subject.replace(":", " ", 1)

    def _name(self, contact_id: object) -> str:
        return self.names.get(str(contact_id)) or one_line(contact_id) or gettext("a contact")

    def _primary(self) -> str:
        return self._name(self.facts.get("primary"))

    def _sources(self) -> str:
        return self._contacts(self.facts.get("sources"))

    def _contacts(self, ids: object) -> str:
        if not isinstance(ids, list) or not ids:
            return gettext("contacts")
        if len(ids) == 1:
            return self._name(ids[0])
        return ngettext("{count} contact", "{count} contacts", len(ids)).format(count=len(ids))

    def _merged(self) -> str:
        merged = self.facts.get("merged")
        return str(len(merged)) if isinstance(merged, list) else gettext("some")

    def _behind(self) -> str:
        """Whose merge it was, where the system carried it out."""
        asked, approved = (one_line(self.facts.get(f"{did}_by")) for did in ("asked", "approved"))
        parts = [gettext(", asked for by {who}").format(who=asked)] if asked else []
        parts += [gettext(", approved by {who}").format(who=approved)] if approved else []
        return "".join(parts)

    def _request(self) -> str:
        number = self.entry.request_pk
        return f" ({thing('request', number)})" if number else ""

    def _bulk(self) -> str:
        number = self.entry.bulk_pk
        return f" ({thing('bulk', number)})" if number else ""

    def _wish(self) -> str:
        return bulk_wish(self.facts)

    def _tally(self) -> str:
        return f": {words}" if (words := tally_words(self.facts)) else ""

    def _group(self) -> str:
        number = self.entry.group_pk
        names = [self.names[key] for key in sorted(self.names)] or names_listed(self.personal)
        label = thing("group", number) if number else gettext("a group")
        return f"{label} ({listed(names)})" if names else label

    def _because(self) -> str:
        reason = self.facts.get("reason", self.facts.get("why"))
        # A person needs no reason: the sentence says who it was.
        return f": {plain_code(reason)}" if reason and reason != "a person" else ""

    def _verdict(self) -> str:
        verdict = self.facts.get("verdict", self.facts.get("after"))
        return f": {plain_code(verdict)}" if verdict else ""

    def _outcome(self) -> str:
        status = self.facts.get("status")
        after = plain_code(self.facts.get("after"))
        if status and after:
            words = gettext("answered {status}, so {after}")
        elif status:
            words = gettext("answered {status}")
        else:
            words = gettext("no answer, so {after}") if after else gettext("no answer")
        return f": {words.format(status=status, after=after)}"

    def _until(self) -> str:
        until = one_line(self.facts.get("until"))
        if not until:
            return ""
        try:
            shown = day(datetime.fromisoformat(until))
        except ValueError:
            shown = until
        return " " + gettext("until {day}").format(day=shown)

    def _counts(self) -> str:
        known = [
            words.format(count=self.facts[key])
            for key, words in count_words(self.facts).items()
            if isinstance(self.facts.get(key), int)
        ]
        return f": {', '.join(known)}" if known else ""

    def _typed_name(self) -> str:
        name = one_line(self.personal.get("username"))
        return " " + gettext("as “{name}”").format(name=name) if name else ""

    def _path(self) -> str:
        path = one_line(self.facts.get("path"))
        return " " + gettext("at {path}").format(path=path) if path else ""

    def _user(self) -> str:
        name = one_line(self.personal.get("username"))
        if name:
            return gettext("the user {name}").format(name=name)
        return self._thing() or gettext("a user")

    def _whose(self) -> str:
        return " " + gettext("of {user}").format(user=self._user()) if self.personal else ""

    def _factor(self) -> str:
        return proof(self.facts.get("factor"))

    def _proofs(self) -> str:
        return f" ({words})" if (words := proofs(self.facts.get("with"))) else ""

    def _role(self) -> str:
        role = one_line(self.facts.get("role"))
        label = str(Role(role).label).lower() if role in Role.values else role
        return " " + gettext("as {role}").format(role=label) if role else ""

    def _policy(self) -> str:
        changes = self.facts.get("policy")
        return f" ({policy_words(changes)})" if isinstance(changes, dict) and changes else ""

    def _glass(self) -> str:
        return ", " + gettext("who may break the glass") if self.facts.get("glass") is True else ""

    def _org(self) -> str:
        org = one_line(self.facts.get("org"))
        return f" ({org})" if org else ""

    def _fingerprint(self) -> str:
        mark = one_line(self.facts.get("fingerprint"))
        return " " + gettext("with the fingerprint {mark}").format(mark=mark) if mark else ""

    def _erased(self) -> str:
        numbers = self.facts.get("numbers")
        count = len(numbers) if isinstance(numbers, list) else 0
        contacts = self.facts.get("contacts")
        ids = (
            ", ".join(map(one_line, contacts))
            if isinstance(contacts, list)
            else gettext("a contact")
        )
        words = ngettext("{contacts} from {count} entry", "{contacts} from {count} entries", count)
        return words.format(contacts=ids, count=count)

    def _exported(self) -> str:
        count, form = self.facts.get("count"), one_line(self.facts.get("format"))
        what = ""
        if isinstance(count, int):
            entries = ngettext("{count} entry", "{count} entries", count)
            what = f": {entries.format(count=count)}"
        return what + " " + gettext("as {format}").format(format=form.upper()) if form else what
