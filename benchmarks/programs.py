"""The programs that a benchmark measures, as processes that end with it."""

import json
import os
import re
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles


def prepare(directory: Path, invent: str, database: str = "") -> dict[str, str]:
    """The environment of the desk that is measured, as the other processes get it.

    The database is a new SQLite file in `directory`, or the one given.
    """
    environment = {
        "SECRET_KEY": secrets.token_hex(32),
        "DATABASE_URL": database or f"sqlite:///{directory}/bench.sqlite3",
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "INVENT_API_URL": invent,
        "INVENT_API_KEY": "sandbox-key",
        # The vendor's limit would be all that a second sync in the same minute measures.
        "INVENT_REQUESTS_PER_MINUTE": "100000",
    }
    os.environ.update(environment)
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    collect()
    return dict(os.environ)


def collect() -> None:
    """Collects the static files, unless all of them were, and are older than that.

    The desk itself collects without those of Django's admin, which is measured beside it. To
    compress them takes four seconds of the processor, for each of the programs here.
    """
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    found = dict(one for finder in get_finders() for one in finder.list([]))
    kept = json.loads(manifest.read_text())["paths"] if manifest.exists() else {}
    newest = max(Path(storage.path(path)).stat().st_mtime for path, storage in found.items())
    if not kept.keys() >= found.keys() or manifest.stat().st_mtime <= newest:
        call_command("collectstatic", interactive=False, verbosity=0)


@contextmanager
def sandbox(module: str, *arguments: str) -> Iterator[str]:
    """A stand-in Invent as a process of its own; its address."""
    with process([sys.executable, "-m", module, *arguments], os.environ.copy()) as started:
        yield first_address(started)


@contextmanager
def web(environment: dict[str, str], directory: Path, *options: str) -> Iterator[str]:
    """The desk behind gunicorn, one worker, as in production; its address."""
    socket = directory / "port"
    command = [
        *(sys.executable, "-m", "gunicorn", "mergeui.wsgi", "--workers=1"),
        *("--bind=127.0.0.1:0", "--log-level=info", f"--pid={socket}"),
        *options,
    ]
    with process(command, environment) as started:
        yield first_address(started)


def worker_memory(directory: Path) -> float:
    """The peak of the resident memory of that server's worker, in MB, as Linux counts it."""
    master = (directory / "port").read_text().strip()
    workers = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    peaks = [
        int(line.split()[1])
        for worker in workers
        for line in Path(f"/proc/{worker}/status").read_text().splitlines()
        if line.startswith("VmHWM:")
    ]
    return max(peaks) / 1024


@contextmanager
def process(
    command: list[str], environment: dict[str, str], output: int = subprocess.PIPE
) -> Iterator[subprocess.Popen[str]]:
    """A program that ends with the block; what it says is read by `first_address`."""
    started = subprocess.Popen(
        command, env=environment, stdout=output, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield started
    finally:
        started.terminate()
        started.wait(20)


def first_address(started: subprocess.Popen[str]) -> str:
    """The http address that a process prints when it listens."""
    assert started.stdout
    for line in started.stdout:
        if found := re.search(r"http://[\w.]+:\d+", line):
            # A pipe that nobody reads stops whoever writes into it.
            threading.Thread(target=started.stdout.read, daemon=True).start()
            return found.group()
    raise SystemExit("A process of the benchmark ended before it listened.")


def session_key(store: type, name: str = "bench") -> str:
    """A session of an operator, made as the sign-in makes it."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from mergeui.accounts.models import Membership, Organization, Role, User

    user = User.objects.filter(username=name).first()
    if not user:
        user = User.objects.create_user(name, password=secrets.token_hex(16))
        organization = Organization.objects.configured()
        Membership.objects.create(user=user, organization=organization, role=Role.APPROVER)
    session = store()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def percentiles(taken: list[float]) -> tuple[float, float]:
    """The 50th and the 95th."""
    cuts = quantiles(taken, n=20)
    return cuts[9], cuts[18]
