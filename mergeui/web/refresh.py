"""How fresh the mirror is, and how far a refresh has come: in words. Pure but for `latest`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from mergeui.accounts.models import Organization
from mergeui.kept import Given, Kept
from mergeui.retold import retold
from mergeui.review.models import SyncRun
from mergeui.web.when import ago, exact, number

LOOKED_AT = 10
WORKER_SLOW = timedelta(seconds=15)
NO_SIGN_OF_LIFE = timedelta(seconds=60)
START_WORKER = _("The worker doesn't seem to be running: start it with `manage.py worker`.")


@dataclass(frozen=True, slots=True)
class Line:
    """The live line. `kind` is never, active, done or failed; `bar` is (value, maximum)."""

    kind: str
    words: str
    title: str = ""
    trouble: str = ""
    bar: tuple[int, int] | None = None
    run_id: int | None = None

    @property
    def active(self) -> bool:
        """Whether to ask again in a moment."""
        return self.kind == "active"


def latest(organization: Organization) -> list[SyncRun]:
    """The last runs, newest first: one query."""
    return _LATEST.all(organization=organization.pk)


def _latest() -> QuerySet[SyncRun]:
    runs = SyncRun.objects.filter(organization=Given("organization"))
    return runs.select_related("wanted_by").order_by("-id")[:LOOKED_AT]


_LATEST = Kept(_latest)


def line(runs: Sequence[SyncRun], now: datetime) -> Line:
    """What to say of the newest of `runs`, and of the last that went well."""
    if not runs:
        return Line("never", gettext("Never refreshed"))
    run = runs[0]
    if run.active:
        return _active(run, now)
    done = next((run for run in runs if run.state == SyncRun.State.DONE), None)
    if done is run:
        return _done(run, now)
    trouble = [retold(run.error)]
    if done:
        before = gettext("The list is as it was {ago}.")
        trouble.append(before.format(ago=ago(_end(done), now)))
    words = gettext("Refresh failed {ago}").format(ago=ago(_end(run), now))
    return Line("failed", words, exact(_end(run)), " ".join(trouble), run_id=run.pk)


def counts(run: SyncRun) -> str:
    """What a refresh brought: "12 new, 3 changed, 1 no longer suggested"."""
    words = (
        (run.new, ngettext("{count} new", "{count} new", run.new)),
        (run.changed, ngettext("{count} changed", "{count} changed", run.changed)),
        (
            run.vanished,
            ngettext("{count} no longer suggested", "{count} no longer suggested", run.vanished),
        ),
    )
    parts = [phrase.format(count=number(count)) for count, phrase in words if count]
    return ", ".join(parts) or gettext("nothing new")


def _active(run: SyncRun, now: datetime) -> Line:
    if run.state == SyncRun.State.WANTED:
        late = str(START_WORKER) if now - run.wanted_at > WORKER_SLOW else ""
        return Line("active", gettext("Waiting for the worker…"), trouble=late, run_id=run.pk)
    quiet = now - run.seen_alive_at
    trouble = (
        gettext("The last sign of life was {ago}.").format(ago=ago(run.seen_alive_at, now))
        if quiet > NO_SIGN_OF_LIFE
        else ""
    )
    read, listed = run.groups_read, run.groups_listed
    if listed and read >= listed:
        words = gettext("Storing what was read…")
        return Line("active", words, trouble=trouble, run_id=run.pk)
    if listed:
        words = ngettext(
            "Reading {read} of {count} group…", "Reading {read} of {count} groups…", listed
        ).format(read=number(read), count=number(listed))
        return Line("active", words, trouble=trouble, bar=(read, listed), run_id=run.pk)
    words = gettext("Reading Invent's groups…")
    return Line("active", words, trouble=trouble, run_id=run.pk)


def _done(run: SyncRun, now: datetime) -> Line:
    words = gettext("Refreshed {ago}: {counts}")
    if run.wanted_by:
        words = gettext("Refreshed {ago} by {who}: {counts}")
    words = words.format(ago=ago(_end(run), now), who=run.wanted_by, counts=counts(run))
    return Line("done", words, exact(_end(run)), run_id=run.pk)


def _end(run: SyncRun) -> datetime:
    return run.finished_at or run.seen_alive_at
