"""How requests go out: reads again and again within reason, writes once."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_random_exponential

from mergeui.invent.clean import decode_json
from mergeui.invent.errors import (
    InvalidMerge,
    InventError,
    Malformed,
    NotSent,
    OverBudget,
    RateLimited,
    RawAnswer,
    Unavailable,
)
from mergeui.invent.guard import GuardedTransport
from mergeui.invent.verdict import (
    NO_SENSE,
    NOT_READ,
    read_answer,
    unknown,
    worth_another_try,
    write_answer,
)
from mergeui.invent.wire import exchange, open_client, open_transport
from mergeui.said import Said

READ_LIMIT = 32 * 1024 * 1024
WRITE_LIMIT = 8 * 1024 * 1024
LONGEST_WAIT = 120.0
# How long nobody asks when Invent does not say how long.
SHORTEST_PAUSE = 10.0

NOTHING_SENT = Said("Nothing was sent to Invent: {sentence}")
OUR_ERROR = Said("the call ended in an error on our side")
NOT_READABLE = Said("its answer could not be read")

logger = logging.getLogger("mergeui.invent")

_after_failure = wait_random_exponential(multiplier=1, max=20)
# The limit is one of a minute (invent-api.md, Conventions): 10 + 20 + 40 s outlast it.
_after_429 = wait_random_exponential(multiplier=20, max=60, min=10)


class Limiter(Protocol):
    """What keeps to the request budget; Budget is one."""

    def acquire(
        self, *, urgent: bool = False, sleep: Callable[[float], None] | None = None
    ) -> None:
        """Wait until one more request is in the budget; urgent ones need not queue for long.

        Raises OverBudget when it takes too long, and what `sleep` raises.
        """

    def pause(self, seconds: float) -> None:
        """Let nobody who keeps to this budget send anything for so long."""

    def paused(self) -> float:
        """How many seconds of such a pause are left."""


class Session:
    """The key and the two connections: one pool for reads, fresh ones for writes."""

    def __init__(
        self,
        api_key: str,
        *,
        transport: httpx.BaseTransport | None,
        limiter: Limiter | None,
        read_seconds: float,
        write_seconds: float,
        tries: int,
        user_agent: str,
        sleep: Callable[[float], None],
        told_to_wait: Callable[[float], None],
    ) -> None:
        # A line break would end the header and start another; no key of theirs has a space.
        if not re.fullmatch(r"[\x21-\x7e]+", api_key):
            raise ValueError("the API key is empty or has a character that no key has")
        self._key = api_key
        self._limiter = limiter
        self._sleep = sleep
        self._told_to_wait = told_to_wait
        self._tries = tries
        self._read_seconds = read_seconds
        self._write_seconds = write_seconds
        headers = {
            "authorization": f"Bearer {api_key}",
            "accept": "application/json",
            "user-agent": user_agent,
        }
        self._reads = open_client(
            GuardedTransport(transport or open_transport(keep_alive=True)),
            seconds=read_seconds,
            headers=headers,
        )
        # A connection that idled may be dead without anyone knowing, and a write over it would
        # end as unknown; and the stored answer should be the bytes that came, so no packing.
        self._writes = open_client(
            GuardedTransport(transport or open_transport(keep_alive=False)),
            seconds=write_seconds,
            headers=headers | {"connection": "close", "accept-encoding": "identity"},
        )

    def close(self) -> None:
        """Close all connections."""
        self._reads.close()
        self._writes.close()

    def paused(self) -> float:
        """How many seconds are left of a pause that Invent asked somebody of this host for."""
        with suppress(OverBudget):  # said by the next acquire()
            return self._limiter.paused() if self._limiter else 0.0
        return 0.0

    def _pause(self, error: RateLimited) -> None:
        """Everybody waits: whoever asked too would be refused too, and lengthen it."""
        seconds = SHORTEST_PAUSE if error.retry_after is None else error.retry_after
        seconds = min(seconds, LONGEST_WAIT)
        if self._limiter:
            with suppress(OverBudget):
                self._limiter.pause(seconds)
        self._told_to_wait(seconds)

    def get(
        self, url: str, params: Mapping[str, str], *, name: str
    ) -> tuple[Any, Mapping[str, str]]:
        """The clean JSON and the kept headers at `url`; `name` stands for it in the log.

        Tries as often as it may with growing, jittered waits, or as long as Retry-After says, up to
        two minutes. Raises Rejected or Unavailable.
        """

        def tell(state: RetryCallState) -> None:
            error = state.outcome and state.outcome.exception()
            status = error.status if isinstance(error, InventError) else None
            logger.warning(
                "Invent, %s: try %d failed (status %s), next in %.1f s",
                name, state.attempt_number, status, state.upcoming_sleep,
            )  # fmt: skip

        trying = Retrying(
            retry=retry_if_exception(worth_another_try),
            stop=stop_after_attempt(self._tries),
            wait=_wait,
            sleep=self._sleep,
            before_sleep=tell,
            reraise=True,
        )
        return trying(self._get_once, url, params)

    def _get_once(self, url: str, params: Mapping[str, str]) -> tuple[Any, Mapping[str, str]]:
        if self._limiter:
            self._limiter.acquire(sleep=self._sleep)
        request = self._reads.build_request("GET", url, params=params)
        got = exchange(
            self._reads, request, limit=READ_LIMIT, seconds=self._read_seconds, key=self._key
        )
        try:
            answer = read_answer(got)
        except RateLimited as error:
            self._pause(error)
            raise
        try:
            return decode_json(got.content), answer.headers
        except Malformed as error:
            raise Unavailable(NOT_READ(reason=NO_SENSE()), answer=answer) from error

    def write(
        self,
        method: str,
        url: str,
        body: str,
        extensions: Mapping[str, Any] | None = None,
        *,
        last_check: Callable[[], None] = lambda: None,
    ) -> tuple[Any, RawAnswer]:
        """Send one write, once; the clean JSON of its 200 answer, and the answer.

        `last_check` is called after all waiting, before the first byte. Raises NotSent, Rejected,
        OutcomeUnknown, InvalidMerge from the guard, or what `last_check` raises: nothing was sent.
        """
        if self._limiter:
            try:
                self._limiter.acquire(urgent=True)
            except OverBudget as error:
                raise NotSent(NOTHING_SENT(sentence=error.sentence)) from error
        request = self._writes.build_request(
            method,
            url,
            content=body.encode(),
            headers={"content-type": "application/json"},
            extensions=dict(extensions or {}),
        )
        last_check()
        try:
            got = exchange(
                self._writes,
                request,
                limit=WRITE_LIMIT,
                seconds=self._write_seconds,
                key=self._key,
            )
        except InvalidMerge:
            raise
        except Exception as error:
            # Whatever it is, the request may have gone out by now.
            raise unknown(OUR_ERROR(), None) from error
        try:
            answer = write_answer(got)
        except RateLimited as error:
            self._pause(error)
            raise
        try:
            return decode_json(got.content), answer
        except Malformed as error:
            raise unknown(NOT_READABLE(), answer) from error


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, RateLimited):
        return _after_failure(state)
    if error.retry_after is None:
        return _after_429(state)
    # A little later than told, and not all at once: other processes were told the same.
    return min(error.retry_after, LONGEST_WAIT) + _after_failure(state) / 10
