"""A request in the hands of a worker, and every way in which it leaves them (design.md, States).

Only while the lease holds: what another worker has by now is not touched, and Stale is raised.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from django.db.models import Q
from django.utils import timezone

from mergeui.audit.actions import Action
from mergeui.audit.actor import Actor
from mergeui.audit.transition import move
from mergeui.invent import Contact
from mergeui.merging.lease import Lease
from mergeui.merging.models import MergeRequest, RequestState, Source
from mergeui.merging.settle import about, end, end_of
from mergeui.merging.sources import become, ids_in
from mergeui.merging.unasked import unasked_of
from mergeui.said import Said

FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(days=1)

REST_NOT_MERGED = Said("The rest was not merged.")
LEASE_OVER = Said("The lease is over.")


class Claimed:
    """One claimed request. `seen` are its contacts as they were shown, by their ids.

    `merged` is the contact that Invent gave back last, None before this worker's first merge.
    """

    def __init__(self, request: MergeRequest, lease: Lease) -> None:
        self.request = request
        self.lease = lease
        # The worker acts for nobody in person.
        self.by = Actor.system(request.organization)
        self.seen = {raw["id"]: Contact.parse(raw) for raw in request.snapshot}
        self.merged: Contact | None = None

    def ids(self, state: Source.State) -> list[str]:
        """The sources of which this is known."""
        return ids_in(self.request, state)

    def end(
        self,
        otherwise: RequestState,
        reasons: Sequence[str],
        *,
        first: Callable[[], None] = lambda: None,
    ) -> None:
        """Ends the request: as merged, as far as it is; as `otherwise` when nothing is.

        `first` is done in the same transaction.
        """
        merged_ids = self.ids(Source.State.MERGED)
        state = end_of(self.request, merged_ids, otherwise)
        if state is RequestState.PARTIAL is not otherwise:
            reasons = [REST_NOT_MERGED(), *reasons]
        end(
            self.request,
            state,
            reasons,
            expected=[RequestState.EXECUTING],
            only_if=Q(lease_token=self.lease.token),
            by_user=self.by,
            first=first,
            personal={
                "evidence": list(reasons),
                **({"contacts": [self.merged.raw]} if self.merged else {}),
            },
            merged=merged_ids,
            kept=self.merged,
            **self.unasked,
        )

    @property
    def unasked(self) -> dict[str, Any]:
        """The fact of what was merged beyond what was asked for; none when nothing was."""
        ids = unasked_of(self.request.attempts.all())
        return {"unasked": ids} if ids else {}

    def unknown(self, *reasons: str, sent: Sequence[str] = ()) -> None:
        """Nobody knows yet: the contacts stay locked, and the truth is read back.

        `sent` are sources that were taken for not sent until now.
        """

        move(
            self.request,
            expected=[RequestState.EXECUTING],
            only_if=Q(lease_token=self.lease.token),
            action=Action.MERGE_UNKNOWN,
            by_user=self.by,
            stale=LEASE_OVER,
            changes={
                "state": RequestState.UNKNOWN.value,
                "outcome": list(reasons),
                "read_back_at": timezone.now(),
                "read_backs": 0,
            },
            also=partial(become, self.request, sent, Source.State.SENT),
            **about(self.request, after=RequestState.UNKNOWN.value),
        )

    def postpone(self, reason: str, *, seconds: float | None = None, count: bool = False) -> None:
        """Gives the claim back for a while: nothing was done, so nothing is recorded as decided.

        `seconds` is the pause that Invent asked for. Otherwise, and at least, it is 10 s, and
        doubles with each try that counts.
        """
        pause = FIRST_PAUSE * 2**self.request.tries
        if seconds is not None:
            asked = timedelta(seconds=min(seconds, LONGEST_PAUSE.total_seconds()))
            pause = max(FIRST_PAUSE, asked)
        self.lease.held(self.request).update(
            state=RequestState.APPROVED,
            execute_after=timezone.now() + pause,
            tries=self.request.tries + count,
            waiting_because=reason,
            lease_token="",  # nosec - none
            lease_until=None,
        )
