"""The benchmarks measure what they say: on tiny desks, without a look at the clock."""

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client

from benchmarks import __main__ as everything
from benchmarks import decision, goals, growth, pages, plots, programs
from benchmarks.addresses import addresses
from benchmarks.desks import EMPTY, STRIP, Size
from benchmarks.goals import Goal
from benchmarks.world import Desk
from mergeui import settings as production
from mergeui.audit.verify import verify
from mergeui.review.models import Group, GroupState

OF_THE_BENCHMARKS = 4  # the frame, the template, Django's admin, a round of the worker


@pytest.fixture
def client(db: None) -> Client:
    """Somebody who may decide, on a desk with a past."""
    Desk(seed=2).grow(Size(open=40, decided=5, entries=20))
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE_NAME] = addresses()["session"]
    return browser


def test_every_page_is_there_and_is_held_to_something(client: Client) -> None:
    found = addresses()
    assert found.pop("size") == (40, 5, 20), "but for the one with six channels a contact"
    browser = client.cookies[settings.SESSION_COOKIE_NAME]
    assert found.pop("session") != browser.value
    of_the_desk = {name: path for name, path in found.items() if not path.startswith("/bench/")}
    assert len(of_the_desk) == len(found) - OF_THE_BENCHMARKS
    for name, path in of_the_desk.items():
        headers = STRIP if "strip" in path else {}
        assert client.get(path, headers=headers).status_code == 200, name
    six = client.get(found["compare, 4 contacts of 6 channels"]).context["group"]
    assert {len(member.raw["channels"]) for member in six.members.all()} == {6}

    small, large = (
        SimpleNamespace(size=Size(size, 0, 0), times={name: [taken] * 3 for name in found})
        for size, taken in ((40, 0.01), (400, 0.02))
    )
    held = pages.goals(small, large, "sqlite")
    assert {goal.against for goal in held} >= {"itself with 40 groups", EMPTY, pages.ADMIN}
    assert {goal.found for goal in held} == {1, 2}


@pytest.fixture
def one_connection() -> Iterator[None]:
    """That of the test, which a request would close at its end."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("one_connection")
@pytest.mark.parametrize("wish", decision.WISHES)
def test_a_decision_and_the_statements_that_wrote_it(client: Client, wish: str) -> None:
    calm = Group.objects.filter(state=GroupState.OPEN, risky=False, member_count__lt=5)
    group = calm.order_by("pk")[0]
    browser = decision.Browser(WSGIHandler(), client.cookies[settings.SESSION_COOKIE_NAME].value)

    seconds, worked, statements = decision.decide(browser, group.pk, wish)

    assert seconds > 0
    assert worked > 0
    tables = {sql.split('"')[1] for sql, _ in statements}
    assert tables >= {"audit_entry", "audit_payload", "audit_reference", "review_group"}
    group.refresh_from_db()
    assert group.state != GroupState.OPEN
    assert verify().broken is None


def test_static_files_are_collected_when_some_are_missing(settings: Any, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    # To compress them takes seconds, and those of packages are found as ours are.
    backend = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    settings.STORAGES = production.STORAGES | {"staticfiles": {"BACKEND": backend}}
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    manifest = tmp_path / "staticfiles.json"
    programs.collect()
    whole = json.loads(manifest.read_text())
    assert "css/app.css" in whole["paths"]

    # As one leaves it who collected for less.
    some = {name: path for name, path in whole["paths"].items() if name != "css/app.css"}
    manifest.write_text(json.dumps({**whole, "paths": some}))
    programs.collect()
    assert json.loads(manifest.read_text())["paths"] == whole["paths"]
    made = manifest.stat().st_mtime_ns
    programs.collect()
    assert manifest.stat().st_mtime_ns == made


def test_the_table_tells_what_was_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = tmp_path / "goals"
    monkeypatch.setenv(goals.FILE, str(found))
    goals.keep(Goal("queue", "an empty page", 2.004, 6), Goal("shift", "–", 0.0006, 0, ""))
    goals.keep(Goal("worker", "480 a minute", 97.7, 95, "%", at_least=True))

    assert goals.table(goals.kept(found)).splitlines()[2:] == [
        "| queue | an empty page | 2 × | ≤ 6 × | yes |",
        "| shift | – | 0.0006 | ≤ 0 | **no** |",
        "| worker | 480 a minute | 97.7 % | ≥ 95 % | yes |",
    ]


def test_growth_is_a_table_and_two_plots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = {}
    monkeypatch.setattr(plots, "draw", lambda path, sizes, lines, unit: drawn.update({path: lines}))
    points: list[growth.Point] = []
    for groups, seconds in ((2_000, 0.25), (200, 0.125), (2_000, 0.5)):
        taken = {EMPTY: [(0.25, 0.25)] * 3, "queue, first page": [(seconds, 0.25)] * 3}
        found = {name: growth.page_of(times) for name, times in taken.items()}
        point = growth.Point(groups, 0, 0, found, memory=100, stored=9, how="today")
        growth.add(points, point, tmp_path / "sqlite.json")

    assert growth.read(tmp_path / "sqlite.json") == points
    growth.tell(points, "sqlite", tmp_path)
    table = (tmp_path / "sqlite.md").read_text()
    line = "| queue, first page | 125.0 ms (125.0), 0.50 | 500.0 ms (500.0), 2.00 | 4.00 |"
    assert line in table
    assert drawn[tmp_path / "sqlite-time.svg"]["queue, first page"] == [125, 500]
    assert drawn[tmp_path / "sqlite-memory.svg"] == {"web worker, peak": [100, 100]}
    assert growth.called("compare, 63 contacts") == growth.LARGEST
    for name in ("compare, 4 contacts", "compare, 4 contacts of 6 channels"):
        assert growth.called(name) == name


@pytest.mark.skipif(not find_spec("matplotlib"), reason="only `make bench-full` installs it")
def test_a_plot_has_the_ink_of_its_page(tmp_path: Path) -> None:
    plots.draw(tmp_path / "plot.svg", [10, 100], {EMPTY: [1, 2]}, "MB")
    made = (tmp_path / "plot.svg").read_text()
    assert "an empty page" in made
    assert "var(--ink)" in made
    assert len(made) < 30_000


def test_every_part_of_the_benchmark_is_a_program() -> None:
    for part in everything.PARTS:
        _, _, module, *options = everything.command(part, "sqlite:////desk")
        assert find_spec(module), part
        assert not any("{" in option for option in options), part


def test_a_part_alone_fills_a_desk_of_its_own() -> None:
    assert everything.command("decision", "sqlite:////desk")[-2:] == ["--desk", "sqlite:////desk"]
    for part in everything.PARTS:
        if part != everything.FILLS:
            assert "--desk" not in everything.command(part, ""), part


def test_a_part_that_there_is_not_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["benchmarks", "--only", "paint,colour"])
    with pytest.raises(SystemExit):
        everything.main()
    assert "there is no part colour: reading, sync" in capsys.readouterr().err
