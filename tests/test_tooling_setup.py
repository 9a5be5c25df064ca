"""make setup and make lock: what they promise on a machine that lacks something."""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from scripts import lock, setup

ROOT = Path(__file__).resolve().parent.parent


def make(target: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", target], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_make_alone_lists_every_target() -> None:
    targets = {line.split(":")[0] for line in (ROOT / "Makefile").read_text().splitlines()}
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("setup", "demo", "test", "check", "bench", "run", "lock"):
        assert target in targets
        assert f"make {target} " in listed


def test_setup_without_a_new_enough_python_says_what_to_do(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    for tool in ("sh", "dirname", "make"):
        (tmp_path / tool).symlink_to(shutil.which(tool) or "")
    answer = make("setup", PATH=str(tmp_path))
    assert answer.returncode != 0
    assert answer.stderr.startswith("mergeui needs Python 3.11 or newer, and none was found")
    assert "apt-get install python3 python3-venv" in answer.stderr


def test_setup_names_a_missing_venv_module(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(setup, "PYTHON", tmp_path / "no-python")
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(SystemExit, match=r"apt-get install python3\.\d+-venv"):
        setup.make_venv()


def test_setup_trusts_its_own_venv_and_no_copy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for place in ("venv", "copy"):
        (tmp_path / place / "bin").mkdir(parents=True)
        (tmp_path / place / "bin" / "python").symlink_to(sys.executable)
        pip = tmp_path / place / "bin" / "pip"
        pip.write_text(f"#!/bin/sh\necho pip 26 from {tmp_path}/venv/lib\n")
        pip.chmod(0o755)
    found = []
    for place in ("venv", "copy", "nothing"):
        monkeypatch.setattr(setup, "VENV", tmp_path / place)
        monkeypatch.setattr(setup, "PYTHON", tmp_path / place / "bin" / "python")
        found.append(setup.usable())
    assert found == [True, False, False]


def test_setup_does_nothing_twice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    done: list[str] = []
    monkeypatch.setattr(setup, "VENV", tmp_path)
    monkeypatch.setattr(setup, "run", lambda doing, *_: done.append(doing))
    setup.install(setup.DEV)
    setup.install(setup.DEV)
    setup.install(setup.RUNTIME)
    assert done == ["Installing requirements-dev.txt"]


def test_setup_installs_again_when_the_pins_change(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done: list[str] = []
    pins = tmp_path / "requirements.txt"
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(setup, "VENV", tmp_path)
    monkeypatch.setattr(setup, "DEV", pins)
    monkeypatch.setattr(setup, "run", lambda doing, *_: done.append(doing))
    for content in ("django==5.2", "django==5.2", "django==5.3"):
        pins.write_text(content)
        setup.install(pins)
    assert len(done) == 2


def wheel(folder: Path, name: str, version: str, needs: str = "") -> str:
    """Puts a package of nothing into `folder`; its hash."""
    info = f"{name}-{version}.dist-info"
    file = folder / f"{name}-{version}-py3-none-any.whl"
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nProvides-Extra: more\n"
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr(f"{info}/METADATA", about + (f"Requires-Dist: {needs}\n" if needs else ""))
        packed.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        packed.writestr(f"{info}/RECORD", "")
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_setup_installs_the_pins_though_something_newer_was_published(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # pip's own resolver looks at every version of a package that is wanted with an extra.
    pins = tmp_path / "requirements.txt"
    app = wheel(tmp_path, "deskapp", "1.0", "desklib[more]>=1")
    pinned = wheel(tmp_path, "desklib", "1.0")
    wheel(tmp_path, "desklib", "1.1")
    pins.write_text(f"deskapp==1.0 --hash=sha256:{app}\ndesklib==1.0 --hash=sha256:{pinned}\n")
    venv.create(tmp_path / "venv", with_pip=True)
    for name, value in {
        "ROOT": tmp_path, "VENV": tmp_path / "venv", "DEV": pins,
        "PYTHON": tmp_path / "venv" / "bin" / "python",
    }.items():  # fmt: skip
        monkeypatch.setattr(setup, name, value)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    setup.install(pins)
    listed = setup.answer([setup.PYTHON, "-m", "pip", "freeze"])
    assert listed
    assert listed.split() == ["deskapp==1.0", "desklib==1.0"]


def test_the_requirement_files_fit_pyproject_and_name_no_registry() -> None:
    assert lock.check() is None


def test_a_dependency_that_was_not_locked_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    changed = tmp_path / "pyproject.toml"
    changed.write_text(
        (ROOT / "pyproject.toml").read_text().replace("dependencies = [", 'dependencies = ["six",')
    )
    monkeypatch.setattr(lock, "PYPROJECT", changed)
    assert lock.check() == (
        "requirements.txt is not made from pyproject.toml as it is now: run `make lock`."
    )


def test_every_pin_has_a_hash() -> None:
    for name in lock.FILES:
        lines = (ROOT / name).read_text().splitlines()
        pins = [number for number, line in enumerate(lines) if "==" in line.partition(";")[0]]
        assert pins
        assert all("--hash=sha256:" in lines[number + 1] for number in pins)


def test_ci_runs_checks_and_tests() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert {"make check-code", "make test"} <= set(script.read_text().splitlines())
