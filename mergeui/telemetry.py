"""Traces for OpenTelemetry, when its variables are set and its packages are installed.

Two kinds of spans: an answer to a web request, and a call to Invent. What they say are names of our
addresses, methods, statuses and the id of the request: no address with what somebody searched for.
Off, a span costs nothing.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mergeui import tracing

VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")

_tracer: Any = None


def start() -> None:
    """Begins to trace when a collector is named; for the start of a process, after it has forked.

    Ends the program with one line when the packages are missing.
    """
    if not any(os.environ.get(name) for name in VARIABLES):
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise SystemExit(
            f"{VARIABLES[0]}: is set, but it takes the packages of OpenTelemetry"
            " (pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http)."
        ) from None
    # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES count before this.
    trace_by(BatchSpanProcessor(OTLPSpanExporter()), Resource({"service.name": "mergeui"}))


def trace_by(processor: Any, resource: Any = None) -> None:
    """Traces, and gives each span that is over to `processor`."""
    global _tracer
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider

    known = (resource or Resource({})).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=known)
    provider.add_span_processor(processor)
    _tracer = provider.get_tracer("mergeui")


def stop() -> None:
    """Traces no more."""
    global _tracer
    _tracer = None


@contextmanager
def span(name: str, *, came_with: Mapping[str, str] | None = None) -> Iterator[Any]:
    """What is done inside is a span, which is given; None while nothing is traced.

    `came_with` are the headers of a request that may belong to a trace already. Its `traceparent`
    alone is read.
    """
    if _tracer is None:
        yield None
        return
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    given = (came_with or {}).get("traceparent", "")
    context = TraceContextTextMapPropagator().extract({"traceparent": given}) if given else None
    # An error is in the log, by its place; what it says may hold data.
    with _tracer.start_as_current_span(
        name, context=context, record_exception=False, set_status_on_exception=False
    ) as current:
        current.set_attribute("mergeui.request_id", tracing.current())
        yield current
