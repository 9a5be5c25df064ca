"""The stand-in without a socket: a transport that is as unkind as the network."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from mergeui.sandbox.app import Sandbox
from mergeui.sandbox.faults import Drop, Hang


class SandboxTransport(httpx.BaseTransport):
    """Hands requests to the app in this process; silence takes no time.

    Where the app asks for the connection to end, httpx's own errors come up, the same ones as
    over a socket.
    """

    def __init__(self, app: Sandbox) -> None:
        self._wsgi = httpx.WSGITransport(app=app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The app's answer; raises httpx.ReadTimeout or httpx.RemoteProtocolError."""
        try:
            response = self._wsgi.handle_request(request)
        except Hang as hang:
            patience = request.extensions.get("timeout", {}).get("read")
            if patience is not None and patience < hang.seconds:
                raise httpx.ReadTimeout("timed out", request=request) from hang
            raise _ended(request) from hang
        except Drop as drop:
            raise _ended(request) from drop
        assert isinstance(response.stream, httpx.SyncByteStream)  # noqa: S101 - as httpx makes it
        return httpx.Response(
            response.status_code,
            headers=response.headers,
            stream=_Body(response.stream, request),
            extensions=response.extensions,
        )


class _Body(httpx.SyncByteStream):
    def __init__(self, inner: httpx.SyncByteStream, request: httpx.Request) -> None:
        self._inner = inner
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._inner
        except Drop as drop:
            raise _ended(self._request) from drop

    def close(self) -> None:
        self._inner.close()


def _ended(request: httpx.Request) -> httpx.RemoteProtocolError:
    return httpx.RemoteProtocolError("The server ended the connection.", request=request)
