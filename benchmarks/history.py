"""`make bench-history`: verifying and exporting a history of a million entries, on both databases.

Verifying is compared with hashlib in the same run: all that the format has SHA-256 read, from
memory, in one process, with nothing else. That is a digest of the lines of each entry, and the two
of the HMAC of its personal data (docs/history.md, The chain); the second ratio leaves the HMAC's
own blocks out and counts the personal data alone. What is timed is `manage.py verify_audit` as a
program, from its start to its end, with all processes that it takes by itself.
"""

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

ENGINES = ("sqlite", "postgres")
TIMES_LONGER = 10  # the second export against the first
PORTION = 20_000
INNER, OUTER = (bytes(number ^ pad for number in range(256)) for pad in (0x36, 0x5C))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", choices=ENGINES, action="append", help="default: both")
    wished = parser.parse_args()
    engines = wished.engine or list(ENGINES)
    if len(engines) > 1:
        # One process an engine: Django has the settings of one.
        for engine in engines:
            command = [sys.executable, "-m", "benchmarks.history", f"--engine={engine}"]
            command += [f"--entries={wished.entries}", f"--seed={wished.seed}"]
            subprocess.run(command, check=True)
        return
    with database(engines[0]):
        measure(engines[0], wished.entries, wished.seed)


@contextmanager
def database(engine: str) -> Iterator[None]:
    """An empty database of its own, and Django set up on it."""
    from tests import postgres

    with tempfile.TemporaryDirectory(prefix="mergeui-bench-") as directory:
        url = f"sqlite:///{directory}/bench.sqlite3"
        os.environ |= {
            "SECRET_KEY": secrets.token_hex(32),
            "DATABASE_URL": postgres.start().url if engine == "postgres" else url,
            "DJANGO_SETTINGS_MODULE": "mergeui.settings",
        }
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection

        call_command("migrate", verbosity=0)
        yield
        connection.close()


def measure(engine: str, entries: int, seed: int) -> None:
    """Writes the history, exports it at a tenth and whole, verifies it; prints the figures."""
    from django.db import connection

    from benchmarks.chain import Chain

    chain = Chain(seed=seed, references=False)
    few = max(1, entries // TIMES_LONGER)
    started = time.perf_counter()
    chain.write(few)
    short = run("export_audit", "--format=jsonl")
    chain.write(entries - few)
    written = time.perf_counter() - started - short.seconds
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as PostgreSQL does by itself after a while
    whole = run("export_audit", "--format=jsonl")
    before = hash_alone(entries)
    verified, alone = run("verify_audit"), run("verify_audit", "--jobs=1")
    after = hash_alone(entries)

    base = (before.seconds + after.seconds) / 2
    contents = (before.contents_seconds + after.contents_seconds) / 2
    megabytes = before.size / 1_000_000
    print(f"\n{engine}: {entries:,} entries, {megabytes:,.0f} MB to hash, seed {seed}\n")
    print("| what | seconds | entries a second | against hashlib alone | personal data alone |")
    print("|---|---|---|---|---|")
    for what, seconds in (
        ("hashlib alone", base),
        ("`verify_audit`", verified.seconds),
        ("`verify_audit --jobs 1`", alone.seconds),
    ):
        ratios = f"{base / seconds:.2f} | {contents / seconds:.2f}"
        print(f"| {what} | {seconds:.1f} | {entries / seconds:,.0f} | {ratios} |")
    print(f"| `export_audit` | {whole.seconds:.1f} | {entries / whole.seconds:,.0f} | | |")
    print(
        f"\nLoad of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
        f"\nPeak memory of export_audit: {short.peak_mb:.0f} MB at {few:,} entries,"
        f" {whole.peak_mb:.0f} MB at {entries:,}"
        f"\nWriting the history for this: {written:.0f} s",
        flush=True,
    )


@dataclass(frozen=True, slots=True)
class Taken:
    """A command's wall-clock time and the peak of its resident memory."""

    seconds: float
    peak_mb: float


def run(*command: str) -> Taken:
    """Runs a `manage.py` command as a program; what it prints is read and thrown away."""
    program = [sys.executable, str(Path(__file__).parent.parent / "manage.py"), *command]
    started = time.perf_counter()
    process = subprocess.Popen(program, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"manage.py {' '.join(command)} ended with {process.returncode}")
    return Taken(time.perf_counter() - started, usage.ru_maxrss / 1024)


@dataclass(slots=True)
class Hashed:
    """What hashlib took for everything, and for the contents alone; `size` of everything, bytes."""

    seconds: float = 0.0
    contents_seconds: float = 0.0
    size: int = 0


def hash_alone(entries: int) -> Hashed:
    """The same bytes through hashlib; reading them from the database is not timed."""
    found = Hashed()
    for after in range(0, entries, PORTION):
        lines, data, inner, outer = pieces(after)
        lines_seconds = timed(lines)
        found.seconds += lines_seconds + timed(inner) + timed(outer)
        found.contents_seconds += lines_seconds + timed(data)
        found.size += sum(map(len, (*lines, *inner, *outer)))
    return found


def timed(pieces: list[bytes]) -> float:
    started = time.perf_counter()
    for piece in pieces:
        sha256(piece).hexdigest()
    return time.perf_counter() - started


def pieces(after: int) -> tuple[list[bytes], list[bytes], list[bytes], list[bytes]]:
    """Of the next entries: the lines, the personal data, and both parts of the HMAC of these."""
    from mergeui.audit import canonical, rows

    lines, data, inner, outer = [], [], [], []
    for row in map(rows.Row._make, rows.read(after, PORTION)):
        moment = canonical.stored_moment(row.at)
        text = "\n".join((canonical.FORMAT, str(row.number), moment, *row[2:13]))
        lines.append(text.encode())
        if row.key is None or row.data is None:
            continue
        key = bytes.fromhex(row.key).ljust(64, b"\0")
        data.append(row.data.encode())
        inner.append(key.translate(INNER) + data[-1])
        outer.append(key.translate(OUTER) + sha256(inner[-1]).digest())
        assert sha256(outer[-1]).hexdigest() == row.payload_mac
    return lines, data, inner, outer


if __name__ == "__main__":
    main()
