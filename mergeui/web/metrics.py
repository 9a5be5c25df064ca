"""Metrics for Prometheus: how often and how quickly pages answer, and how the desk is.

Labels are the names of our own addresses, methods and states: nothing that comes from a person or
a contact. With several web processes the directory PROMETHEUS_MULTIPROC_DIR holds what each has
counted (gunicorn.conf.py); without it a process tells of itself alone.
"""

import os
from collections.abc import Iterator
from time import monotonic
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from mergeui.merging.condition import condition

OWN = CollectorRegistry()
REQUESTS = Counter(
    "mergeui_http_requests", "Requests answered", ["address", "method", "status"], registry=OWN
)
SECONDS = Histogram(
    "mergeui_http_request_seconds",
    "How long an answer took",
    ["address"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=OWN,
)
METHODS = {"GET", "HEAD", "POST"}


def count(request: HttpRequest, response: HttpResponse, started: float) -> None:
    """Counts an answer that took since `started` (time.monotonic)."""
    address, method = _named(request)
    REQUESTS.labels(address, method, str(response.status_code)).inc()
    SECONDS.labels(address).observe(monotonic() - started)


def describe(span: Any, request: HttpRequest, response: HttpResponse) -> None:
    """Says in a span of OpenTelemetry what was asked and answered, by the same names."""
    address, method = _named(request)
    span.update_name(f"{method} {address}")
    span.set_attribute("http.request.method", method)
    span.set_attribute("http.route", address)
    span.set_attribute("http.response.status_code", response.status_code)


def _named(request: HttpRequest) -> tuple[str, str]:
    match = request.resolver_match
    method = request.method if request.method in METHODS else "other"
    return (match.url_name if match else None) or "none", str(method)


class _Desk(Collector):
    """The database's side, asked when somebody looks."""

    def collect(self) -> Iterator[Metric]:
        """One gauge a fact of condition.py; ages are left out where there is none."""
        now = condition(timezone.now())
        single = {
            "mergeui_workers": ("Workers heard of lately", now.workers),
            "mergeui_worker_age_seconds": ("Since a worker was heard of", now.worker_age),
            "mergeui_sync_age_seconds": ("Since Invent was last read whole", now.sync_age),
            "mergeui_merge_overdue_seconds": ("How long the oldest merge is due", now.oldest_due),
            "mergeui_halted_organizations": ("Where no merge is executed", now.halted),
            "mergeui_history_entries": ("Entries of the history", now.entries),
            "mergeui_history_broken": ("1 when the history does not hold", int(bool(now.broken))),
            "mergeui_opt_outs_lost": ("Lost by a merge and not set again", now.lost_opt_outs),
        }
        for name, (words, value) in single.items():
            if value is not None:
                yield GaugeMetricFamily(name, words, value=value)
        for name, words, found in (
            ("mergeui_merge_requests", "Merge requests that are not finished", now.requests),
            ("mergeui_merge_calls", "Merge calls of the last day by what came of them", now.calls),
        ):
            family = GaugeMetricFamily(name, words, labels=["state"])
            for state, number in sorted(found.items()):
                family.add_metric([state], number)
            yield family


def exposition() -> bytes:
    """All of it, in the text format of Prometheus."""
    counted = OWN
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    desk = CollectorRegistry()
    desk.register(_Desk())
    return bytes(generate_latest(counted)) + bytes(generate_latest(desk))
