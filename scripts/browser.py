"""A Chromium for the browser tests: find one that is installed, or install one.

`python -m scripts.browser` prints the path of a browser that starts, and gets one where there is
none: what is installed comes first, then the system's package (as root on Debian and Ubuntu), then
Playwright's own download, which works only where its host is reached. It ends with one clear line
and 1 when there is none to be had.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# The browser's own fonts draw Latin only; the contacts' names come in several scripts.
PACKAGES = ("chromium", "fonts-noto-core", "fonts-noto-cjk", "fonts-noto-color-emoji")
WITHOUT = "The browser tests need Chromium and there is none"
HELP = (
    f"{WITHOUT}: install it (Debian: apt-get install {' '.join(PACKAGES)};"
    " elsewhere: any Chromium or Chrome) or set CHROMIUM to the path of one."
)


def starts(path: str) -> bool:
    """Whether the program at `path` runs at all: Ubuntu's `chromium` may be a note about snap."""
    try:
        answer = subprocess.run(
            [path, "--version"],
            capture_output=True,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def find() -> str | None:
    """The path of an installed browser that starts, or None."""
    wished = os.environ.get("CHROMIUM")
    if wished:
        if not starts(wished):
            raise SystemExit(f"CHROMIUM: got {wished!r}, but it takes the path of a Chromium.")
        return wished
    installed = (shutil.which(name) for name in NAMES)
    return next((path for path in (*installed, playwrights_own()) if path and starts(path)), None)


def playwrights_own() -> str | None:
    """Where Playwright keeps the Chromium that it downloads, if it has done so."""
    root = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or "~/.cache/ms-playwright"
    found = sorted(Path(root).expanduser().glob("chromium-*/chrome-linux*/chrome"))
    return str(found[-1]) if found else None


def install_by_apt() -> None:
    """Install the system's package, where that is possible without asking anybody."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES]
    for command in (["apt-get", "update", "-qq"], install):
        _run(command, environment)


def install_by_playwright() -> None:
    """Let Playwright download its own build."""
    _run([sys.executable, "-m", "playwright", "install", "chromium"], dict(os.environ))


def _run(command: list[str], environment: dict[str, str]) -> None:
    """Run `command` without standard input; its words go to standard error, its failure is ours."""
    print(f"browser: {' '.join(command)}", file=sys.stderr, flush=True)
    subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False
    )


def ensure() -> str:
    """The path of a browser, installed if need be; ends the program when there is none."""
    for get in (None, install_by_apt, install_by_playwright):
        if get:
            get()
        if path := find():
            return path
    raise SystemExit(HELP)


if __name__ == "__main__":
    print(ensure())
