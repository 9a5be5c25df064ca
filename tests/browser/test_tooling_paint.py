"""What `python -m benchmarks.paint` notes of a page is what the browser had of it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from benchmarks import paint
from benchmarks.heading import heading
from mergeui.accounts.models import Role


@pytest.mark.django_db(transaction=True)
def test_bytes_paint_and_what_moved(signed_in: Callable[..., Page]) -> None:
    page = signed_in(Role.OPERATOR)
    page.context.add_init_script(path=Path(paint.__file__).with_name("vitals.js"))
    first, again = paint.Seen(), paint.Seen()
    paint.load(page, "/groups/", first)
    paint.load(page, "/groups/", again)

    assert 10 < first.kilobytes[0] < 500
    assert 0 < again.kilobytes[0] < first.kilobytes[0]
    assert 0 < first.server[0] < first.largest[0]

    page.evaluate(
        """async () => {
          document.querySelector("main").style.paddingTop = "300px";
          for (let n = 0; n < 3; n += 1) await new Promise(requestAnimationFrame);
        }"""
    )
    page.wait_for_function("() => window.vitals.shift > 0")
    moved = page.evaluate("window.vitals.moved")
    assert any(re.search(r"^<section.* from \d.* at \d.* to \d.* at \d", one) for one in moved)


def test_one_heading_answered_as_late_as_a_page(browser: Browser) -> None:
    page = browser.new_page()
    page.add_init_script(path=Path(paint.__file__).with_name("vitals.js"))
    alone = paint.Seen()
    with heading() as address:
        paint.load(page, f"{address}/120.5", alone)

    assert alone.kilobytes[0] < 1
    assert 120 < alone.server[0] < alone.largest[0]
    assert alone.moved == set()
    page.close()
