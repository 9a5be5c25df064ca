"""`python -m benchmarks.start`: how long web server and worker take to start.

Processor time of new processes until they are up, in turn, against `django.setup()` alone; the
modules are compiled beforehand, as they are where the desk is installed.
"""

import argparse
import os
import resource
import secrets
import subprocess
import sys
import tempfile
from statistics import median

from benchmarks.goals import Goal, keep

SETUP = "import django; django.setup()"
ADDRESSES = "from django.urls import get_resolver; get_resolver().url_patterns"
# httpx loads a program for the command line where click and rich are, as they are beside the tools
# of development and not on a server.
ALONE = "import sys; sys.modules['click'] = sys.modules['rich'] = None; "
# To take down what was started is no part of it.
UP = "; import os; os._exit(0)"
GUNICORN = "import gunicorn.app.wsgiapp, gunicorn.workers.gthread, mergeui.wsgi"
LOAD = "from django.core.management import load_command_class as load; load('mergeui.merging', "
SETUP_ALONE = "`django.setup()` alone"
STARTS = {
    SETUP_ALONE: SETUP,
    "web server, until the first request": f"{GUNICORN}; {ADDRESSES}",
    "worker, until the first look": f"{SETUP}; {LOAD}'worker')",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=11)
    wished = parser.parse_args()
    taken: dict[str, list[float]] = {name: [] for name in STARTS}
    with tempfile.TemporaryDirectory(prefix="mergeui-bench-") as directory:
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "mergeui.settings",
            "SECRET_KEY": secrets.token_hex(32),
            "DATABASE_URL": f"sqlite:///{directory}/bench.sqlite3",
            "PYTHONPYCACHEPREFIX": directory,
        }
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for number in range(wished.rounds + 1):
            for name, program in STARTS.items():
                seconds = start(program, environment)
                # The first one compiles.
                if number:
                    taken[name].append(seconds)
    print("| start | processor time | to `django.setup()` |\n|---|---|---|")
    alone = median(next(iter(taken.values())))
    for name, all_ in taken.items():
        print(f"| {name} | {median(all_) * 1000:.0f} ms | {median(all_) / alone:.2f} |", flush=True)
        if name != SETUP_ALONE:
            keep(Goal(f"start: {name}", SETUP_ALONE, median(all_) / alone, 1.5))


def start(program: str, environment: dict[str, str]) -> float:
    """The seconds of processor time of a new Python that does this."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", ALONE + program + UP], env=environment, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
