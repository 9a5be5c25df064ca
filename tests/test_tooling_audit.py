"""make audit fails when it found something, and when it could not look."""

import subprocess

import pytest

from scripts import audit


@pytest.mark.parametrize("found", [0, 1])
def test_what_it_says(monkeypatch: pytest.MonkeyPatch, found: int) -> None:
    asked: list[list[str]] = []

    def run(command: list[str], **how: object) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, found)

    monkeypatch.setattr(audit.subprocess, "run", run)
    if found:
        with pytest.raises(SystemExit, match="advisories could not be asked"):
            audit.main()
    else:
        audit.main()
    assert all("--strict" in command for command in asked)
    assert [command[-1] for command in asked] == [f"--requirement={one}" for one in audit.FILES]
