"""Spans of OpenTelemetry: when they are made, and that they name nobody."""

import sys
from collections.abc import Iterator

import httpx
import pytest
from django.test import Client
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from mergeui import telemetry
from mergeui.invent import NotSent
from tests.invent.calling import merge
from tests.merging.stage import anas, wired
from tests.web.cast import somebody

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    kept = InMemorySpanExporter()
    telemetry.trace_by(SimpleSpanProcessor(kept))
    yield kept
    telemetry.stop()


@pytest.mark.django_db
def test_a_page_is_a_span_that_names_nobody(spans: InMemorySpanExporter) -> None:
    headers = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "X-Request-ID": "of-the-proxy"}
    somebody().get("/groups/?q=ana@example.com", headers=headers)
    (span,) = spans.get_finished_spans()
    assert span.name == "GET queue"
    assert f"{span.context.trace_id:032x}" == TRACE
    assert dict(span.attributes or {}) == {
        "mergeui.request_id": "of-the-proxy", "http.request.method": "GET", "http.route": "queue",
        "http.response.status_code": 200,
    }  # fmt: skip
    Client().get("/ana@example.com/", headers={"traceparent": "nonsense"})
    assert spans.get_finished_spans()[-1].name == "GET none"


@pytest.mark.django_db
def test_a_call_to_invent_is_one_also_when_it_fails(spans: InMemorySpanExporter) -> None:
    desk = anas(2)
    calls = [span for span in spans.get_finished_spans() if span.name == "Invent GET"]
    assert calls
    assert calls[0].attributes["http.response.status_code"] == 200
    wire = wired(desk)

    def no_connection(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("to ana@example.com")

    wire.on_merge = no_connection
    with pytest.raises(NotSent):
        merge(desk.client, "a", ("b",))
    failed = spans.get_finished_spans()[-1]
    assert (failed.name, failed.events) == ("Invent POST", ())
    assert "ana" not in failed.to_json()


def test_off_without_its_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in telemetry.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    telemetry.start()
    with telemetry.span("x") as span:
        assert span is None


def test_on_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(telemetry.VARIABLES[0], "http://127.0.0.1:9")
    made: list[object] = []
    monkeypatch.setattr(telemetry, "trace_by", lambda *given: made.extend(given))
    telemetry.start()
    assert len(made) == 2
    made[0].shutdown()


def test_one_line_when_its_packages_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(telemetry.VARIABLES[1], "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.resources", None)
    with pytest.raises(SystemExit, match="takes the packages of OpenTelemetry"):
        telemetry.start()
