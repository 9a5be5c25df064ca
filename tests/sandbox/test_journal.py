"""The journal brings back what was changed, a crash in the middle of a line included."""

from pathlib import Path

import pytest

from mergeui.sandbox import Journal, Sandbox, World, seed


def started(path: Path) -> Sandbox:
    return Sandbox(seed.world(groups=20, seed=5), journal=Journal(path, "five"))


def everything(world: World) -> dict[str, dict[str, bytes]]:
    return {
        org.id: {one: org.directory.contact_json(one) for one in org.directory}
        for org in world.orgs.values()
    }


def test_all_changes_come_back(tmp_path: Path):
    app = started(tmp_path / "journal")
    world = app.world
    primary, *sources = world.named["seven"]
    world.merge(world.top.id, primary, sources, any_flag_wins=False)
    world.change(world.named["chain"][0], name="\ud800 \u2028 中")
    world.remove(world.named["admin"][1])
    again = started(tmp_path / "journal")
    assert everything(again.world) == everything(world)
    assert again.world.main.groups() == world.main.groups()


def test_a_last_line_that_was_cut_is_dropped(tmp_path: Path):
    path = tmp_path / "journal"
    app = started(path)
    app.world.change(app.world.named["chain"][0], name="kept")
    app.world.change(app.world.named["chain"][1], name="cut")
    path.write_text(path.read_text()[:-20])
    again = started(path)
    assert again.world.main.contact(again.world.named["chain"][0])["name"] == "kept"
    assert again.world.main.contact(again.world.named["chain"][1])["name"] != "cut"
    again.world.change(again.world.named["chain"][2], name="after")
    assert everything(started(path).world) == everything(again.world)


def test_a_reset_starts_it_over(tmp_path: Path):
    app = started(tmp_path / "journal")
    fresh = everything(app.world)
    app.world.remove(*app.world.named["seven"])
    app.reset()
    assert everything(app.world) == fresh
    assert everything(started(tmp_path / "journal").world) == fresh


def test_the_journal_of_another_world_is_refused(tmp_path: Path):
    started(tmp_path / "journal")
    with pytest.raises(ValueError, match="another world"):
        Journal(tmp_path / "journal", "six").replay(seed.world(groups=1))
