"""`manage.py` commands as programs of their own, on the test's database."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
QUICK = [0, 0.1, 0.2]


def wait_until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


class Program:
    """A `manage.py` command on the test's database; what it says is kept."""

    def __init__(self, directory: Path, *arguments: str, url: str, **given: Any) -> None:
        self.said = directory / f"said-{time.monotonic_ns()}"
        settings = {
            "DATABASE_NAME": str(connection.settings_dict["NAME"]),
            "INVENT_API_URL": url,
            "INVENT_API_KEY": "sandbox-key",
            "MERGE_COOL_OFF_SECONDS": 0,
            # Its own: what a program of another test sent would be a gap here.
            "MERGE_JOURNAL": str(django_settings.MERGE_JOURNAL),
            "MERGE_READ_BACK_SECONDS": QUICK,
            **given,
        }
        environment = {
            "DJANGO_SETTINGS_MODULE": "tests.merging.program",
            "MERGEUI_TEST_SETTINGS": json.dumps(settings),
        }
        with self.said.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", *arguments],
                cwd=ROOT,
                env=os.environ | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.wait()

    @property
    def words(self) -> str:
        return self.said.read_text()

    def end(self) -> int:
        return self.process.wait(timeout=60)
