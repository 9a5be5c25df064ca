"""What every page's frame shows."""

from typing import Any

from django.http import HttpRequest


def desk(request: HttpRequest) -> dict[str, Any]:
    """Nothing yet."""
    return {}
