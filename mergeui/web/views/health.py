"""For probes: whether the process answers, and whether it could do its work."""

from secrets import compare_digest

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from mergeui.merging.condition import condition
from mergeui.web.metrics import exposition


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 when this process could serve people: the database answers, has every migration, and its
    history holds as far as the worker has looked; 503 with the reason otherwise.

    That no worker is heard of, or that Invent was not read in time, is said too and is no reason
    to send people elsewhere: `status` is "degraded" then.
    """
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if missing:
            words = f"{len(missing)} migrations are missing: run manage.py migrate"
            return JsonResponse({"status": "error", "database": words}, status=503)
        now = condition(timezone.now())
    except DatabaseError:
        return JsonResponse({"status": "error", "database": "can't be reached"}, status=503)
    if now.broken:
        return JsonResponse(
            {"status": "error", "database": "ok", "history": now.broken}, status=503
        )
    well = now.worker_alive and now.synced
    return JsonResponse(
        {
            "status": "ok" if well else "degraded",
            "database": "ok",
            "history": "ok",
            "worker": "ok" if now.worker_alive else _since(now.worker_age, "never heard of"),
            "sync": "ok" if now.synced else _since(now.sync_age, "never done"),
        }
    )


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For Prometheus, which says the token; 404 for everybody else, and without a token set."""
    given = request.headers.get("Authorization", "")
    wanted = f"Bearer {settings.METRICS_TOKEN}"
    if not settings.METRICS_TOKEN or not compare_digest(given.encode(), wanted.encode()):
        raise Http404
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)


def _since(age: float | None, never: str) -> str:
    return never if age is None else f"{age:.0f} s ago"
