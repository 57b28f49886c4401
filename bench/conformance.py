"""Generated requests to every operation of both versions, as a manager: no 5xx, and every answer as published."""

import argparse
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.api import serving
from bench.practice import make_practice
from bench.table import table
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from practices.models import Membership

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
# Signing out would end the session that all other requests are made in.
LEFT_OUT = "^/(api/auth/|api/oauth/)"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What schemathesis says at its end."""

    version: str
    cases: int
    failures: int
    code: int


def main(arguments: list[str]) -> int:
    """Prints the counts and each failure; 1 unless there is none."""
    options = _options(arguments)
    practice = make_practice(name="Bench: conformance")
    practice.add_slots(start=0, stop=400)
    with practice_scope(practice.id):
        # Who may ask for everything.
        Membership.objects.update(role=Role.PRACTICE_MANAGER)
    with serving() as api:
        outcomes = [_run(api.port, version, practice.tokens[0], options) for version in ("v1", "v2")]
    rows = [[each.version, str(each.cases), str(each.failures)] for each in outcomes]
    print(table(["version", "cases", "failures"], rows))
    return 0 if all(each.code == 0 and each.cases and not each.failures for each in outcomes) else 1


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.conformance", description=__doc__)
    parser.add_argument("--examples", type=int, default=60, help="at most so many of an operation in each phase")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(arguments)


def _run(port: int, version: str, token: str, options: argparse.Namespace) -> Outcome:
    # One worker: with two, schemathesis' coverage phase fails in a cache of its own.
    command = [
        str(Path(sys.executable).with_name("st")), "run", f"http://127.0.0.1:{port}/api/schema/{version}",
        "--url", f"http://127.0.0.1:{port}", "--header", f"Authorization: Bearer {token}",
        "--checks", ",".join(CHECKS), "--exclude-path-regex", LEFT_OUT, "--phases", "examples,coverage,fuzzing",
        "--max-examples", str(options.examples), "--seed", str(options.seed), "--workers", "1", "--no-color",
        "--suppress-health-check", "all", "--continue-on-failure",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(done.stdout[done.stdout.find("FAILURES") - 40 :][:20_000] if "FAILURES" in done.stdout else "")
    cases = re.search(r"(\d+) generated", done.stdout)
    failures = re.search(r"(\d+) unique failure", done.stdout)
    if cases is None:
        print(done.stdout[-3000:], done.stderr[-3000:])
    return Outcome(version, int(cases[1]) if cases else 0, int(failures[1]) if failures else 0, done.returncode)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
