"""make screenshots: the pages of a fresh demo as pictures, wide, narrow and dark.

What the README shows is made by this, so that it shows what is there.
"""

import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

from scripts import browser as installed
from scripts.supervise import ROOT

TARGET = ROOT / "docs" / "screenshots"
LOOKS: dict[str, dict[str, object]] = {
    "": {"viewport": {"width": 1280, "height": 800}},
    "-narrow": {"viewport": {"width": 375, "height": 812}},
    "-dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
}
# Chromium asks for updates at every start, unless it is told not to.
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


def main() -> None:
    path = installed.find()
    if path is None:
        raise SystemExit(installed.HELP)
    TARGET.mkdir(parents=True, exist_ok=True)
    with demo() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(path), args=QUIET)
        made = one_merge(browser, address)
        for look, wishes in LOOKS.items():
            page = signed_in(browser, address, "approver", **wishes)
            for name, where in pages(made).items():
                page.goto(where)
                if name == "compare":
                    page.locator("input[name=sources]").last.check()
                    page.get_by_text("Decided by Invent").wait_for()
                    page.evaluate("scrollTo(0, 0)")
                page.wait_for_timeout(200)
                page.screenshot(path=TARGET / f"{name}{look}.png")
        browser.close()
    print(f"{len(list(TARGET.glob('*.png')))} pictures in {TARGET.relative_to(ROOT)}")


def pages(made: str) -> dict[str, str]:
    """The pages by name; `made` is the address of a merge request."""
    return {
        "queue": "/groups/",
        "compare": "/groups/3/",
        "request": made,
        "history": "/history/",
    }


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
    """A page of one of the demo's users."""
    page = browser.new_context(base_url=address, **wishes).new_page()  # type: ignore[arg-type]
    page.goto("/login/")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(f"{name}-tries-the-desk")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/groups/")
    return page


def one_merge(browser: Browser, address: str) -> str:
    """Merges one easy group and asks for one risky one; the address of the first."""
    page = signed_in(browser, address, "operator")
    page.goto("/groups/2/")
    page.get_by_role("button", name=re.compile("^Merge")).click()
    page.get_by_text("The contacts are one now.").wait_for(timeout=60_000)
    made = page.url
    page.goto("/groups/12/")
    page.locator("input[name=sources]").last.check()
    page.get_by_label(re.compile("I have read what is risky")).check()
    page.get_by_role("button", name=re.compile("^Ask")).click()
    page.get_by_text("A second person has to approve it.").wait_for()
    return made


if __name__ == "__main__":
    main()
