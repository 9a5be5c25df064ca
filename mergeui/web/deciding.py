"""What a choice on the compare page would do, and how a group stands: in words for the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext

from mergeui.errors import Invalid
from mergeui.invent import Contact, fingerprint
from mergeui.merging.models import MergeRequest, RequestState
from mergeui.merging.plan import Prediction, predict
from mergeui.merging.proposals import choose, second_person_needed
from mergeui.review.compare import Comparison
from mergeui.review.models import Group, GroupState
from mergeui.review.risk import Caution, ToldApart
from mergeui.review.text import visible
from mergeui.web.comparing import Column, Picked
from mergeui.web.labels import segment_class
from mergeui.web.queue import snoozed_until
from mergeui.web.when import ago, plural

SEEN_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Preview:
    """The expected result. `trouble` is why the choice can't be sent as it is."""

    sentence: str
    trouble: str
    then: str
    button: str
    prediction: Prediction | None = None
    segments: tuple[tuple[str, str, str], ...] = ()
    cautions: tuple[Caution, ...] = ()
    acknowledged: bool = False

    @property
    def risks(self) -> str:
        """The codes of the risks, as the form sends them back."""
        return ",".join(caution.risk.value for caution in self.cautions)

    @property
    def labels(self) -> str:
        """The risks in a few words each."""
        return ", ".join(caution.risk.label.lower() for caution in self.cautions)


def preview_of(
    contacts: Sequence[Contact], picked: Picked, said: Sequence[ToldApart] = ()
) -> Preview:
    """What sending this choice would do; `said` is what people said of pairs of the contacts."""
    try:
        choice = choose(contacts, picked.primary, picked.sources, said)
    except Invalid as problem:
        return Preview(problem.sentence, problem.sentence, "", "Merge")
    prediction = predict(choice.primary, choice.sources)
    risks = ",".join(caution.risk.value for caution in choice.cautions)
    four_eyes = second_person_needed(choice)
    return Preview(
        sentence=prediction.sentence,
        trouble="",
        then=_then(four_eyes=four_eyes),
        button="Ask for approval"
        if four_eyes
        else f"Merge {plural(len(choice.sources), 'contact')}",
        prediction=prediction,
        segments=tuple((segment_class(s.color), s.name, s.source) for s in prediction.segments),
        cautions=choice.cautions,
        acknowledged=picked.acknowledged and picked.risks in {None, risks},
    )


def _then(*, four_eyes: bool) -> str:
    if four_eyes:
        return "A second person has to approve it first."
    seconds = settings.MERGE_COOL_OFF_SECONDS
    return f"You have {plural(seconds, 'second')} to cancel it." if seconds else ""


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
    return [
        Column(
            contact_id=contact.id,
            name=name,
            recommended=contact.id == group.primary_contact_id,
            primary=contact.id == picked.primary,
            source=contact.id in picked.sources,
            raw_url=reverse("group_raw", kwargs={"pk": group.pk, "contact_id": contact.id}),
            url=reverse("contact", kwargs={"contact_id": contact.id}),
            news=news[contact.id],
        )
        for contact, name in zip(comparison.contacts, comparison.names, strict=True)
    ]


def _news(contact_id: str, seen: dict[str, str], now: dict[str, str]) -> str:
    if not seen or seen.get(contact_id) == now.get(contact_id):
        return ""
    return "Changed since you looked" if contact_id in seen else "Joined since you looked"


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
        words = f"{group.claimed_by} has this group open. Look, but decide it together."
        return Banner("warning", "person", words, offer="claim")
    if request is not None:
        # Rejected, cancelled, stale: why it came back is what has to be known now.
        words = (
            f"{request.proposed_by} asked for a merge {ago(request.proposed_at, now)}:"
            f" {request.get_state_display().lower()}."
        )
        details = tuple(visible(sentence) for sentence in request.outcome)
        url = reverse("request", kwargs={"pk": request.pk})
        return Banner("warning", "info", words, details, offer="request", url=url)
    if group.decided_as and group.decided_at:
        label = GroupState(group.decided_as).label.lower()
        words = f"Earlier: {label}{_by(group)}, {ago(group.decided_at, now)}{_note(group)}"
        return Banner("info", "info", words, changed_since(group))
    return None


def _decided(group: Group, now: datetime, request: MergeRequest | None) -> Banner:
    when = f", {ago(group.decided_at, now)}" if group.decided_at else ""
    if group.state == GroupState.VANISHED:
        return _vanished(request)
    if request is not None:
        words = (
            "This group is merged."
            if group.state == GroupState.MERGED
            else (f"A merge was requested{_by(group)}{when}.")
        )
        url = reverse("request", kwargs={"pk": request.pk})
        return Banner("info", "merge", words, offer="request", url=url)
    label = GroupState(group.state).label
    until = snoozed_until(group)
    return Banner(
        "info", "clock", f"{label}{until}{_by(group)}{when}{_note(group)}", offer="reopen"
    )


def _vanished(request: MergeRequest | None) -> Banner:
    words = "Invent no longer suggests this group, so there is nothing to decide."
    if request is None:
        return Banner("info", "info", words)
    details = tuple(visible(sentence) for sentence in request.outcome)
    url = reverse("request", kwargs={"pk": request.pk})
    return Banner("info", "info", words, details, offer="request", url=url)


def _by(group: Group) -> str:
    return f" by {group.decided_by}" if group.decided_by else ""


def _note(group: Group) -> str:
    return f": “{visible(group.decided_note)}”" if group.decided_note else "."


def changed_since(group: Group) -> tuple[str, ...]:
    """What is different from when the group was decided (design.md, States)."""
    before, now = group.decided_evidence or {}, group.evidence
    names = {m.contact_id: m.name for m in group.members.all()}
    was, are = set(before.get("members", [])), set(now.get("members", []))
    found = [f"{names.get(contact_id, contact_id)} has joined." for contact_id in sorted(are - was)]
    found += [f"Contact {visible(contact_id)} is gone." for contact_id in sorted(was - are)]
    old = {tuple(link[:2]) for link in before.get("links", [])}
    new = {tuple(link[:2]) for link in now.get("links", [])}
    if new - old:
        found.append(f"{plural(len(new - old), 'more channel')} in common.")
    if old - new:
        found.append(f"{plural(len(old - new), 'channel')} no longer in common.")
    return tuple(found) if before else ()
