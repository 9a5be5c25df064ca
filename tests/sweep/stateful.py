"""The state machine as a part of the sweep: a run of pytest for each engine."""

import os
import subprocess
import sys
import time

TESTS = ("tests/sweep/test_machine.py", "tests/sweep/test_interleaved.py")


def run_stateful(engine: str, *, steps: int, seed: int) -> int:
    """Takes so many steps on one engine and prints the figures; 1 for a violation, or 0."""
    started = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", *TESTS, f"--hypothesis-seed={seed}"]
    command += ["-p", "no:randomly", "--show-capture=no", "--tb=short"]
    command += ["--postgres"] if engine == "postgres" else []
    environment = os.environ | {"MERGEUI_SWEEP_STEPS": str(steps)}
    for name in ("MERGEUI_TEST_DIR", "MERGEUI_TEST_POSTGRES"):
        environment.pop(name, None)
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    figures = [line for line in answer.stdout.splitlines() if " steps, " in line]
    seconds = time.monotonic() - started
    violations = int(answer.returncode != 0)
    if violations:
        sys.stdout.write(answer.stdout + answer.stderr)
        repeat = f"MERGEUI_SWEEP_STEPS={steps} pytest {' '.join(command[4:])}"
        sys.stdout.write(
            f"VIOLATION. Repeat it (MERGEUI_SWEEP_SHRINK=1 makes it small): {repeat}\n"
        )
    sys.stdout.write(
        f"{engine}, stateful: {' '.join(figures)}, {violations} violations, {seconds:.0f} s\n"
    )
    sys.stdout.flush()
    return violations
