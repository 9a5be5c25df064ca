"""Sessions as Django keeps them in the database; its question is put together once a process."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from mergeui.kept import Given, Kept

UNTIL = "until"


def _alive() -> QuerySet[Session]:
    field = Session._meta.get_field
    return Session.objects.filter(
        session_key=Given("key", field("session_key")),
        expire_date__gt=Given("now", field("expire_date")),
    )


ALIVE = Kept(_alive)


def end_in(session: SessionBase, time: timedelta) -> None:
    """Sets the end of a sign-in."""
    session[UNTIL] = (timezone.now() + time).isoformat()


class SessionStore(db.SessionStore):
    """What every page and every decision asks first.

    Django's own end is counted from the last time that something is written into the session; that
    of a sign-in (`end_in`) is not put off by anything.
    """

    def get_expiry_date(self, **about: Any) -> datetime:
        """When it ends."""
        ends: datetime = super().get_expiry_date(**about)
        until = self.get(UNTIL)
        return min(ends, datetime.fromisoformat(until)) if until else ends

    def _get_session_from_db(self) -> Session | None:
        found = ALIVE.first(key=self.session_key, now=timezone.now())
        if found is None:
            self._session_key = None
        return found
