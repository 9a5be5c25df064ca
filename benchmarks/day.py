"""A measured day: an operator decides 500 mixed groups by keyboard, and some in Django's admin.

Real Chromium, the desk behind gunicorn with its worker beside, the stand-in Invent; the admin in
turn with the desk, in the same run. What is counted are keys and clicks, and the time from the one
that decides until the next group is painted. The operator takes no time to read.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page, sync_playwright

from benchmarks.programs import percentiles, prepare, process, sandbox, session_key, web
from scripts import browser as installed

GROUPS, BY_ADMIN = 500, 40
SEED = 7
# What came up less than 0.4 s ago is not decided by the desk (app.js), which is too quick for a
# person.
LOOK_SECONDS = 0.42
# What a person's browser does, but for its own traffic; a graphics card is used where there is one.
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-sync"]
STATE = """() => ({
  path: location.pathname,
  open: [...document.querySelectorAll("[name=sources]")]
    .filter((tick) => !tick.checked && tick.checkVisibility({visibilityProperty: true}))
    .map((tick) => tick.dataset.key ?? ""),
  ticked: document.querySelectorAll("[name=sources]:checked").length,
  second: Boolean(document.querySelector('[data-key="2"]')),
})"""
DONE = """(before) =>
  (window.painted && window.painted.path !== before && window.painted) ||
  (document.querySelector("#problem")?.textContent.trim() && { refused: true })"""


@dataclass
class Tally:
    """What the decisions took: keys and clicks, and milliseconds until the next group."""

    presses: list[int] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    refused: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--groups", type=int, default=GROUPS)
    parser.add_argument("--by-admin", type=int, default=BY_ADMIN)
    wished = parser.parse_args()
    path = installed.find()
    if path is None:
        raise SystemExit(installed.HELP)
    world = ["--port=0", f"--groups={wished.groups + wished.by_admin}", f"--seed={SEED}"]
    with (
        tempfile.TemporaryDirectory(prefix="mergeui-day-") as directory,
        sandbox("mergeui.sandbox", *world, "--limit=0") as invent,
    ):
        environment = prepare(Path(directory), invent)
        key = ready()
        worker = [sys.executable, "manage.py", "worker"]
        with (
            process(worker, environment, subprocess.DEVNULL),
            # Threads, because a browser holds connections open that it may not use.
            web(environment, Path(directory), "--threads=4") as address,
            sync_playwright() as playwright,
        ):
            chromium = playwright.chromium.launch(executable_path=str(path), args=QUIET)
            host = urlsplit(address).hostname or ""
            context = chromium.new_context(
                base_url=address, viewport={"width": 1440, "height": 900}
            )
            context.add_cookies([{"name": "sessionid", "value": key, "domain": host, "path": "/"}])
            context.add_init_script(path=Path(__file__).with_name("painted.js"))
            desk, admin = play(context, wished.groups, wished.by_admin)
            chromium.close()
    report(desk, admin)


def ready() -> str:
    """The groups are mirrored, somebody is signed in who may use the admin too; their session."""
    from django.contrib.sessions.backends.db import SessionStore

    from mergeui.accounts.models import Organization, User
    from mergeui.audit.actor import Actor
    from mergeui.connect import connect
    from mergeui.review.sync import request_sync, sync

    organization = Organization.objects.configured()
    by_user = Actor.system(organization)
    with connect(organization) as client:
        sync(request_sync(organization, by_user=by_user), client=client, by_user=by_user)
    key = session_key(SessionStore)
    User.objects.update(is_staff=True, is_superuser=True)
    return key


def play(context: BrowserContext, groups: int, by_admin: int) -> tuple[Tally, Tally]:
    """The day: the admin takes the newest groups, the desk the oldest, in turn."""
    choose = random.Random(SEED)
    desk, admin = Tally(), Tally()
    page, list_page = context.new_page(), context.new_page()
    list_page.goto("/bench/admin/review/group/?state__exact=open")
    page.goto("/groups/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/groups/*/")
    page.bring_to_front()
    time.sleep(LOOK_SECONDS)
    every = max(1, groups // by_admin) if by_admin else groups + 1
    for number in range(groups):
        if number % every == 0 and len(admin.waits) < by_admin:
            # A page behind another one is painted once a second.
            list_page.bring_to_front()
            decide_in_admin(list_page, admin)
            page.bring_to_front()
        decide(page, choose, desk)
    return desk, admin


def decide(page: Page, choose: random.Random, tally: Tally) -> None:
    """One group by keys, in the way that its page suggests to somebody who believes it."""
    state = page.evaluate(STATE)
    keys = plan(state, choose)
    if "a" in keys:
        for key in keys[: keys.index("a")]:
            page.keyboard.press(key)
        page.locator("[name=acknowledge]").wait_for()
        pressed, rest = keys.index("a"), keys[keys.index("a") :]
    else:
        pressed, rest = 0, keys
    taken = press(page, rest, state["path"])
    if taken is None:
        # Refused with a sentence: the group can't be merged as it is.
        tally.refused += 1
        pressed += len(rest)
        rest = ["x"]
        taken = press(page, rest, state["path"])
        assert taken is not None, page.locator("#problem").inner_text()
    tally.presses.append(pressed + len(rest))
    tally.waits.append(taken)
    time.sleep(LOOK_SECONDS)


def plan(state: dict[str, Any], choose: random.Random) -> list[str]:
    """What to press: four of five merge what looks safe, and half of what is risky."""
    chance = choose.random()
    if not state["ticked"]:
        if chance < 0.4:
            return ["x"]
        if chance < 0.5:
            return ["s", "Enter"]
        letters = state["open"]
        return [*(letters if len(letters) <= 4 and all(letters) else ["0"]), "a", "m"]
    if chance < 0.8:
        return ["m"]
    if chance < 0.9:
        return ["x"]
    if chance < 0.95 or not state["second"]:
        return ["s", "Enter"]
    return ["2", "c", "m"]


def press(page: Page, keys: list[str], before: str) -> float | None:
    """The milliseconds from the last key until the next group is painted; None when refused."""
    page.evaluate("window.painted = null")
    for key in keys:
        page.keyboard.press(key)
    found = page.wait_for_function(DONE, arg=before, polling="raf").json_value()
    return None if found.get("refused") else float(found["since"])


def decide_in_admin(page: Page, tally: Tally) -> None:
    """One group in the admin: look at its page, go back, tick it, choose the action, go."""
    rows = page.locator("#result_list tbody tr")
    opened = click(page, "#result_list tbody tr:first-child th a")
    page.go_back()
    rows.first.locator("input[type=checkbox]").click()
    page.locator("select[name=action]").select_option("not_a_duplicate")
    decided = click(page, "button[name=index]")
    # From the decision until the next group is there: the list, and the page of its first row.
    tally.waits.append(decided + opened)
    # The row, the way back, the tick, the menu and its choice, Go.
    tally.presses.append(6)


def click(page: Page, selector: str) -> float:
    """The milliseconds from a click until the page that it leads to is painted."""
    page.evaluate("window.painted = null; window.old = true")
    page.locator(selector).click()
    found = page.wait_for_function(
        "() => !window.old && window.painted", polling="raf"
    ).json_value()
    return float(found["since"])


def report(desk: Tally, admin: Tally) -> None:
    """The table of the README."""
    print(f"\nA day: {len(desk.waits)} mixed groups by keyboard, seed {SEED}\n")
    print("| what | by keys in the desk | Django's admin |")
    print("|---|---|---|")
    print(f"| decisions | {len(desk.waits)} | {len(admin.waits)} |")
    both = (desk, admin)
    rows: dict[str, Callable[[Tally], str]] = {
        "keys or clicks a decision, median": lambda t: f"{median(t.presses):g}",
        "keys or clicks a decision, mean": lambda t: f"{mean(t.presses):.2f}",
        "until the next group is painted, p50": lambda t: f"{percentiles(t.waits)[0]:.0f} ms",
        "until the next group is painted, p95": lambda t: f"{percentiles(t.waits)[1]:.0f} ms",
        "refused with a sentence": lambda t: f"{t.refused}",
    }
    for name, show in rows.items():
        print(f"| {name} | {' | '.join(show(tally) for tally in both)} |")


if __name__ == "__main__":
    main()
