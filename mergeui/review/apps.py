"""The mirror of Invent's suggestions, and what people decide about them."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class ReviewConfig(AppConfig):
    """The mirror of Invent's suggestions, and what people decide about them."""

    name = "mergeui.review"
    label = "review"

    def ready(self) -> None:
        """Teaches the ORM `__among`, and has the index of the queue whole after migrations."""
        from mergeui.review import among  # noqa: F401

        post_migrate.connect(_index, sender=self)


def _index(using: str, **more: Any) -> None:
    from mergeui.review.finding import TABLE, install

    # Not before the migration that installs it, nor where nothing can drop a part of it.
    database = connections[using]
    if database.vendor == "sqlite" and TABLE in database.introspection.table_names():
        install(database)
