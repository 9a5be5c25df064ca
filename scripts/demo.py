"""make demo: the whole desk on this machine, with a stand-in for Invent and made-up contacts.

Everything that it writes is in one directory, var/demo: the database, the stand-in's memory, the
keys, what the programs said. A second start goes on where the first one ended.
"""

import argparse
import json
import os
import re
import secrets
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from scripts.supervise import (
    ROOT,
    Program,
    Supervisor,
    answers,
    manage,
    port_number,
    run_until_asked,
    web_command,
)

HOST = "127.0.0.1"
GROUPS_SECONDS = 180
# Not secret: the desk listens on this machine alone, and the contacts are made up.
USERS = {
    "viewer": "looks at everything, decides nothing",
    "operator": "asks for merges, dismisses and snoozes groups",
    "approver": "approves what somebody else has asked for",
    "admin": "may do all of that",
}


@dataclass(frozen=True)
class Demo:
    """Where the demo keeps what it writes."""

    directory: Path
    port: int

    @property
    def database(self) -> Path:
        return self.directory / "desk.sqlite3"

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}/"

    def log(self, name: str) -> Path:
        return self.directory / f"{name}.log"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", default="8000")
    parser.add_argument("--directory", type=Path, default=ROOT / "var" / "demo")
    wished = parser.parse_args()
    demo = Demo(wished.directory.resolve(), port_number(wished.port))
    refuse_port_in_use(demo.port)
    demo.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return run_until_asked(lambda supervisor: serve(demo, supervisor), patience=30)


def serve(demo: Demo, supervisor: Supervisor) -> None:
    """Start everything, say where it is, and keep watch."""
    print("Starting the desk …", flush=True)
    environment = os.environ | settings(demo)
    prepare_database(demo, environment)
    sandbox = supervisor.start(
        "stand-in Invent",
        [
            *(sys.executable, "-m", "mergeui.sandbox", "--port=0"),
            f"--key={environment['INVENT_API_KEY']}",
            f"--state={demo.directory / 'invent.journal'}",
        ],
        environment,
        demo.log("invent"),
    )
    supervisor.wait_for(lambda: address_of(sandbox) is not None, "The stand-in Invent", 60)
    environment["INVENT_API_URL"] = address_of(sandbox) or ""
    supervisor.start("worker", manage("worker"), environment, demo.log("worker"))
    supervisor.start("web server", web_command(HOST, demo.port), environment, demo.log("web"))
    supervisor.wait_for(lambda: answers(HOST, demo.port), "The web server", 60)
    if not synced(demo):
        print("Fetching the first duplicate groups …", flush=True)
    supervisor.wait_for(lambda: synced(demo), "The first duplicate groups", GROUPS_SECONDS)
    print(welcome(demo), flush=True)
    supervisor.watch()


def settings(demo: Demo) -> dict[str, str]:
    """The environment of the demo; how merges are approved may be chosen by the caller's own."""
    return {
        "DJANGO_SETTINGS_MODULE": "mergeui.settings",
        "DEBUG": "off",
        "HTTPS": "off",
        "BEHIND_PROXY": "off",
        "ALLOWED_HOSTS": f"localhost,{HOST}",
        "CSRF_TRUSTED_ORIGINS": "",
        "DATABASE_URL": f"sqlite:///{demo.database}",
        "INVENT_ORG_ID": "c",
        "MERGE_JOURNAL": str(demo.directory / "merges.jsonl"),
        **keys(demo.directory / "keys.json"),
    }


def keys(path: Path) -> dict[str, str]:
    """The keys of this demo: made once, readable by their owner alone."""
    if not path.exists():
        made = {"SECRET_KEY": secrets.token_urlsafe(48), "INVENT_API_KEY": secrets.token_hex(16)}
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(made, file)
    kept: dict[str, str] = json.loads(path.read_text())
    return kept


def prepare_database(demo: Demo, environment: dict[str, str]) -> None:
    """Tables and users, where they are missing."""
    finish(manage("migrate", "-v", "0"), environment)
    there = {name for (name,) in look_up(demo, "SELECT username FROM accounts_user")}
    for role in (role for role in USERS if role not in there):
        add = manage("adduser", role, "--role", role, "--password-stdin")
        finish(add, environment, typed=password(role))


def password(role: str) -> str:
    return f"{role}-tries-the-desk"


def finish(command: list[str], environment: dict[str, str], typed: str = "") -> None:
    """Run a command to its end; ends the program with its words when it fails."""
    answer = subprocess.run(
        command, cwd=ROOT, env=environment, input=typed, capture_output=True, text=True, check=False
    )
    if answer.returncode:
        raise SystemExit(f"{' '.join(command[1:3])} failed:\n{answer.stderr.strip()}")


def synced(demo: Demo) -> bool:
    """Whether the groups were mirrored, all of them."""
    return bool(look_up(demo, "SELECT 1 FROM review_syncrun WHERE state = 'done' LIMIT 1"))


def open_groups(demo: Demo) -> int:
    """How many groups wait for somebody's decision."""
    return int(look_up(demo, "SELECT count(*) FROM review_group WHERE state = 'open'")[0][0])


def look_up(demo: Demo, query: str) -> list[tuple[str]]:
    """Read the database from outside, without starting Django."""
    with closing(sqlite3.connect(f"file:{demo.database}?mode=ro", uri=True, timeout=30)) as reader:
        return reader.execute(query).fetchall()


def address_of(sandbox: Program) -> str | None:
    """Where the stand-in says that it listens."""
    found = re.search(r"http://[\d.]+:\d+", sandbox.log.read_text() if sandbox.log else "")
    return found.group() if found else None


def refuse_port_in_use(port: int) -> None:
    """End the program with one line when another program has the port."""
    with socket.socket() as taker:
        taker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taker.bind((HOST, port))
        except OSError as error:
            raise SystemExit(
                f"Port {port} can't be had ({error.strerror}):"
                f" choose another, such as PORT={port % 65535 + 1} make demo"
            ) from None


def welcome(demo: Demo) -> str:
    """Where the desk is, and who may sign in."""
    people = "\n".join(f"  {role:9}  {password(role):24}  {may}" for role, may in USERS.items())
    return f"""
mergeui is ready:  {demo.address}   ({open_groups(demo)} groups to review)

  Sign in    with the password         who
{people}

The contacts are made up, Invent is a stand-in, nothing leaves this machine.
What you decide is kept in {shown(demo.directory)}; remove that directory to begin anew.
Ctrl-C ends all of it."""


def shown(path: Path) -> Path:
    """A path as somebody in the project's directory would name it."""
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


if __name__ == "__main__":
    raise SystemExit(main())
