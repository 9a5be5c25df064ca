"""The stand-in as a program of its own, and its server."""

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from mergeui.sandbox import Fault, Sandbox
from mergeui.sandbox.__main__ import main
from mergeui.sandbox.server import running


def test_a_connection_is_kept_for_the_next_request(app: Sandbox):
    with running(app) as url:
        connection = http.client.HTTPConnection(url.removeprefix("http://"))
        for path in ("/orgs", "/_sandbox/counters", "/orgs"):
            connection.request("GET", path)
            connection.getresponse().read()
            kept = connection.sock
        assert kept is not None
        connection.close()


def test_a_body_of_unknown_length_is_refused(app: Sandbox):
    with running(app) as url:
        answer = httpx.post(f"{url}/_sandbox/reset", content=iter([b"x"]), trust_env=False)
    assert answer.status_code == 411


@pytest.mark.parametrize("sent", [b"", b'{"source_contact'])
def test_a_request_that_breaks_off_is_not_carried_out(app: Sandbox, sent: bytes):
    """A worker that is killed between the head and the body of a merge has asked for nothing."""
    primary, source = app.world.main.groups()[0][:2]
    body = json.dumps({"source_contact_ids": [source]})
    head = (
        f"POST /orgs/c/contacts/{primary}/merge HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer sandbox-key\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with running(app) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(head.encode() + sent)
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(65536) == b""
    assert app.counters.merge_calls == 0
    assert app.counters.hazard_calls == 0


def test_head_has_no_body(app: Sandbox):
    with running(app) as url:
        answer = httpx.head(f"{url}/_sandbox/faults", trust_env=False)
    assert answer.content == b""


def test_an_error_of_the_app_is_logged_and_ends_the_connection(caplog: pytest.LogCaptureFixture):
    def broken(environ: dict[str, object], start_response: object) -> list[bytes]:
        raise RuntimeError("a bug")

    with running(broken) as url, pytest.raises(httpx.RemoteProtocolError):
        httpx.get(url, trust_env=False)
    assert "failed to answer" in caplog.text
    assert "a bug" in caplog.text


def test_closing_does_not_wait_for_those_who_wait(app: Sandbox):
    app.faults.next_read(Fault.HANG, hang_seconds=60)
    ended = threading.Event()

    def wait(url: str) -> None:
        headers = {"Authorization": "Bearer sandbox-key"}
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{url}/orgs/c/segments", headers=headers, timeout=30, trust_env=False)
        ended.set()

    with running(app) as url:
        thread = threading.Thread(target=wait, args=(url,))
        thread.start()
        while not app.counters.requests:
            pass
    assert ended.wait(5)
    thread.join()


def test_many_clients_at_once_lose_no_count(app: Sandbox):
    def ask(url: str) -> None:
        headers = {"Authorization": "Bearer sandbox-key"}
        with httpx.Client(base_url=url, headers=headers, trust_env=False) as client:
            for _ in range(20):
                assert client.get("/orgs/c/segments").status_code == 200

    with running(app) as url:
        threads = [threading.Thread(target=ask, args=(url,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert app.counters.requests["GET segments"] == 160


@contextmanager
def program(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The program running, and the line that it prints when it is ready."""
    command = [sys.executable, "-m", "mergeui.sandbox", "--port", "0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline()
        finally:
            process.kill()


def test_it_says_one_line_serves_and_ends_cleanly():
    with program("--groups", "20", "--key", "k") as (process, line):
        assert re.fullmatch(
            r"Sandbox Invent on http://127\.0\.0\.1:\d+: 20 groups, \d+ contacts, key k\n", line
        )
        url = line.split()[3].rstrip(":")
        answer = httpx.get(
            f"{url}/orgs/c/segments", headers={"Authorization": "Bearer k"}, trust_env=False
        )
        assert answer.status_code == 200
        limit = httpx.get(f"{url}/_sandbox/faults", trust_env=False).json()["limit_per_minute"]
        assert limit == 500
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=5)
    assert (process.returncode, out, err) == (0, "", "")


def test_what_was_merged_is_kept_over_a_restart(tmp_path: Path):
    state = str(tmp_path / "deep" / "state.jsonl")
    counts: list[str] = []
    for _ in range(2):
        with program("--groups", "20", "--state", state) as (process, line):
            headers = {"Authorization": "Bearer sandbox-key"}
            base_url = line.split()[3].rstrip(":") + "/orgs/c/contacts"
            with httpx.Client(base_url=base_url, headers=headers, trust_env=False) as client:
                page = client.get("/duplicates")
                counts.append(page.headers["pagination-count"])
                group = page.json()[0]
                sources = [one["id"] for one in group["duplicates"]]
                body = {"source_contact_ids": sources}
                merged = client.post(f"/{group['primary']['id']}/merge", json=body)
                assert merged.json()["merged_contact_ids"] == sources
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=5)
            assert process.returncode == 0
    assert counts == ["20", "19"]


def test_a_port_that_is_taken_is_said_in_one_line(capsys: pytest.CaptureFixture[str]):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["--port", str(taken.getsockname()[1]), "--groups", "1"]) == 2
    assert capsys.readouterr().err.startswith("The sandbox can't start: ")
    for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
        signal.signal(number, handler)


def test_a_state_of_another_world_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    state = tmp_path / "state"
    state.write_text(json.dumps({"seed": "groups=7 seed=7"}) + "\n")
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert main(["--port", "0", "--groups", "1", "--state", str(state)]) == 2
    assert "another world" in capsys.readouterr().err
    for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
        signal.signal(number, handler)
