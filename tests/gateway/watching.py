"""What a request costs: signature checks, statements to PostgreSQL, commands to Redis."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt.algorithms
import pytest
import redis
from django.db import connection

from tests.mybcat.processes import Valkey

# What only authorisation reads.
ACCESS = ("practices_membership", "practices_user", "practices_refreshfamily", "mybcat_epoch", "p.plan")


@dataclass
class Watched:
    signatures: int = 0
    statements: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    @property
    def about_access(self) -> list[str]:
        return [text for text in self.statements if any(name in text for name in ACCESS)]


@contextmanager
def watching(server: Valkey) -> Iterator[Watched]:
    """Counts all that happens inside, in this process and on this Redis."""
    watched = Watched()

    def execute(run: Any, sql: str, *rest: Any) -> Any:
        watched.statements.append(sql)
        return run(sql, *rest)

    verify = jwt.algorithms.RSAAlgorithm.verify

    def counting(*arguments: Any) -> bool:
        watched.signatures += 1
        return verify(*arguments)

    with pytest.MonkeyPatch.context() as patch, connection.execute_wrapper(execute), _monitored(server, watched):
        patch.setattr(jwt.algorithms.RSAAlgorithm, "verify", counting)
        yield watched


@contextmanager
def _monitored(server: Valkey, watched: Watched) -> Iterator[None]:
    """Redis itself tells which commands came over the network, and not from a script."""
    with redis.Redis.from_url(server.url) as client, client.monitor() as monitor:
        # Answered, so it listens.
        yield
        server.client.echo("the end")
        for command in monitor.listen():
            if command["command"] == "ECHO the end":
                break
            if command["client_type"] != "lua":
                watched.commands.append(command["command"].split()[0])
    watched.commands = [name for name in watched.commands if name not in ("HELLO", "CLIENT", "AUTH", "SELECT")]
