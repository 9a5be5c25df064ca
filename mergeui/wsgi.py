"""The WSGI entry point: `gunicorn mergeui.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

from mergeui import telemetry

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mergeui.settings")

telemetry.start()
application = get_wsgi_application()
