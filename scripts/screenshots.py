"""make screenshots: the pages of a fresh demo as pictures, wide, narrow and dark.

What the README shows is made by this, so that it shows what is there.
"""

import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from scripts import browser as installed
from scripts import pictures
from scripts.supervise import ROOT

TARGET = ROOT / "docs" / "screenshots"
LOOKS: dict[str, dict[str, object]] = {
    "": {"viewport": {"width": 1280, "height": 800}},
    "-narrow": {"viewport": {"width": 375, "height": 812}, "has_touch": True, "is_mobile": True},
    "-dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
}
# Chromium asks for updates at every start, unless it is told not to.
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


def main() -> None:
    path = installed.find()
    if path is None:
        raise SystemExit(installed.HELP)
    desk = pictures.Desk()
    with tempfile.TemporaryDirectory() as new, demo() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(path), args=QUIET)
        people = [signed_in(browser, address, name) for name in ("operator", "approver")]
        pictures.prepare(desk, *people)
        for look, wishes in LOOKS.items():
            take(browser, address, desk, Path(new), look, wishes)
        browser.close()
        # Only when all are there: half of them would be worse than those of before.
        shutil.rmtree(TARGET, ignore_errors=True)
        shutil.copytree(new, TARGET)
    print(f"{len(list(TARGET.glob('*.png')))} pictures in {TARGET.relative_to(ROOT)}")


def take(
    browser: Browser,
    address: str,
    desk: pictures.Desk,
    into: Path,
    look: str,
    wishes: dict[str, object],
) -> None:
    """Every scene in one look."""
    pages: dict[str, Page] = {}
    for scene in pictures.SCENES:
        if scene.user not in pages:
            pages[scene.user] = signed_in(browser, address, scene.user, **wishes)
        page = pages[scene.user]
        page.goto(desk.places.get(scene.place, scene.place))
        scene.doing(page)
        page.mouse.move(0, 0)
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_timeout(200)
        page.screenshot(path=into / f"{scene.name}{look}.png", full_page=scene.whole)


@contextmanager
def demo() -> Iterator[str]:
    """A demo of its own, on a free port, in a directory that ends with it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "scripts.demo", f"--port={port}"]
        started = subprocess.Popen(
            [*command, f"--directory={directory}/demo"], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert started.stdout
        try:
            if not any("mergeui is ready" in line for line in started.stdout):
                raise SystemExit("The demo did not start; `make demo` says why.")
            yield f"http://127.0.0.1:{port}"
        finally:
            started.terminate()
            started.wait(60)


def signed_in(browser: Browser, address: str, name: str, **wishes: object) -> Page:
    """A page of one of the demo's users, or of nobody."""
    page = browser.new_context(base_url=address, **wishes).new_page()  # type: ignore[arg-type]
    if not name:
        return page
    page.goto("/login/")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(f"{name}-tries-the-desk")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/groups/")
    return page


if __name__ == "__main__":
    main()
