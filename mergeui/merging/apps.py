"""Merge requests, approvals, attempts, and finding out what became of them."""

from django.apps import AppConfig


class MergingConfig(AppConfig):
    """Merge requests, approvals, attempts, and finding out what became of them."""

    name = "mergeui.merging"
    label = "merging"
