"""What a choice on the compare page would do, and how a group stands: in words for the page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from mergeui.accounts.policy import Policy
from mergeui.errors import Invalid
from mergeui.invent import Contact, fingerprint
from mergeui.merging.choice import choose, second_person_needed
from mergeui.merging.models import MergeRequest, RequestState
from mergeui.merging.plan import Gain, Prediction, predict
from mergeui.review.compare import Comparison
from mergeui.review.models import Group, GroupState
from mergeui.review.risk import Caution, ToldApart, called, numbers
from mergeui.review.text import visible, with_short, within
from mergeui.web.comparing import Column, Picked, borrowed
from mergeui.web.labels import segment_class
from mergeui.web.queue import snoozed_until
from mergeui.web.request_words import outcome_of, state_of
from mergeui.web.when import ago, number
from mergeui.web.wording import LONGEST_IN_BAR

SEEN_DIGITS = 16
MOST_GAINS = 50  # channels, and segments, of the expected result that are named
# The keys of the columns, one a place: what has no other use on the page (partials/keys.html).
DIGITS = "123456789"
LETTERS = "cdefghiloqrtvwyz"


@dataclass(frozen=True, slots=True)
class Preview:
    """The expected result. `trouble` is why the choice can't be sent as it is."""

    sentence: str
    trouble: str = ""
    then: str = ""
    button: str = ""
    prediction: Prediction | None = None
    channels: tuple[Gain, ...] = ()
    segments: tuple[tuple[str, str, str], ...] = ()
    more_channels: str = ""
    more_segments: str = ""
    cautions: tuple[Caution, ...] = ()
    acknowledged: bool = False

    @property
    def risks(self) -> str:
        """The codes of the risks, as the form sends them back."""
        return ",".join(caution.risk.value for caution in self.cautions)

    @property
    def labels(self) -> str:
        """The risks in a few words each."""
        return ", ".join(str(caution.risk.label).lower() for caution in self.cautions)


def preview_of(
    contacts: Sequence[Contact],
    picked: Picked,
    said: Sequence[ToldApart] = (),
    *,
    policy: Policy,
    by_hand: bool = False,
) -> Preview:
    """What sending this choice would do under the team's `policy`.

    `said` is what people said of pairs of the contacts; `by_hand`: of a group that people put
    together.
    """
    try:
        choice = choose(contacts, picked.primary, picked.sources, said, by_hand=by_hand, shown=True)
    except Invalid as problem:
        return Preview(problem.sentence, problem.sentence, "", gettext("Merge"))
    risks = ",".join(caution.risk.value for caution in choice.cautions)
    four_eyes = second_person_needed(choice, policy)
    return replace(
        result_of(choice.primary, choice.sources, contacts),
        then=_then(policy.cool_off_seconds, four_eyes=four_eyes),
        button=_button(len(choice.sources), four_eyes=four_eyes),
        cautions=choice.cautions,
        acknowledged=picked.acknowledged and picked.risks in {None, risks},
    )


def with_new(cautions: Sequence[Caution], preview: Preview) -> tuple[Caution, ...]:
    """The cautions of a whole group, and those that its choice alone has, to be read with them."""
    known = {caution.risk for caution in cautions}
    return (*cautions, *(one for one in preview.cautions if one.risk not in known))


def result_of(
    primary: Contact, sources: Sequence[Contact], among: Sequence[Contact] = ()
) -> Preview:
    """What comes of merging `sources` into `primary`, with nothing to press.

    `among` are all contacts of the page, where it has more.
    """
    prediction = predict(primary, sources, called(among or (primary, *sources)))
    return Preview(
        sentence=with_short(prediction.sentence, prediction.primary, LONGEST_IN_BAR),
        prediction=prediction,
        channels=_first(prediction.channels),
        segments=tuple(
            (segment_class(s.color), s.name, s.source) for s in _first(prediction.segments)
        ),
        more_channels=_more(len(prediction.channels)),
        more_segments=_more(len(prediction.segments)),
    )


def _first(gains: Sequence[Gain]) -> tuple[Gain, ...]:
    """As many as a page holds; of more, what the merge would add goes before what is there."""
    if len(gains) <= MOST_GAINS:
        return tuple(gains)
    return tuple(sorted(gains, key=lambda gain: not gain.source)[:MOST_GAINS])


def _more(count: int) -> str:
    """What stands below a list that is cut."""
    left = count - MOST_GAINS
    words = ngettext("and {count} more", "and {count} more", left)
    return words.format(count=number(left)) if left > 0 else ""


def _then(seconds: int, *, four_eyes: bool) -> str:
    if four_eyes:
        return gettext("A second person has to approve it first.")
    words = ngettext(
        "You have {count} second to cancel it.", "You have {count} seconds to cancel it.", seconds
    )
    return words.format(count=number(seconds)) if seconds else ""


def _button(sources: int, *, four_eyes: bool) -> str:
    if four_eyes:
        return gettext("Ask for approval")
    words = ngettext("Merge {count} contact", "Merge {count} contacts", sources)
    return words.format(count=number(sources))


def columns(
    group: Group, comparison: Comparison, picked: Picked, request: MergeRequest | None = None
) -> list[Column]:
    """The heads of the columns, with what is chosen and what changed since it was looked at.

    `request` is the last merge that was asked for.
    """
    seen = dict(line.rsplit(" ", 1) for line in picked.seen if " " in line)
    now = {m.contact_id: m.fingerprint[:SEEN_DIGITS] for m in group.members.all()}
    news = {contact_id: _news(contact_id, seen, now) for contact_id in now}
    if not seen and request is not None and request.state == RequestState.STALE:
        news = _since_asked(request, now)
    names = comparison.names
    marks = numbers(names)
    return [
        Column(
            contact_id=contact.id,
            name=name,
            recommended=contact.id == group.primary_contact_id and not group.by_hand,
            primary=contact.id == picked.primary,
            source=contact.id in picked.sources,
            raw_url=reverse("group_raw", kwargs={"pk": group.pk, "contact_id": contact.id}),
            url=reverse("contact", kwargs={"contact_id": contact.id}),
            news=news[contact.id],
            digit=DIGITS[place : place + 1],
            letter=LETTERS[place : place + 1],
            number=mark,
            borrowed=borrowed(contact),
        )
        for place, (contact, name, mark) in enumerate(
            zip(comparison.contacts, names, marks, strict=True)
        )
    ]


def _news(contact_id: str, seen: dict[str, str], now: dict[str, str]) -> str:
    if not seen or seen.get(contact_id) == now.get(contact_id):
        return ""
    if contact_id in seen:
        return gettext("Changed since you looked")
    return gettext("Joined since you looked")


def _since_asked(request: MergeRequest, now: dict[str, str]) -> dict[str, str]:
    """Who is another than the one that the merge was asked for; who was left out is not told."""
    asked = {raw["id"]: fingerprint(Contact.parse(raw))[:SEEN_DIGITS] for raw in request.snapshot}
    return {
        contact_id: gettext("Changed since the merge was asked for")
        if asked.get(contact_id, seen) != seen
        else ""
        for contact_id, seen in now.items()
    }


@dataclass(frozen=True, slots=True)
class Banner:
    """How the group stands, above everything else. `offer` is the button that fits it."""

    style: str
    icon: str
    words: str
    details: tuple[str, ...] = ()
    offer: str = ""
    url: str = ""


def banner(
    group: Group, user_id: int, now: datetime, request: MergeRequest | None
) -> Banner | None:
    """What to know before reading on; None for an open group that nobody has looked at."""
    if group.state != GroupState.OPEN:
        return _decided(group, now, request)
    if group.claimed_by_other(user_id, now):
        words = gettext("{who} has this group open. Look, but decide it together.").format(
            who=group.claimed_by
        )
        return Banner("warning", "person", words, offer="claim")
    if request is not None:
        # Rejected, cancelled, stale: why it came back is what has to be known now.
        words = gettext("{who} asked for a merge {ago}: {state}.").format(
            who=request.proposed_by,
            ago=ago(request.proposed_at, now),
            state=within(request.get_state_display()),
        )
        details = _outcome(request)
        url = reverse("request", kwargs={"pk": request.pk})
        return Banner("warning", "info", words, details, offer="request", url=url)
    if group.decided_as and group.decided_at:
        label = str(GroupState(group.decided_as).label).lower()
        words = gettext("Earlier: {decision}").format(decision=_told(group, now, label, note=True))
        return Banner("info", "info", words, changed_since(group))
    return None


def _decided(group: Group, now: datetime, request: MergeRequest | None) -> Banner:
    if group.state == GroupState.VANISHED and group.by_hand:
        return Banner("info", "info", _by_hand_ended(group, now))
    if group.state == GroupState.VANISHED:
        return _vanished(request)
    if request is not None and (group.state, request.state) == (
        GroupState.MERGED,
        RequestState.PARTIAL,
    ):
        return _not_as_asked(request)
    if request is not None:
        words = (
            gettext("This group is merged.")
            if group.state == GroupState.MERGED
            else _told(group, now, gettext("A merge was requested"))
        )
        url = reverse("request", kwargs={"pk": request.pk})
        return Banner("info", "merge", words, offer="request", url=url)
    words = _told(group, now, str(GroupState(group.state).label), note=True)
    return Banner("info", "clock", words, offer="reopen")


def _not_as_asked(request: MergeRequest) -> Banner:
    """Of a group that is decided, although its merge left something out, or took more."""
    mark, words = state_of(request)
    style, icon = ("error", "stop") if mark == "bad" else ("warning", "warning")
    url = reverse("request", kwargs={"pk": request.pk})
    return Banner(style, icon, words, _outcome(request), offer="request", url=url)


def _vanished(request: MergeRequest | None) -> Banner:
    words = gettext("Invent no longer suggests this group, so there is nothing to decide.")
    if request is None:
        return Banner("info", "info", words)
    details = _outcome(request)
    url = reverse("request", kwargs={"pk": request.pk})
    return Banner("info", "info", words, details, offer="request", url=url)


def _by_hand_ended(group: Group, now: datetime) -> str:
    if group.decided_as == GroupState.VANISHED:
        return _told(group, now, gettext("Discarded"))
    return gettext("Fewer than two of these contacts are still in Invent: nothing to decide.")


def _outcome(request: MergeRequest) -> tuple[str, ...]:
    return tuple(visible(sentence) for sentence in outcome_of(request))


def _told(group: Group, now: datetime, what: str, *, note: bool = False) -> str:
    """What was decided, until when, by whom, how long ago and why: phrases that stand alone."""
    parts = [what]
    if until := snoozed_until(group):
        parts.append(until)
    if group.decided_by:
        parts.append(gettext("by {who}").format(who=group.decided_by))
    if group.decided_at:
        parts.append(ago(group.decided_at, now))
    if note and group.decided_note:
        parts.append(gettext("“{note}”").format(note=visible(group.decided_note)))
    return " · ".join(parts)


def changed_since(group: Group) -> tuple[str, ...]:
    """What is different from when the group was decided (design.md, States)."""
    before, now = group.decided_evidence or {}, group.evidence
    names = {m.contact_id: m.name for m in group.members.all()}
    was, are = set(before.get("members", [])), set(now.get("members", []))
    joined, gone = gettext("{name} has joined."), gettext("Contact {contact_id} is gone.")
    found = [joined.format(name=names.get(one, one)) for one in sorted(are - was)]
    found += [gone.format(contact_id=visible(one)) for one in sorted(was - are)]
    old = {tuple(link[:2]) for link in before.get("links", [])}
    new = {tuple(link[:2]) for link in now.get("links", [])}
    more, fewer = len(new - old), len(old - new)
    if more:
        words = ngettext(
            "{count} more channel in common.", "{count} more channels in common.", more
        )
        found.append(words.format(count=number(more)))
    if fewer:
        words = ngettext(
            "{count} channel no longer in common.", "{count} channels no longer in common.", fewer
        )
        found.append(words.format(count=number(fewer)))
    return tuple(found) if before else ()
