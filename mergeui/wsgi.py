"""The WSGI entry point: `gunicorn mergeui.wsgi`."""

import gc
import os
import sys

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from mergeui import telemetry

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mergeui.settings")

# At each statement a thread lets go of Python, and gets it back when the turn of another is over.
# Who has the write lock waits so six times, and everybody else with them: turns are short.
sys.setswitchinterval(0.0005)


def _load() -> WSGIHandler:
    """The application with all of its addresses, so that no request waits for them.

    Next to nothing of what is loaded is garbage: it isn't looked through meanwhile (a twelfth of
    the start), nor ever after, where it would be in the way of requests.
    """
    gc.disable()
    loaded = get_wsgi_application()
    get_resolver().url_patterns  # noqa: B018
    gc.freeze()
    gc.enable()
    return loaded


telemetry.start()
application = _load()
