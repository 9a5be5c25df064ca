"""What every request gets: an id, a page for each refusal, and the headers of the answer."""

import re
from collections.abc import Callable
from time import monotonic

from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers

from mergeui import telemetry, tracing
from mergeui.audit.actions import Action
from mergeui.audit.log import record_alone
from mergeui.errors import Problem
from mergeui.web import metrics, problems

GetResponse = Callable[[HttpRequest], HttpResponse]
SANE_ID = re.compile(r"[A-Za-z0-9._:-]{8,64}")


# What the desk has no use for, so no page of it may have it, whatever gets into one.
FEATURES = (
    "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "fullscreen",
    "geolocation", "gyroscope", "magnetometer", "microphone", "midi", "payment",
    "picture-in-picture", "screen-wake-lock", "serial", "sync-xhr", "usb", "xr-spatial-tracking",
)  # fmt: skip
HEADERS = {
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in FEATURES),
    # No other site may embed anything of ours, and our pages embed nothing of others.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}


class HeadersMiddleware:
    """Says what Django's own middleware does not; the outermost, so that every answer has it.

    Whatever does not say that it may be kept is kept nowhere: most answers hold personal data, and
    one that forgets to say so is a leak in some cache. Static files say how long they last.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.setdefault(name, value)
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response


class RequestIdMiddleware:
    """Gives each request an id, or keeps the proxy's, and says it in the answer.

    The history stores it with each entry, so that an entry is found in the logs of the server.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        started = monotonic()
        with (
            tracing.traced(given if SANE_ID.fullmatch(given) else "") as request_id,
            telemetry.span("request", came_with=request.headers) as span,
        ):
            request.request_id = request_id  # type: ignore[attr-defined]
            response = self.get_response(request)
            if span:
                metrics.describe(span, request, response)
        metrics.count(request, response, started)
        response["X-Request-ID"] = request_id
        return response


class ProblemMiddleware:
    """Turns a Problem that a view raises into its page, and records the refusal of a form."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The answer to a Problem; None for anything else, which is a mistake in the program."""
        if not isinstance(exception, Problem):
            return None
        record_refusal(request, exception)
        return problems.refuse(request, exception)


def record_refusal(request: HttpRequest, problem: Problem) -> None:
    """One entry for a refused form of a member; looking at pages is not recorded."""
    actor = getattr(request, "actor", None)
    if actor is None or request.method != "POST":
        return
    facts = {
        "reason": type(problem).__name__.lower(),
        "status": problem.status,
        "path": request.path,
        "method": request.method,
    }
    record_alone(Action.REFUSED, by_user=actor, facts=facts)
