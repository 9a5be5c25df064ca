"""Several programs as one: started together, watched together, ended together.

Ctrl-C or SIGTERM ends all of them, the last one started first, each by its own process id. When one
of them ends by itself, the others are ended too, and its last lines say why.
"""

import ctypes
import http.client
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
LAST_LINES = 12
TELL_WHEN_PARENT_DIES = 1  # PR_SET_PDEATHSIG of Linux's prctl(2)


class Stopped(Exception):
    """Somebody asked for the end."""


class Failed(Exception):
    """A program ended by itself, or what was waited for did not come; the text says which."""


@dataclass
class Program:
    """One program that runs: `log` is None when it shares our own output."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path | None = None

    def last_lines(self) -> str:
        """What it said last."""
        if self.log is None:
            return ""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return "".join(f"\n  {line}" for line in lines[-LAST_LINES:])


@dataclass
class Supervisor:
    """Starts programs and keeps watch. Use as a context: leaving it ends all of them."""

    patience: float = 30
    programs: list[Program] = field(default_factory=list)
    stopping: bool = False

    def __enter__(self) -> "Supervisor":
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.ask_to_stop)
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        """A signal only sets the flag; the loops look at it."""
        self.stopping = True

    def start(
        self,
        name: str,
        command: list[str],
        environment: dict[str, str] | None = None,
        log: Path | None = None,
    ) -> Program:
        """Start a program in a session of its own, so that Ctrl-C reaches us first."""
        output = log.open("wb") if log else None
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=True,
            preexec_fn=end_with_parent if sys.platform == "linux" else None,
        )
        if output:
            output.close()
        self.programs.append(Program(name, process, log))
        return self.programs[-1]

    def look(self) -> None:
        """Raise when somebody asked for the end, or when a program ended."""
        if self.stopping:
            raise Stopped
        for program in self.programs:
            code = program.process.poll()
            if code is not None:
                raise Failed(f"The {program.name} ended with {code}.{program.last_lines()}")

    def wait_for(self, happened: Callable[[], bool], what: str, seconds: float) -> None:
        """Watch until `happened`, for so many seconds at most."""
        deadline = time.monotonic() + seconds
        while not happened():
            self.look()
            if time.monotonic() > deadline:
                said = "".join(f"\n{one.name}:{one.last_lines()}" for one in self.programs)
                raise Failed(f"{what} did not come within {seconds:.0f} seconds.{said}")
            time.sleep(0.1)

    def watch(self) -> None:
        """Watch until somebody asks for the end or a program ends."""
        while True:
            self.look()
            time.sleep(0.2)

    def end(self) -> None:
        """End what still runs, the last one started first."""
        for program in reversed(self.programs):
            if program.process.poll() is None:
                program.process.terminate()
            try:
                program.process.wait(timeout=self.patience)
            except subprocess.TimeoutExpired:
                program.process.kill()
                program.process.wait()


def end_with_parent() -> None:
    """Have the kernel end this process when we are killed and can't do it ourselves."""
    ctypes.CDLL(None).prctl(TELL_WHEN_PARENT_DIES, signal.SIGTERM)


def web_command(host: str, port: int) -> list[str]:
    """The web server, as it serves people."""
    options = ["--workers=2", "--worker-class=gthread", "--threads=4", "--log-level=warning"]
    address = f"--bind={host}:{port}"
    server = [sys.executable, "-m", "gunicorn", "mergeui.wsgi", address, *options]
    return [*server, "--no-control-socket"]


def manage(*command: str) -> list[str]:
    """A command of manage.py."""
    return [sys.executable, "manage.py", *command]


def answers(host: str, port: int, seconds: float = 5) -> bool:
    """Whether a web server answers there, whatever it says.

    gunicorn has the port before a process of its own has loaded the desk; who comes then waits.
    """
    line = http.client.HTTPConnection(host, port, timeout=seconds)
    try:
        line.request("GET", "/healthz/live")
        line.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()
    return True


def run_until_asked(work: Callable[[Supervisor], None], *, patience: float) -> int:
    """Run `work` under a supervisor; the exit code of the whole."""
    try:
        with Supervisor(patience=patience) as supervisor:
            work(supervisor)
    except Stopped:
        print("\nEnded.", flush=True)
        return 0
    except Failed as failure:
        print(failure, file=sys.stderr, flush=True)
        return 1
    return 0


def port_number(raw: str) -> int:
    """The port that PORT names; ends the program with one line when it is none."""
    if not (raw.isascii() and raw.isdigit() and 1 <= int(raw) <= 65535):
        raise SystemExit(f"PORT: got {raw!r}, but it takes a whole number from 1 to 65535.")
    return int(raw)
