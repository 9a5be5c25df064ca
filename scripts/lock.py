"""The requirement files: made from pyproject.toml, every package pinned and hashed.

`python -m scripts.lock` resolves anew for every platform and Python from 3.11 on, keeping the pins
that still fit (`--upgrade` takes the newest). `--check` asks no registry: it says whether the files
were made from the dependencies that pyproject.toml names now. The files name no registry, so that
each team installs from its own.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = ROOT / "pyproject.toml"
FILES = {
    "requirements.txt": [],
    "requirements-dev.txt": ["--group=dev", "-c=requirements.txt"],
    # Apart, because it is large and only `make bench-full` needs it.
    "requirements-plots.txt": ["--group=plots", "-c=requirements.txt", "-c=requirements-dev.txt"],
}
OPTIONS = (
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-header",
    "--quiet",
)


def digest() -> str:
    """What stands for the dependencies that pyproject.toml names now."""
    project = tomllib.loads(PYPROJECT.read_text())
    named = {
        "python": project["project"]["requires-python"],
        "run": sorted(project["project"]["dependencies"]),
        "groups": {name: sorted(some) for name, some in project["dependency-groups"].items()},
    }
    return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()[:32]


def header() -> str:
    """The first line of each file, by which --check knows it."""
    return f"# Made by `make lock` from pyproject.toml with the dependencies {digest()}"


def lock(*, upgrade: bool) -> None:
    """Write all files."""
    for name, options in FILES.items():
        command = ["uv", "pip", "compile", "pyproject.toml", *OPTIONS, *options, f"-o={name}"]
        if upgrade:
            command.append("--upgrade")
        subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=True)
        path = ROOT / name
        path.write_text(f"{header()}\n{path.read_text()}")


def check() -> str | None:
    """What is wrong with the files, or None."""
    for name in FILES:
        first, _, rest = (ROOT / name).read_text().partition("\n")
        if first != header():
            return f"{name} is not made from pyproject.toml as it is now: run `make lock`."
        if "://" in rest:
            return f"{name} names an address: it should name packages alone."
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say whether the files fit")
    parser.add_argument("--upgrade", action="store_true", help="take the newest that fit")
    wished = parser.parse_args()
    if not wished.check:
        lock(upgrade=wished.upgrade)
    if wrong := check():
        raise SystemExit(wrong)


if __name__ == "__main__":
    main()
