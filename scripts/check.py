"""Every check that needs no test to run: all of them, whatever the first one finds.

`python -m scripts.check` prints one line a check, what a failing one says, and exits with 1 when
any fails.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
BIN = Path(PYTHON).parent
TEMPLATES = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("templates/**/*.html"))
# As in production, so that the deployment checks see what production sees.
PRODUCTION = {
    "SECRET_KEY": "only-for-checks-Zq8vLr2Xw5Nt9Bk4Hs7Jd3Gf6Pc1My0Ua5Ei8Oy2Tq",
    "DEBUG": "off",
    "ALLOWED_HOSTS": "desk.example.com",
    "CSRF_TRUSTED_ORIGINS": "https://desk.example.com",
}
CHECKS: dict[str, list[str]] = {
    "formatting": [f"{BIN}/ruff", "format", "--check"],
    "lint": [f"{BIN}/ruff", "check"],
    "holes": [f"{BIN}/bandit", "--quiet", "--configfile=pyproject.toml", "--recursive", "mergeui"],
    "types": [f"{BIN}/mypy"],
    "layers": [f"{BIN}/lint-imports"],
    "templates": [f"{BIN}/djade", "--target-version=5.2", "--check", *TEMPLATES],
    "template indents": [f"{BIN}/djhtml", "--check", *TEMPLATES],
    "migrations": [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
    "safe migrations": [PYTHON, "-m", "scripts.safe_migrations"],
    "deployment": [PYTHON, "manage.py", "check", "--deploy", "--fail-level=WARNING"],
    "pins": [PYTHON, "-m", "scripts.lock", "--check"],
    "packages": [PYTHON, "-m", "pip", "check"],
}


def passes(name: str, command: list[str]) -> bool:
    """Run one check; what it says is shown when it fails."""
    started = time.monotonic()
    answer = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | PRODUCTION,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    found = "ok" if answer.returncode == 0 else "FAILED"
    print(f"{name:18} {found:8} {time.monotonic() - started:5.1f} s", flush=True)
    if answer.returncode:
        print(answer.stdout, flush=True)
    return answer.returncode == 0


def main() -> None:
    failed = [name for name, command in CHECKS.items() if not passes(name, command)]
    if failed:
        raise SystemExit(f"make check-code: {', '.join(failed)} failed.")


if __name__ == "__main__":
    main()
