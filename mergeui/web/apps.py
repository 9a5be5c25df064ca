"""Pages and forms, on top of everything."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Pages and forms, on top of everything."""

    name = "mergeui.web"
    label = "web"
