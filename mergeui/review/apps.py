"""The mirror of Invent's suggestions, and what people decide about them."""

from django.apps import AppConfig


class ReviewConfig(AppConfig):
    """The mirror of Invent's suggestions, and what people decide about them."""

    name = "mergeui.review"
    label = "review"

    def ready(self) -> None:
        """Teaches the ORM `__among`."""
        from mergeui.review import among  # noqa: F401
