"""What is for one person and not read yet: as rows of a list, with what was said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from mergeui.accounts.models import Membership
from mergeui.merging.models import Notice
from mergeui.retold import retold
from mergeui.review.text import visible
from mergeui.web.when import ago, exact

SHOWN = 20
QUOTED = 300
ICONS = {
    Notice.Kind.MENTIONED.value: "person",
    Notice.Kind.REJECTED.value: "stop",
    Notice.Kind.GLASS.value: "warning",
    Notice.Kind.EXPIRED.value: "info",
    Notice.Kind.POLICY.value: "warning",
}


@dataclass(frozen=True, slots=True)
class ForYou:
    """A notice as a row: what happened, about whom, and the words of it."""

    pk: int
    url: str
    words: str
    about: str
    quote: str
    icon: str
    age: str
    moment: str


def unread(member: Membership, now: datetime) -> list[ForYou]:
    """What a member has not read, newest first: one query."""
    notices = Notice.objects.unread_by(member).select_related(
        "group", "request__approval__approver", "entry__payload"
    )
    return [_row(notice, now) for notice in notices.order_by("-pk")[:SHOWN]]


def _row(notice: Notice, now: datetime) -> ForYou:
    where = reverse("policy")
    if notice.request_id:
        where = reverse("request", args=[notice.request_id])
    elif notice.group_id:
        where = reverse("group", args=[notice.group_id])
    words, quote = _said(notice)
    mentioned = notice.kind == Notice.Kind.MENTIONED
    return ForYou(
        pk=notice.pk,
        url=f"{where}#notes" if mentioned else where,
        words=words,
        about=_listed(notice.group.names) if notice.group else "",
        quote=quote,
        icon=ICONS[notice.kind],
        age=ago(notice.at, now),
        moment=exact(notice.at),
    )


def _said(notice: Notice) -> tuple[str, str]:
    """What happened and the words of it, which may have been erased."""
    if notice.kind == Notice.Kind.REJECTED and notice.request:
        approval = notice.request.approval
        words = _("{who} rejected what you asked for").format(who=approval.approver)
        return words, _cut(approval.note)
    if notice.kind == Notice.Kind.GLASS and notice.request:
        approval = notice.request.approval
        words = _("{who} broke the glass and approved alone what takes a second person")
        return words.format(who=approval.approver), _cut(approval.note)
    if notice.kind == Notice.Kind.EXPIRED and notice.request:
        outcome = " ".join(retold(sentence) for sentence in notice.request.outcome)
        return _("A merge that you asked for expired"), _cut(outcome)
    entry = notice.entry
    if notice.kind == Notice.Kind.POLICY:
        words = _("{who} asked for a looser policy, which takes a second admin")
        return words.format(who=entry.actor_name if entry else ""), ""
    text = entry.personal.get("note") if entry else None
    words = _("{who} mentioned you").format(who=entry.actor_name if entry else "")
    return words, _cut(text) if isinstance(text, str) else _("The text was erased.")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (" …" if len(names) > 3 else "")


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return visible(line if len(line) <= QUOTED else f"{line[: QUOTED - 1]}…")
