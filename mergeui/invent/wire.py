"""One request out, one bounded answer back, and nothing of the key in it."""

from __future__ import annotations

import functools
import logging
import re
import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from mergeui import telemetry, tracing
from mergeui.invent.clean import clean_text
from mergeui.invent.errors import RawAnswer

CONNECT_SECONDS = 10.0
STORED_CHARACTERS = 256 * 1024

_KEPT_HEADERS = (
    "content-type", "content-length", "date", "location", "pagination-count", "pagination-page",
    "pagination-take", "retry-after", "server", "x-request-id",
)  # fmt: skip

# These log every address, and addresses hold e-mail addresses and phone numbers (?user_id=…).
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What came of one request.

    `answer` is None when not even a status came; `error` is what broke the exchange, before or
    in the middle of the answer; `content` is the decoded body as far as it came.
    """

    answer: RawAnswer | None
    content: bytes
    error: Exception | None

    @property
    def never_connected(self) -> bool:
        """Whether it failed before a connection stood, so that no byte of it was sent."""
        before = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
        return isinstance(self.error, before)


class TooLong(Exception):
    """The body is longer, or took longer, than is taken."""


def open_client(
    transport: httpx.BaseTransport, *, seconds: float, headers: dict[str, str]
) -> httpx.Client:
    """A client that follows no redirect and takes nothing (proxies, .netrc) from its surroundings.

    `seconds` bounds each wait for the other side; connecting may take 10 s at most.
    """
    connect = min(seconds, CONNECT_SECONDS)
    timeout = httpx.Timeout(connect=connect, read=seconds, write=seconds, pool=seconds)
    return httpx.Client(
        transport=transport,
        timeout=timeout,
        headers=headers,
        follow_redirects=False,
        trust_env=False,
    )


def open_transport(*, keep_alive: bool) -> httpx.BaseTransport:
    """A transport over the network; without `keep_alive` each request has a fresh connection."""
    limits = httpx.Limits(
        max_connections=20, max_keepalive_connections=10 if keep_alive else 0, keepalive_expiry=15
    )
    return httpx.HTTPTransport(verify=_tls(), trust_env=False, limits=limits, retries=0)


def exchange(
    client: httpx.Client, request: httpx.Request, *, limit: int, seconds: float, key: str
) -> Exchange:
    """Send `request` once and read at most `limit` bytes within `seconds` of body time.

    Whatever HTTP or the network does wrong is in the result, never raised. `key` is blotted out
    of the answer, should the other side repeat it. The id of what is being done goes along.
    """
    if request_id := tracing.current():
        request.headers["x-request-id"] = request_id
    started = time.monotonic()
    response: httpx.Response | None = None
    content = bytearray()
    broke: Exception | None = None
    try:
        with telemetry.span(f"Invent {request.method}") as span:
            response = client.send(request, stream=True)
            if span:
                span.set_attribute("http.response.status_code", response.status_code)
        deadline = time.monotonic() + seconds
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > limit or time.monotonic() > deadline:
                raise TooLong
    except (httpx.HTTPError, httpx.StreamError, OSError, TooLong) as error:
        broke = error
    finally:
        if response is not None:
            response.close()
    body = bytes(content[:limit])
    elapsed = time.monotonic() - started
    answer = None if response is None else _raw_answer(response, body, elapsed, key)
    return Exchange(answer, body, broke)


def retry_after_seconds(answer: RawAnswer) -> float | None:
    """The Retry-After header in seconds from now, never negative; None without a usable one."""
    value = answer.headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", value, re.ASCII):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError):
        return None


def _raw_answer(response: httpx.Response, body: bytes, elapsed: float, key: str) -> RawAnswer:
    headers = {
        name: _without(key, clean_text(response.headers[name]))[:500]
        for name in _KEPT_HEADERS
        if name in response.headers
    }
    # clean_text() would look at each character of a page; no surrogate comes out of UTF-8.
    text = _without(key, body.decode("utf-8", "replace").replace("\0", "\ufffd"))
    cut = len(text) > STORED_CHARACTERS
    return RawAnswer(response.status_code, headers, text[:STORED_CHARACTERS], cut, elapsed)


def _without(key: str, text: str) -> str:
    # A real key is long; blotting out a toy one like "k" would only spoil the text.
    return text.replace(key, "[key]") if len(key) >= 8 else text


@functools.cache
def _tls() -> ssl.SSLContext:
    # Building one takes 30 ms, and every client may share it.
    return httpx.create_ssl_context(trust_env=False)
