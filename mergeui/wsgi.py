"""The WSGI entry point: `gunicorn mergeui.wsgi`."""

import os
import sys

from django.core.wsgi import get_wsgi_application

from mergeui import telemetry

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mergeui.settings")

# At each statement a thread lets go of Python, and gets it back when the turn of another is over.
# Who has the write lock waits so six times, and everybody else with them: turns are short.
sys.setswitchinterval(0.0005)

telemetry.start()
application = get_wsgi_application()
