"""The append-only history of everything that was decided and done."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The append-only history of everything that was decided and done."""

    name = "mergeui.audit"
    label = "audit"
