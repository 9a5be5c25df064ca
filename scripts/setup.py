"""Sets up what is missing: .venv, the pinned packages, static files, the database.

Runs on the machine's own Python, so it uses the standard library alone. A second run finds stamps
that tell what was done for which content, and does nothing that is done.
"""

import argparse
import hashlib
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STATIC = ROOT / "var" / "static"
RUNTIME, DEV = ROOT / "requirements.txt", ROOT / "requirements-dev.txt"
PLOTS = ROOT / "requirements-plots.txt"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dev", action="store_true", help="with what tests and checks need")
    parser.add_argument("--plots", action="store_true", help="with what draws the plots of speed")
    parser.add_argument("--without-database", action="store_true", help="leave the database alone")
    wished = parser.parse_args()
    # Nothing that is signed here outlives this command, so any key does.
    os.environ.setdefault("SECRET_KEY", secrets.token_hex(32))
    make_venv()
    install(DEV if wished.dev else RUNTIME)
    if wished.plots:
        install(PLOTS)
    collect_static_files()
    if not wished.without_database:
        run("Bringing the database up to date", [PYTHON, "manage.py", "migrate", "-v", "0"])


def make_venv() -> None:
    """Make .venv, or make it anew when it can't install anything (it was interrupted, or moved)."""
    if usable():
        return
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise SystemExit(
            f"Python {version} is here without its venv module: install it"
            f" (Debian, Ubuntu: apt-get install python{version}-venv) and start again."
        ) from None
    run("Making .venv", [sys.executable, "-m", "venv", "--clear", VENV])


def usable() -> bool:
    """Whether .venv has a Python that is new enough, and programs of its own.

    These name their directory in their first lines, so those of a moved or copied .venv don't
    start, or start another one's.
    """
    new_enough = "import sys; sys.exit(sys.version_info < (3, 11))"
    where = answer([VENV / "bin" / "pip", "--version"]) or ""
    own = any(str(path) in where for path in (VENV, VENV.resolve()))
    return own and answer([PYTHON, "-c", new_enough]) is not None


def install(requirements: Path) -> None:
    """Install exactly what `requirements` pins, each file checked against its hash."""
    # What tests need includes what the product needs.
    enough = {requirements, DEV} if requirements == RUNTIME else {requirements}
    if any(holds(stamp_of(one), digest([one])) for one in enough):
        return
    # The files name everything there is, so pip has nothing to resolve: left to itself, it stumbles
    # over a newer version of a package that something wants with an extra.
    options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"]
    run(
        f"Installing {requirements.name}",
        [PYTHON, "-m", "pip", "install", *options, "-r", requirements],
        "pip could not get the packages: see its words above; it asks the registry that pip's own"
        " settings name (pip config list), which has to be in reach.",
    )
    stamp_of(requirements).write_text(digest([requirements]))


def stamp_of(requirements: Path) -> Path:
    """Where it is written down what was installed."""
    return VENV / f".installed-{requirements.name}"


def collect_static_files() -> None:
    """Collect, hash and compress the static files of project and packages."""
    sources = sorted(path for path in (ROOT / "static").rglob("*") if path.is_file())
    wanted = digest([RUNTIME, ROOT / "mergeui" / "settings.py", *sources])
    stamp = STATIC.with_name("static.collected")
    if holds(stamp, wanted) and (STATIC / "staticfiles.json").exists():
        return
    collect = ["manage.py", "collectstatic", "--no-input", "--clear", "-v", "0"]
    run("Collecting static files", [PYTHON, *collect])
    stamp.write_text(wanted)


def digest(paths: Iterable[Path]) -> str:
    """What stands for the names and contents of these files."""
    sums = hashlib.sha256()
    for path in paths:
        sums.update(f"{path.relative_to(ROOT)}\n{path.stat().st_size}\n".encode())
        sums.update(path.read_bytes())
    return sums.hexdigest()


def holds(stamp: Path, wanted: str) -> bool:
    """Whether `stamp` says that this content was dealt with."""
    return stamp.exists() and stamp.read_text() == wanted


def run(doing: str, command: Sequence[str | Path], otherwise: str = "") -> None:
    """Say what is being done and do it; a failure ends the program after the command's words."""
    started = time.monotonic()
    print(f"{doing} …", flush=True)
    if subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode:
        raise SystemExit(otherwise or 1)
    if time.monotonic() - started > 5:
        print(f"… done in {time.monotonic() - started:.0f} seconds", flush=True)


def answer(command: Sequence[str | Path]) -> str | None:
    """What `command` says, or None when it can't run or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


if __name__ == "__main__":
    main()
