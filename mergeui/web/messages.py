"""What is said once, on the next page: kept in a cookie of this host alone."""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage


class Messages(CookieStorage):
    """Django's own, signed and for the browser's window; the name says which host it is of."""

    cookie_name = settings.MESSAGES_COOKIE_NAME
