"""The one place that makes a client of Invent from the settings."""

from django.conf import settings

from mergeui.invent import InventClient


def connect(org_id: str) -> InventClient:
    """A client for the Invent org `org_id`; use it as a context manager."""
    raise NotImplementedError
