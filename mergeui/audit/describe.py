"""An entry as a sentence. Pure over the entry and its payload.

A new action is one line in actions.py and one line here. The sentence is made when somebody looks,
in their language; what is kept are facts. The result is plain text with strangers' names in it:
templates escape it (design.md, rule 10).
"""

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_noop as _

from mergeui.accounts.models import Role
from mergeui.audit.actions import Action
from mergeui.audit.actor import NOBODY
from mergeui.audit.models import Entry
from mergeui.audit.words import (
    bulk_wish,
    count_words,
    listed,
    names_in,
    one_line,
    plain_code,
    tally_words,
    thing,
)
from mergeui.retold import retold

SENTENCES: dict[str, str] = {
    Action.SYNCED: _("{who} refreshed the groups from Invent{counts}."),
    Action.SYNC_FAILED: _("{who} could not refresh the groups from Invent{because}."),
    Action.GROUP_DISMISSED: _("{who} marked {group} as not a duplicate."),
    Action.GROUP_KNOWN: _(
        "{group} stays out of the queue: each pair in it was marked as not a duplicate before."
    ),
    Action.GROUP_SNOOZED: _("{who} snoozed {group}{until}."),
    Action.GROUP_MADE: _("{who} put together {group} by hand: Invent did not suggest it."),
    Action.GROUP_DISCARDED: _("{who} discarded {group}, which had been put together by hand."),
    Action.GROUP_SPLIT: _("{who} split {group} into several merges."),
    Action.GROUP_REOPENED: _("{who} put {group} back into the queue{because}."),
    Action.NOTE_WRITTEN: _("{who} wrote a note about {group}{request}."),
    Action.BULK_REQUESTED: _("{who} asked to {wish}{bulk}."),
    Action.BULK_STOPPED: _("{who} stopped a bulk decision{because}{tally}{bulk}."),
    Action.BULK_TAKEN_BACK: _("{who} took a bulk decision back, as far as it goes{bulk}."),
    Action.BULK_ENDED: _("A bulk decision came to its end{tally}{bulk}."),
    Action.MERGE_REQUESTED: _("{who} asked to merge {sources} into {primary}{request}."),
    Action.MERGE_APPROVED: _("{who} approved the merge of {sources} into {primary}{request}."),
    Action.MERGE_PASSED: _(
        "The merge of {sources} into {primary} needed nobody's approval{request}."
    ),
    Action.MERGE_REJECTED: _("{who} rejected the merge of {sources} into {primary}{request}."),
    Action.MERGE_WITHDRAWN: _("{who} withdrew the merge of {sources} into {primary}{request}."),
    Action.MERGE_CANCELLED: _(
        "{who} cancelled the approved merge of {sources} into {primary}{request}."
    ),
    Action.MERGE_EXPIRED: _("The merge of {sources} into {primary} expired{request}."),
    Action.MERGE_STALE: _(
        "The merge of {sources} into {primary} was not sent, because the contacts"
        " had changed{request}."
    ),
    Action.ATTEMPT_STARTED: _(
        "{who} wrote down the call that merges {sources} into {primary},"
        " before sending it{request}."
    ),
    Action.ATTEMPT_ANSWERED: _(
        "{who} recorded what came of the call that merges {sources} into"
        " {primary}{outcome}{request}."
    ),
    Action.ATTEMPT_NOT_SENT: _(
        "The call that merges {sources} into {primary} never left this desk{because}{request}."
    ),
    Action.MERGE_COMPLETED: _("Merged {sources} into {primary}{request}."),
    Action.MERGE_PARTIAL: _("Merged only {merged} of {sources} into {primary}{request}."),
    Action.MERGE_REFUSED: _("Invent refused to merge {sources} into {primary}{because}{request}."),
    Action.MERGE_UNKNOWN: _(
        "It is not known whether {sources} merged into {primary}{because}{request}."
    ),
    Action.MERGE_READ_BACK: _(
        "{who} read back from Invent what became of {sources} and {primary}{verdict}{request}."
    ),
    Action.MERGE_NOT_APPLIED: _(
        "The merge of {sources} into {primary} did not happen{because}{request}."
    ),
    Action.MERGE_CONFLICT: _(
        "A person has to look at the merge of {sources} into {primary}{because}{request}."
    ),
    Action.MERGE_RESOLVED: _(
        "{who} settled the merge of {sources} into {primary}{verdict}{request}."
    ),
    Action.RESULT_DIFFERS: _("After the merge {primary} is not what was predicted{request}."),
    Action.OPT_OUT_WANTED: _(
        "{who} asked that the opt-out of {primary}, lost in a merge, is set again{request}."
    ),
    Action.OPT_OUT_SET: _("The opt-out of {primary}, lost in a merge, is set again{request}."),
    Action.OPT_OUT_NOT_SET: _(
        "The opt-out of {primary}, lost in a merge, could not be set again{request}."
    ),
    Action.MERGING_HALTED: _("{who} halted all merges."),
    Action.MERGING_RESUMED: _("{who} let the merges go on."),
    Action.MERGE_RECOVERED: _(
        "{who} looked at a merge into {primary} that this database had"
        " forgotten: {merged} of {sources} no longer exist."
    ),
    Action.SIGNED_IN: _("{who} signed in."),
    Action.SIGNED_OUT: _("{who} signed out."),
    Action.SIGN_IN_REFUSED: _("Somebody could not sign in{typed_name}{because}."),
    Action.REFUSED: _("{who} was refused something{path}{because}."),
    Action.USER_ADDED: _("{who} added {user}{role}."),
    Action.PAYLOAD_ERASED: _("{who} erased the personal data of {erased}."),
    Action.RECOVERY_TAKEN: _(
        "{who} took away the recovery pack of the merge of {sources} into {primary}{request}."
    ),
    Action.HISTORY_EXPORTED: _("{who} exported the history{exported}."),
}


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
    def unasked(self) -> int:
        """How many contacts were merged that nobody asked for."""
        more = self.facts.get("unasked")
        return len(more) if isinstance(more, list) else 0

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
        names = [self.names[key] for key in sorted(self.names)]
        label = thing("group", number) if number else gettext("a group")
        return f"{label} ({listed(names)})" if names else label

    def _because(self) -> str:
        reason = self.facts.get("reason", self.facts.get("why"))
        return f": {plain_code(reason)}" if reason else ""

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
        return " " + gettext("until {day}").format(day=until[:10]) if until else ""

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

    def _role(self) -> str:
        role = one_line(self.facts.get("role"))
        label = str(Role(role).label).lower() if role in Role.values else role
        return " " + gettext("as {role}").format(role=label) if role else ""

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
