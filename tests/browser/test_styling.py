"""What is put into a page has itself styled, and not the whole page, as Chromium counts it."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from mergeui.accounts.models import Role
from tests.many import crowd


@pytest.mark.django_db(transaction=True)
def test_new_counts_leave_the_rows_as_they_are(signed_in: Callable[..., Page]) -> None:
    crowd(50)
    page = signed_in(Role.OPERATOR)
    page.goto("/groups/", wait_until="networkidle")
    expect(page.locator(".row")).to_have_count(50)
    rows = page.locator(".row, .row *").count()

    browser = page.context.browser
    assert browser
    browser.start_tracing(page=page, categories=["-*", "devtools.timeline"])
    page.evaluate(
        """async () => {
          await htmx.ajax("GET", "/views/strip/", { target: "#views", swap: "outerHTML" });
          for (let n = 0; n < 3; n += 1) await new Promise(requestAnimationFrame);
        }"""
    )
    events = json.loads(browser.stop_tracing())["traceEvents"]

    styled = [
        event["args"]["elementCount"]
        for event in events
        if event["name"] == "UpdateLayoutTree" and "elementCount" in event["args"]
    ]
    assert 0 < sum(styled) < rows
