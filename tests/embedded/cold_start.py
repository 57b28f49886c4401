"""Proves `make up` on a machine that has never seen it: `python3 tests/embedded/cold_start.py DIRECTORY`.

It needs the standard library alone, and says how long the start and the end took.
"""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
# Seconds: most of them for downloads, and beside the tests all takes its time.
INSTALLATION = 1800.0
PATIENCE = 180.0


def main(directory: Path) -> None:
    home, port = directory / "home", _free_ports()
    foreign = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "MYBCAT_VENV")
    environment = {name: value for name, value in os.environ.items() if name not in foreign}
    environment |= {"MYBCAT_HOME": str(home), "PORT": str(port)}
    output = directory / "up.log"
    begun = time.monotonic()
    with output.open("wb") as file:
        make = subprocess.Popen(["make", "up"], cwd=CHECKOUT, env=environment, stdout=file, stderr=file)
    try:
        _wait_until_ready(make, output)
        started = time.monotonic()
        _log_in(port)
        family = _family(make.pid)
        # To the supervisor, not to make, which would say that it was interrupted.
        os.kill(int((home / "lock").read_text()), signal.SIGTERM)
        code = make.wait(PATIENCE)
        ended = time.monotonic()
    finally:
        if make.poll() is None:
            make.terminate()
            make.wait(PATIENCE)
    _expect(code == 0, f"make up ended with {code}")
    _expect(not (left := family & set(_parents())), f"processes were left: {sorted(left)}")
    _expect(not [each for each in (port, port + 1, port + 2) if _listens(each)], "a port is still in use")
    print(f"make up: {len(family)} processes, cold start {started - begun:.1f} s, stop {ended - started:.1f} s")


def _wait_until_ready(make: "subprocess.Popen[bytes]", output: Path) -> None:
    deadline = time.monotonic() + INSTALLATION
    while b"Ctrl-C stops everything." not in output.read_bytes():
        alive = make.poll() is None and time.monotonic() < deadline
        _expect(alive, f"make up did not become ready:\n{output.read_text(errors='replace')[-5000:]}")
        time.sleep(0.1)


def _log_in(port: int) -> None:
    body = json.dumps({"email": "sarah@mybcat.example", "password": "mybcat-demo"})
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("POST", "/api/auth/token", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    _expect(answer.status == 200, f"the login was answered by {answer.status} {text[:500]}")
    _expect("accessToken" in json.loads(text), "the login gave no token")


def _family(root: int) -> set[int]:
    """The process and all that descend from it."""
    parents, found = _parents(), {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _parents() -> dict[int, int]:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = (line.split() for line in listed.splitlines())
    return {int(pid): int(parent) for pid, parent, state in rows if not state.startswith("Z")}


def _free_ports() -> int:
    """Three in a row, where nothing else looks for some: it may take minutes until they are listened on."""
    while True:
        port = random.randrange(10_000, 20_000)
        if not any(_listens(each) for each in (port, port + 1, port + 2)):
            return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        sys.exit(f"Cold start: {otherwise}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
