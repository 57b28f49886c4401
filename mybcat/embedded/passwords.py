"""The passwords of the servers that we start, and of the roles in any server."""

import hashlib
import hmac
import secrets
from dataclasses import asdict, dataclass

from mybcat.embedded.home import Home, read_json, write_json


@dataclass(frozen=True, kw_only=True, repr=False)
class ServerPasswords:
    """Of PostgreSQL's superuser and of Valkey. Not shown by repr, so that no traceback tells them."""

    postgres: str
    valkey: str


@dataclass(frozen=True, kw_only=True, repr=False)
class RolePasswords:
    """Of the roles that `provision` makes."""

    owner: str
    app: str


def of_home(home: Home) -> ServerPasswords:
    """Those in `secrets.json`; random, URL-safe, made and stored at the first call."""
    path = home.file("secrets.json")
    stored = read_json(path)
    if not stored:
        fresh = ServerPasswords(postgres=secrets.token_urlsafe(24), valkey=secrets.token_urlsafe(24))
        stored = asdict(fresh)
        write_json(path, stored)
    return ServerPasswords(postgres=str(stored["postgres"]), valkey=str(stored["valkey"]))


def derived(administrator: str) -> RolePasswords:
    """From the administrator's password, so that two checkouts on one server agree without talking."""
    return RolePasswords(owner=_derive(administrator, "mybcat_owner"), app=_derive(administrator, "mybcat_app"))


def _derive(administrator: str, role: str) -> str:
    return hmac.new(administrator.encode(), role.encode(), hashlib.sha256).hexdigest()
