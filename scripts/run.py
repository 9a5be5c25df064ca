"""make run: web server and worker, as the environment says, against the real Invent."""

import argparse
import subprocess

from scripts.supervise import (
    ROOT,
    Supervisor,
    answers,
    manage,
    port_number,
    run_until_asked,
    web_command,
)

# A merge in hand is given the time that its time-outs allow before its worker is ended.
PATIENCE = 180


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", default="8000")
    wished = parser.parse_args()
    port = port_number(wished.port)
    # A bad value ends here with its one line, before a server tries again and again to start.
    code = subprocess.run(manage("check"), cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
    if code.returncode:
        return code.returncode

    def serve(supervisor: Supervisor) -> None:
        supervisor.start("worker", manage("worker"))
        supervisor.start("web server", web_command(wished.host, port))
        supervisor.wait_for(lambda: answers(wished.host, port), "The web server", 60)
        print(f"The desk is on http://{wished.host}:{port}/ . Ctrl-C ends it.", flush=True)
        supervisor.watch()

    return run_until_asked(serve, patience=PATIENCE)


if __name__ == "__main__":
    raise SystemExit(main())
