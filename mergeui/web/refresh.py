"""How fresh the mirror is, and how far a refresh has come: in words. Pure but for `latest`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mergeui.accounts.models import Organization
from mergeui.review.models import SyncRun
from mergeui.web.when import ago, exact, plural

LOOKED_AT = 10
WORKER_SLOW = timedelta(seconds=15)
NO_SIGN_OF_LIFE = timedelta(seconds=60)
START_WORKER = "The worker doesn't seem to be running: start it with `manage.py worker`."


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
    runs = SyncRun.objects.filter(organization=organization).select_related("wanted_by")
    return list(runs.order_by("-id")[:LOOKED_AT])


def line(runs: Sequence[SyncRun], now: datetime) -> Line:
    """What to say of the newest of `runs`, and of the last that went well."""
    if not runs:
        return Line("never", "Never refreshed")
    run = runs[0]
    if run.active:
        return _active(run, now)
    done = next((run for run in runs if run.state == SyncRun.State.DONE), None)
    if done is run:
        return _done(run, now)
    before = f" The list is as it was {ago(_end(done), now)}." if done else ""
    words = f"Refresh failed {ago(_end(run), now)}"
    return Line("failed", words, exact(_end(run)), f"{run.error}{before}", run_id=run.pk)


def counts(run: SyncRun) -> str:
    """What a refresh brought: "12 new, 3 changed, 1 no longer suggested"."""
    parts = [
        f"{number:,} {word}"
        for number, word in (
            (run.new, "new"),
            (run.changed, "changed"),
            (run.vanished, "no longer suggested"),
        )
        if number
    ]
    return ", ".join(parts) or "nothing new"


def _active(run: SyncRun, now: datetime) -> Line:
    if run.state == SyncRun.State.WANTED:
        late = START_WORKER if now - run.wanted_at > WORKER_SLOW else ""
        return Line("active", "Waiting for the worker…", trouble=late, run_id=run.pk)
    quiet = now - run.seen_alive_at
    trouble = (
        f"No sign of life for {ago(run.seen_alive_at, now).removesuffix(' ago')}."
        if quiet > NO_SIGN_OF_LIFE
        else ""
    )
    read, listed = run.groups_read, run.groups_listed
    if listed and read >= listed:
        return Line("active", "Storing what was read…", trouble=trouble, run_id=run.pk)
    if listed:
        words = f"Reading {read:,} of {plural(listed, 'group')}…"
        return Line("active", words, trouble=trouble, bar=(read, listed), run_id=run.pk)
    return Line("active", "Reading Invent's groups…", trouble=trouble, run_id=run.pk)


def _done(run: SyncRun, now: datetime) -> Line:
    who = f" by {run.wanted_by}" if run.wanted_by else ""
    words = f"Refreshed {ago(_end(run), now)}{who}: {counts(run)}"
    return Line("done", words, exact(_end(run)), run_id=run.pk)


def _end(run: SyncRun) -> datetime:
    return run.finished_at or run.seen_alive_at
