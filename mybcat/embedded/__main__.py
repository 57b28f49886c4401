"""The commands: `python3 -m mybcat.embedded <command>`; `make help` lists them."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  # the reader may have an older one: the sentence is for him
    sys.exit("MyBCAT needs Python 3.11 or newer; this is {}.{}: make PYTHON=python3.12 …".format(*sys.version_info))

import importlib
import os
import shutil
import signal
from types import FrameType

from mybcat.embedded import preflight, virtualenv
from mybcat.embedded.home import Home, check_free_space
from mybcat.embedded.refusal import Refusal

# Command -> the module that holds a function of that name, and what it needs installed.
_COMMANDS = {
    "up": ("up", virtualenv.RUNTIME),
    "run": ("run", virtualenv.RUNTIME),
    "backup": ("backup", virtualenv.RUNTIME),
    "restore": ("backup", virtualenv.RUNTIME),
    "test": ("testing", virtualenv.DEVELOPMENT),
    "check": ("quality", virtualenv.DEVELOPMENT),
    "fix": ("quality", virtualenv.DEVELOPMENT),
    "lock": ("requirements", None),
}


def main(arguments: list[str]) -> int:
    """Runs one command; answers its exit code. A refusal is one sentence on stderr, and 1."""
    if not arguments or arguments[0] not in _COMMANDS:
        print(f"Usage: python3 -m mybcat.embedded {{{'|'.join(_COMMANDS)}}}", file=sys.stderr)
        return 2
    name, rest = arguments[0], arguments[1:]
    _unwind_on_request()
    try:
        return _run(name, rest)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except OSError as error:
        # A full disk, a home on a medium that was taken away: nothing a traceback would help with.
        print(f"MyBCAT cannot go on: {error}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        # `up` was asked to end and has ended.
        return 0 if name == "up" else 130


def _run(name: str, rest: list[str]) -> int:
    home = Home.of(os.environ)
    home.prepare()
    check_free_space(home=home, free=shutil.disk_usage(home.root).free)
    if name == "up":
        # Now, not after a minute of installing; `up` looks again when it is about to start.
        with home.locked():
            preflight.check(home=home, environ=os.environ)
    module, requirements = _COMMANDS[name]
    if requirements:
        virtualenv.enter(home=home, requirements=requirements, environ=os.environ)
    command = getattr(importlib.import_module(f"mybcat.embedded.{module}"), name)
    return int(command(home=home, arguments=rest))


def _unwind_on_request() -> None:
    """Until a supervisor takes over, any request to stop works like Ctrl-C, so nothing stays half done."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # nohup has its say.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
