"""What `make screenshots` takes pictures of: a desk with something in every state, page by page.

`prepare` decides about some groups as the demo's people would; `SCENES` are the pages, each with
who looks at it, where, and what that person does there first.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import Page

SIZES = {"easy": "q=Armstrong", "consent": "q=Mansour", "seven": "size=6-20", "many": "size=21%2B",
         "hostile": "q=onerror", "long": "q=WWWWWWWW"}  # fmt: skip


@dataclass
class Desk:
    """Addresses of what `prepare` made, by name."""

    places: dict[str, str] = field(default_factory=dict)


Doing = Callable[[Page], None]


@dataclass(frozen=True)
class Scene:
    """One picture. `place` is an address, or the name of one of the desk's places."""

    name: str
    place: str
    user: str = "operator"
    doing: Doing = lambda page: None
    whole: bool = False


def prepare(desk: Desk, operator: Page, approver: Page) -> None:
    """Something in every state: merged, waiting, rejected, dismissed, snoozed, in bulk, noted."""
    opened(operator, "q=Katherine+Okafor")
    operator.locator("#id_note").fill("Same number, same name: she wrote twice.")
    desk.places["merged"] = sent(operator, "Merge")
    for name, query in (("waiting", "q=Lefevre"), ("rejected", "q=Morozov")):
        desk.places[name] = risky(operator, query)
    dismissed(operator, "q=MacLeod")
    snoozed(operator, "q=Pemberton")
    noted(operator, "q=Cohen", "@approver is this the Yael of the school? I'd wait for her mail.")
    desk.places["noted"] = path_of(operator)
    rejected(approver, desk.places["rejected"])
    in_bulk(operator, desk)
    for name, query in SIZES.items():
        operator.goto(f"/groups/?{query}")
        desk.places[name] = operator.locator("a.row-link").first.get_attribute("href") or ""
    desk.places["split"] = f"{desk.places['consent']}split/"
    operator.goto(desk.places["merged"])
    operator.get_by_text("The contacts are one now.").wait_for(timeout=60_000)
    desk.places["gone"] = source_of(operator)


def opened(page: Page, query: str) -> None:
    page.goto(f"/groups/?{query}")
    page.locator("a.row-link").first.click()
    page.locator("#choice").wait_for()


def path_of(page: Page) -> str:
    return str(page.evaluate("location.pathname"))


def sent(page: Page, button: str) -> str:
    """Decides, waits until the next group is there, and gives the address in the bar."""
    before = path_of(page)
    page.wait_for_timeout(450)  # what came up only just now is not decided: SEEN in app.js
    page.get_by_role("button", name=re.compile(f"^{button}")).last.click()
    page.wait_for_function("before => location.pathname != before", arg=before)
    page.locator(".lately").wait_for()
    return page.locator(".lately a").first.get_attribute("href") or ""


def risky(page: Page, query: str) -> str:
    opened(page, query)
    page.locator("input[name=sources]").last.check()
    page.get_by_label(re.compile("I have read what is risky")).check()
    return sent(page, "Ask")


def dismissed(page: Page, query: str) -> None:
    opened(page, query)
    page.locator("#id_note").fill("Three colleagues behind one office phone.")
    sent(page, "Not a duplicate")


def snoozed(page: Page, query: str) -> None:
    opened(page, query)
    page.get_by_role("button", name=re.compile("^Snooze…")).click()
    sent(page, "In a week")


def noted(page: Page, query: str, words: str) -> None:
    opened(page, query)
    page.locator("#notes summary").click()
    page.locator("textarea[form=say]").fill(words)
    page.locator("button[form=say]").click()
    page.get_by_text(words[10:30]).first.wait_for()


def rejected(page: Page, place: str) -> None:
    page.goto(place)
    page.get_by_role("button", name=re.compile("^Reject…")).click()
    page.get_by_label(re.compile("^Why not")).fill("Two people: ask him on the phone first.")
    page.get_by_role("button", name="Reject this merge").click()
    page.wait_for_url(lambda url: not url.endswith(place))


def in_bulk(page: Page, desk: Desk) -> None:
    """One bulk decision that is done, and the summary of another."""
    for name, query in (("bulk done", "grade=sure&sort=newest"), ("bulk summary", "sort=largest")):
        page.goto(f"/groups/?{query}")
        for row in range(6):
            page.locator("[data-tick]").nth(row).check()
        page.locator(".tick-bar button[value=merge]").click()
        page.wait_for_url("**/bulk/*/")
        desk.places[name] = path_of(page)
        if name == "bulk done":
            page.locator("#bulk-confirm").click()
            page.locator("#bulk-confirm").wait_for(state="detached")


def source_of(page: Page) -> str:
    """The page of the contact that the merge made disappear."""
    return page.locator("a[href^='/contacts/']").last.get_attribute("href") or ""


def ticked(page: Page) -> None:
    for row in range(3):
        page.locator("[data-tick]").nth(row).check()


def chosen(page: Page) -> None:
    page.locator("input[name=sources]").last.check()
    page.wait_for_load_state("networkidle")


def after_a_decision(page: Page) -> None:
    """The next group, with the bar that counts down; another one in each look."""
    page.locator("a.row-link").first.click()
    page.locator("#choice").wait_for()
    sent(page, "Merge")


def typed_wrong(page: Page) -> None:
    page.get_by_label("User name").fill("operator")
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Sign in", exact=True).click()


def found_by_hand(page: Page) -> None:
    page.locator("main input[type=search]").first.fill("Maria")
    page.locator("main input[type=search]").first.press("Enter")
    page.wait_for_load_state("networkidle")


def keys_shown(page: Page) -> None:
    page.keyboard.press("?")


def entry_unfolded(page: Page) -> None:
    page.locator("main details summary").first.click()


SCENES = (
    Scene("sign-in", "/login/", user=""),
    Scene("sign-in-wrong", "/login/", user="", doing=typed_wrong),
    Scene("queue", "/groups/", user="approver"),
    Scene("queue-ticked", "/groups/", doing=ticked),
    Scene("queue-keys", "/groups/", doing=keys_shown),
    Scene("queue-nothing-found", "/groups/?q=nobody+of+this+name"),
    Scene("queue-snoozed", "/groups/?state=snoozed"),
    Scene("queue-not-duplicates", "/groups/?state=dismissed"),
    Scene("queue-viewer", "/groups/?risk=any", user="viewer"),
    Scene("compare", "easy"),
    Scene("compare-consent", "consent", doing=chosen, whole=True),
    Scene("compare-seven", "seven"),
    Scene("compare-many", "many"),
    Scene("compare-hostile", "hostile"),
    Scene("compare-decided", "waiting"),
    Scene("compare-after-a-decision", "/groups/?grade=sure&sort=smallest", doing=after_a_decision),
    Scene("split", "split"),
    Scene("views", "/views/"),
    Scene("compare-notes", "noted", user="approver", whole=True),
    Scene("bulk-summary", "bulk summary"),
    Scene("bulk-done", "bulk done"),
    Scene("requests-waiting", "/requests/", user="approver"),
    Scene("requests-mine", "/requests/?view=mine"),
    Scene("request-to-approve", "waiting", user="approver"),
    Scene("request", "merged", whole=True),
    Scene("request-rejected", "rejected"),
    Scene("contact-merged-away", "gone"),
    Scene("by-hand", "/contacts/", doing=found_by_hand),
    Scene("history", "/history/", user="approver", doing=entry_unfolded),
    Scene("history-nothing-found", "/history/?q=nobody"),
    Scene("settings", "/settings/"),
    Scene("account", "/account/"),
    Scene("account-app", "/account/app/"),
    Scene("account-passkey", "/account/passkey/"),
    Scene("account-password", "/account/password/"),
    Scene("team", "/team/", user="admin", whole=True),
    Scene("team-policy", "/team/policy/", user="admin", whole=True),
    Scene("team-broken-glass", "/team/glass/", user="admin"),
    Scene("team-key", "/team/connection/", user="admin"),
    Scene("erase", "/erase/", user="admin"),
    Scene("halt", "/halt/", user="approver"),
    Scene("not-found", "/groups/999999/"),
    Scene("not-allowed", "/contacts/", user="viewer"),
)
