"""The WSGI entry point: `gunicorn mergeui.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mergeui.settings")

application = get_wsgi_application()
