"""The real settings, with what is measured beside the desk: the frame alone, and Django's admin."""

from mergeui.settings import *  # noqa: F403
from mergeui.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.admin"]
ROOT_URLCONF = "benchmarks.urls"
