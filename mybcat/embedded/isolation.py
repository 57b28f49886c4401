"""How a child is cut off from the terminal, bound to our life, and freed from root's rights."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable
from enum import Enum
from pathlib import Path

from mybcat.embedded.refusal import Refusal

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000
# Loaded before any fork: a child may not load libraries.
_libc = ctypes.CDLL(None, use_errno=True)


class Account(Enum):
    """As whom PostgreSQL runs; it refuses root."""

    OWN = "own"
    NAMESPACE = "namespace"
    NOBODY = "nobody"

    @property
    def uid(self) -> int | None:
        """The user that Popen must switch to; None where it must not."""
        # The number, because a slim image may lack the name.
        return 65_534 if self is Account.NOBODY else None


def account_for(program: Path) -> Account:
    """The account that can run `program` here and is not root; NOBODY may still need a copy of it."""
    if os.geteuid() != 0:
        return Account.OWN
    return Account.NAMESPACE if can_run([str(program), "--version"], account=Account.NAMESPACE) else Account.NOBODY


def can_run(arguments: list[str], *, account: Account) -> bool:
    """Whether these arguments end with 0 under `account`."""
    try:
        done = subprocess.run(  # noqa: S603  # our own arguments
            arguments,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            user=account.uid,
            group=account.uid,
            extra_groups=None if account.uid is None else [],
            preexec_fn=preparation(account=account, stop_signal=signal.SIGKILL, session=True),
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def preparation(*, account: Account, stop_signal: int, session: bool) -> Callable[[], None]:
    """What a child does between fork and exec; the caller must have no other thread.

    `session` takes it off the terminal, whose Ctrl-C then reaches only us. When we die, however we
    die, the kernel sends it `stop_signal`.
    """
    parent = os.getpid()
    uid, gid = os.geteuid(), os.getegid()
    inner = _some_user() if account is Account.NAMESPACE else 0

    def prepare() -> None:
        if session:
            os.setsid()
        if account is Account.NAMESPACE:
            _enter_namespace(uid=uid, gid=gid, inner=inner)
        if sys.platform == "linux":
            # After the namespace: a change of credentials clears it.
            _libc.prctl(_PR_SET_PDEATHSIG, int(stop_signal))
            if os.getppid() != parent:
                os._exit(1)

    return prepare


def _enter_namespace(*, uid: int, gid: int, inner: int) -> None:
    """Shows us to ourselves as user `inner`, while files stay those of the real user."""
    if _libc.unshare(_CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{inner} {uid} 1"), ("gid_map", f"{inner} {gid} 1")):
        Path(f"/proc/self/{name}").write_text(text, encoding="ascii")


def _some_user() -> int:
    # initdb wants its user to have a name, so the number must stand in the list of users.
    uids = [entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid]
    if not uids:
        raise Refusal("PostgreSQL refuses root, and this machine has no other user: set DATABASE_URL.")
    return uids[0]
