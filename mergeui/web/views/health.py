"""For probes: whether the process answers, and whether it could do its work."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from mergeui.audit.models import Check


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 when the database answers, has every migration, and its history holds as far as the
    worker has looked; 503 with the reason otherwise."""
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return JsonResponse({"status": "error", "database": "can't be reached"}, status=503)
    if missing:
        words = f"{len(missing)} migrations are missing: run manage.py migrate"
        return JsonResponse({"status": "error", "database": words}, status=503)
    broken = Check.objects.exclude(broken="").values_list("broken", flat=True).first()
    if broken:
        return JsonResponse({"status": "error", "database": "ok", "history": broken}, status=503)
    return JsonResponse({"status": "ok", "database": "ok", "history": "ok"})
