"""Sessions as Django keeps them in the database; its question is put together once a process."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from mergeui.kept import Given, Kept


def _alive() -> QuerySet[Session]:
    field = Session._meta.get_field
    return Session.objects.filter(
        session_key=Given("key", field("session_key")),
        expire_date__gt=Given("now", field("expire_date")),
    )


ALIVE = Kept(_alive)


class SessionStore(db.SessionStore):
    """What every page and every decision asks first."""

    def _get_session_from_db(self) -> Session | None:
        found = ALIVE.first(key=self.session_key, now=timezone.now())
        if found is None:
            self._session_key = None
        return found
