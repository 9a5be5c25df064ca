"""make demo and what it is made of: a start, a second start, an end, and what goes wrong."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from scripts import demo, setup, supervise

ROOT = Path(__file__).resolve().parent.parent
SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('ready', flush=True); time.sleep(600)",
]

pytestmark = pytest.mark.usefixtures("signals_as_before")


@pytest.fixture
def signals_as_before() -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.fixture(scope="module")
def static_files() -> None:
    """The demo serves what was collected, as production does."""
    setup.collect_static_files()


def free_port() -> int:
    with socket.socket() as taker:
        taker.bind(("127.0.0.1", 0))
        return int(taker.getsockname()[1])


def wait_until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Running:
    """A demo in a directory of its own, as `make demo` starts it."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.port = directory, free_port()
        self.output = directory.parent / "said"
        command = [sys.executable, "-m", "scripts.demo", f"--port={self.port}"]
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [*command, f"--directory={directory}"],
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        wait_until(lambda: "Ctrl-C ends all of it" in self.said() or not self.is_running(), 180)
        assert self.is_running(), self.said()

    def said(self) -> str:
        return self.output.read_text()

    def is_running(self) -> bool:
        return self.process.poll() is None

    def children(self) -> list[int]:
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(number) for number in listed.split()]

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=60)


def exists(pid: int) -> bool:
    """Whether it runs: one that has ended is kept until somebody asks, as not every init does."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def sign_in(running: Running, role: str) -> httpx.Response:
    address = f"http://127.0.0.1:{running.port}"
    with httpx.Client(base_url=address, follow_redirects=True, timeout=30) as person:
        form = person.get("/login/").text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
        assert token
        password = re.search(rf"{role} +(\S+) ", running.said())
        assert password
        fields = {"username": role, "password": password[1], "csrfmiddlewaretoken": token[1]}
        return person.post("/login/", data=fields)


def test_the_whole_demo(tmp_path: Path, static_files: None) -> None:
    """Starts with groups in the queue, ends with everything gone, and goes on the next time."""
    directory = tmp_path / "demo"
    first = Running(directory)
    try:
        children = first.children()
        assert len(children) == 3
        assert re.search(r"\((\d+) groups to review\)", first.said())
        for role in demo.USERS:
            page = sign_in(first, role)
            assert page.status_code == 200
            assert page.url.path == "/groups/"
        secret = directory / "keys.json"
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        kept = secret.read_text()
    finally:
        code = first.end(signal.SIGINT)
    assert code == 0
    assert not any(exists(pid) for pid in children)

    second = Running(directory)
    try:
        assert "Fetching the first" not in second.said()
        assert secret.read_text() == kept
        assert sign_in(second, "operator").url.path == "/groups/"
        # One of them dies: the rest is ended, and it is said which.
        os.kill(second.children()[1], signal.SIGKILL)
        assert second.process.wait(timeout=60) == 1
    finally:
        second.end(signal.SIGTERM)
    assert "The worker ended with -9." in second.said()
    assert not supervise.answers(demo.HOST, second.port)


def test_make_run_serves_until_it_is_asked_to_end(tmp_path: Path, static_files: None) -> None:
    """Web server and worker, here against an Invent that nobody reaches."""
    port = free_port()
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "mergeui.settings",
        "DATABASE_URL": f"sqlite:///{tmp_path}/desk.sqlite3",
        "INVENT_API_URL": "http://127.0.0.1:9",
    }
    migrate = [sys.executable, "manage.py", "migrate", "-v", "0"]
    subprocess.run(migrate, cwd=ROOT, env=environment, check=True)
    command = [sys.executable, "-m", "scripts.run", f"--port={port}"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=-1, text=True) as run:
        assert run.stdout
        said = [run.stdout.readline(), run.stdout.readline()]
        assert f"The desk is on http://127.0.0.1:{port}/ . Ctrl-C ends it.\n" in said
        live = httpx.get(f"http://127.0.0.1:{port}/healthz/live", trust_env=False)
        assert live.status_code == 200
        run.send_signal(signal.SIGTERM)
        assert run.wait(timeout=60) == 0


def test_make_run_refuses_a_bad_value_before_anything_starts() -> None:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "mergeui.settings",
        "MERGE_FOUR_EYES": "sometimes",
    }
    command = [sys.executable, "-m", "scripts.run"]
    answer = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr == (
        "MERGE_FOUR_EYES: got 'sometimes', but it takes one of never, risky, always.\n"
    )


def test_a_port_in_use_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SystemExit) as refusal:
            demo.refuse_port_in_use(port)
    assert str(refusal.value) == (
        f"Port {port} can't be had (Address already in use):"
        f" choose another, such as PORT={port + 1} make demo"
    )


def test_a_port_that_is_taken_is_no_answer_yet() -> None:
    """As gunicorn has it while its processes load the desk."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not supervise.answers("127.0.0.1", port, seconds=0.1)


@pytest.mark.parametrize("raw", ["", "0", "65536", "web", "80 80", "-1"])
def test_a_bad_port_is_refused(raw: str) -> None:
    with pytest.raises(SystemExit, match=r"PORT: got .* takes a whole number from 1 to 65535"):
        supervise.port_number(raw)


def test_a_program_that_ends_ends_the_others_and_its_words_are_shown(tmp_path: Path) -> None:
    said = [sys.executable, "-c", "print('no database'); raise SystemExit(3)"]

    def watch_two() -> None:
        with supervise.Supervisor() as supervisor:
            other.append(supervisor.start("other", SLEEP))
            supervisor.start("worker", said, log=tmp_path / "log")
            supervisor.watch()

    other: list[supervise.Program] = []
    with pytest.raises(supervise.Failed) as failure:
        watch_two()
    assert str(failure.value) == "The worker ended with 3.\n  no database"
    assert other[0].process.returncode == -signal.SIGTERM


def test_a_program_that_does_not_end_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with supervise.Supervisor(patience=0.2) as supervisor:
        program = supervisor.start("stubborn", STUBBORN, log=log)
        supervisor.wait_for(lambda: "ready" in log.read_text(), "The start", 30)
    assert program.process.returncode == -signal.SIGKILL


def test_what_does_not_come_ends_the_wait() -> None:
    with (
        supervise.Supervisor() as supervisor,
        pytest.raises(supervise.Failed, match="The queue did not come within 0 seconds"),
    ):
        supervisor.wait_for(lambda: False, "The queue", 0.2)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all(number: signal.Signals) -> None:
    started: list[supervise.Program] = []

    def work(supervisor: supervise.Supervisor) -> None:
        started.append(supervisor.start("one", SLEEP))
        os.kill(os.getpid(), number)
        supervisor.watch()

    assert supervise.run_until_asked(work, patience=30) == 0
    assert started[0].process.returncode == -signal.SIGTERM


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of our death")
def test_nothing_outlives_a_killed_supervisor() -> None:
    script = (
        "import sys; from scripts.supervise import Supervisor\n"
        f"with Supervisor() as one: print(one.start('x', {SLEEP!r}).process.pid, flush=True);"
        " one.watch()"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=-1, text=True) as run:
        assert run.stdout
        pid = int(run.stdout.readline())
        run.kill()
    wait_until(lambda: not exists(pid))
