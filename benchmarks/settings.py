"""The real settings, with one page more: the frame alone, to measure the others against."""

from mergeui.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
