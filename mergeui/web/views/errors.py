"""Pages for what went wrong outside a view."""

from django.http import HttpRequest, HttpResponse


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Says in words that the form was too old."""
    return HttpResponse("The form was too old.", status=403)
