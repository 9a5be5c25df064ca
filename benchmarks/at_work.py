"""Somebody at work in `benchmarks.soak`, with a browser without JavaScript.

They look at the queue, open a group, read it for some seconds and merge, dismiss or snooze it, with
the fields of the form that the page shows. Without an answer they look at the page again, by the
other web process, before they repeat what they did.
"""

import http.client
import random
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urlencode

from benchmarks.crowd import TOKEN, said

PACE = 8.0  # seconds that somebody takes for a group, more or less
WISHES = ("request", "dismiss", "snooze")
SHARES = (6, 3, 1)
INPUT = re.compile(r'<input type="hidden" name="(fingerprint|shown|seen)" value="([^"]*)"')


@dataclass
class Operator:
    """Somebody with a browser: what they decided, what they saw, and how long they waited."""

    key: str
    groups: Iterator[int]
    addresses: Sequence[tuple[str, int]]
    at: int
    choose: random.Random
    decided: dict[int, str] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    taken: list[float] = field(default_factory=list)
    again: int = 0

    def work(self, end: float) -> None:
        """One group after the other until the moment comes."""
        time.sleep(self.choose.uniform(0, PACE))
        for group in self.groups:
            if time.monotonic() > end:
                return
            self.ask("GET", "/groups/")
            self.decide(group)
            time.sleep(self.choose.uniform(0.2, 0.8) * PACE)

    def decide(self, group: int) -> None:
        """Opens it, reads it, decides; without an answer, looks whether it arrived.

        What a killed process had handed to the database may be there a moment after that look: then
        the second try is told that it is done already (409).
        """
        unanswered = False
        wish = self.choose.choices(WISHES, SHARES)[0]
        status, page = self.ask("GET", f"/groups/{group}/")
        time.sleep(self.choose.uniform(0.1, 0.5) * PACE)
        while status == 200 and 'id="choice"' in page:
            status, page = self.ask("POST", f"/groups/{group}/{wish}/", filled(page, wish))
            if status == 303:
                self.decided[group] = wish
            elif not status:
                unanswered = True
                status, page = self.look_again(group, wish)
            elif status == 409 and unanswered:
                self.decided[group] = wish
            else:
                self.seen[f"{status} {said(page.partition('<main')[2])}"] += 1

    def look_again(self, group: int, wish: str) -> tuple[int, str]:
        """The page once more, as the desk says when it did not answer; it may have arrived."""
        status, page = self.ask("GET", f"/groups/{group}/")
        if status == 200 and 'id="choice"' not in page:
            self.decided[group] = wish
        return status, page

    def ask(self, method: str, path: str, body: str = "") -> tuple[int, str]:
        """Status and page; 0 where nothing came, and from then on the other web process is asked.

        A page that was only looked at is asked for again at once, as a proxy does.
        """
        headers = {"Cookie": f"sessionid={self.key}; csrftoken={TOKEN}"}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        started = time.monotonic()
        line = http.client.HTTPConnection(*self.addresses[self.at], timeout=60)
        try:
            line.request(method, path, body or None, headers)
            answer = line.getresponse()
            status, page = answer.status, answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            self.again += 1
            self.at = 1 - self.at
            time.sleep(0.2)
            return self.ask(method, path) if method == "GET" else (0, "")
        finally:
            line.close()
        self.taken.append(time.monotonic() - started)
        if status >= 400 and method == "GET":
            self.seen[f"{status} {said(page.partition('<main')[2])}"] += 1
        return status, page


def filled(page: str, wish: str) -> str:
    """The body that a browser sends."""
    return urlencode([*form_of(page, wish), ("csrfmiddlewaretoken", TOKEN)])


def form_of(page: str, wish: str) -> list[tuple[str, str]]:
    """What a browser sends of the form: all that is hidden, the first to keep, the others."""
    sent = [(name, unescape(value)) for name, value in INPUT.findall(page)]
    ids = list(dict.fromkeys(value.split()[0] for name, value in sent if name == "seen"))
    sent += [("primary", ids[0]), *(("sources", one) for one in ids[1:])]
    if wish == "snooze":
        sent.append(("until", time.strftime("%Y-%m-%d", time.gmtime(time.time() + 7 * 86_400))))
    return [*sent, ("note", "as they said by phone")]
