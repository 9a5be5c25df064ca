"""Anchors: what was noted elsewhere."""

from pathlib import Path

import pytest

from mergeui.audit.anchor import Anchor, BadAnchor

HASH = "ab" * 32


def test_what_is_noted_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "anchor.json"
    Anchor(7, HASH).save(path)
    found = Anchor.load(path)
    assert (found.number, found.hash) == (7, HASH)
    assert found.at
    Anchor(8, HASH, "2026-01-01").save(path)
    assert Anchor.load(path) == Anchor(8, HASH, "2026-01-01")
    assert [file.name for file in tmp_path.iterdir()] == ["anchor.json"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"7",
        b"[" * 100_000,
        b'{"number": "7", "hash": "' + HASH.encode() + b'"}',
        b'{"number": true, "hash": "' + HASH.encode() + b'"}',
        b'{"number": -1, "hash": "' + HASH.encode() + b'"}',
        b'{"number": 7, "hash": "xyz"}',
        b'{"number": 7}',
    ],
)
def test_a_file_that_is_no_anchor_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "anchor.json"
    path.write_bytes(content)
    with pytest.raises(BadAnchor) as refused:
        Anchor.load(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_place_that_can_not_be_read_or_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadAnchor, match="No such file"):
        Anchor.load(tmp_path / "missing.json")
    with pytest.raises(BadAnchor, match="No such file"):
        Anchor(7, HASH).save(tmp_path / "no" / "such" / "place.json")
