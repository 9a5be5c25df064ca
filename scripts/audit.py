"""`make audit`: the advisories of PyPI about every package that is pinned.

`--strict`: without it pip-audit says "no known vulnerabilities" when it could look at nothing. So
this, and `make check` with it, fails where PyPI's advisories can't be reached: a check that passes
without having looked is none. `make check-code` is the rest, for such a place.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = ("requirements.txt", "requirements-dev.txt")
LOOK = ("--strict", "--require-hashes", "--disable-pip", "--progress-spinner=off")


def command(file: str) -> list[str]:
    """What looks at one file of pins."""
    return [sys.executable, "-m", "uv", "tool", "run", "pip-audit", *LOOK, f"--requirement={file}"]


def main() -> None:
    failed = [
        file for file in FILES if subprocess.run(command(file), cwd=ROOT, check=False).returncode
    ]
    if failed:
        raise SystemExit(
            f"make audit: {', '.join(failed)} not passed: a hole was found, or the advisories could"
            " not be asked. The lines above say which. Where PyPI can't be reached, `make"
            " check-code` is all of `make check` but this."
        )


if __name__ == "__main__":
    main()
