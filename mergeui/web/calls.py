"""The calls that were made for a request, and the looks for what became of it: in words."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from mergeui.merging.models import Attempt, ReadBack
from mergeui.retold import retold
from mergeui.review.text import within
from mergeui.web.excerpts import Excerpt, excerpt
from mergeui.web.when import contacts, exact


@dataclass(frozen=True, slots=True)
class Call:
    """One call: a line, and what was sent and answered, exactly as far as it is shown."""

    words: str
    sent: Excerpt
    answered: Excerpt


@dataclass(frozen=True, slots=True)
class LookedAt:
    """One look: a line, and a sentence for each contact."""

    words: str
    sentences: tuple[str, ...]


def calls(attempts: Iterable[Attempt], *, whole: bool = False) -> list[Call]:
    """The calls, in the order given; of what is very long the beginning unless `whole`."""
    words = _("Call {number}: {state}, {contacts}, {moment}")
    return [
        Call(
            words=words.format(
                number=attempt.number,
                state=within(attempt.get_state_display()),
                contacts=contacts(len(attempt.source_ids)),
                moment=exact(attempt.started_at, to_second=True),
            ),
            sent=excerpt("{method} {url}\n{body}".format(**attempt.call), whole=whole),
            answered=excerpt(_answered(attempt), whole=whole),
        )
        for attempt in attempts
    ]


def _answered(attempt: Attempt) -> str:
    if not attempt.answer:
        return retold(attempt.reason) or _("Nothing was recorded.")
    words = _("{status} after {seconds} s").format(
        status=attempt.answer["status"], seconds=attempt.answer["seconds"]
    )
    return f"{words}\n{attempt.answer['body']}"


def looks(found: Iterable[ReadBack]) -> list[LookedAt]:
    """The looks, in the order given."""
    words = _("Read back: {verdict}, {moment}")
    return [
        LookedAt(
            words=words.format(
                verdict=within(look.get_verdict_display()), moment=exact(look.at, to_second=True)
            ),
            sentences=tuple(retold(seen["sentence"]) for seen in look.evidence),
        )
        for look in found
    ]
