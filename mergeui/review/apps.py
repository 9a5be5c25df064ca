"""The mirror of Invent's suggestions, and what people decide about them."""

from django.apps import AppConfig


class ReviewConfig(AppConfig):
    """The mirror of Invent's suggestions, and what people decide about them."""

    name = "mergeui.review"
    label = "review"
