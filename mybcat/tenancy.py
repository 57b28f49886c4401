"""Enter a practice, or the platform, in Python and PostgreSQL together.

Two of the three gates stand here: managers that raise outside a scope, and the setting that
row-level security compares each row with. The third is the edge (`gateway/`).
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection, models, transaction
from django.db.backends.utils import debug_transaction
from psycopg import errors, pq, sql

from mybcat.ids import new_uuid

_M = TypeVar("_M", bound=models.Model)


class ScopeRequired(RuntimeError):
    """A tenant's rows were asked for outside any scope: a mistake in our code, never the caller's."""


class CrossPracticeWrite(RuntimeError):
    """A row of one practice was about to be written inside another's scope."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One practice, or (None) all of them for a stated reason."""

    practice_id: UUID | None
    reason: str = ""


_scope: ContextVar[Scope | None] = ContextVar("scope", default=None)


def current_scope() -> Scope:
    """The scope entered. Raises ScopeRequired outside one."""
    scope = _scope.get()
    if scope is None:
        raise ScopeRequired("enter practice_scope() or platform_scope() first")
    return scope


@contextmanager
def practice_scope(practice_id: UUID) -> Iterator[None]:
    """One transaction that sees and writes the rows of one practice only; commits at the end.

    Never nested: a scope is a whole transaction, so it cannot leak through a pool of connections
    or PgBouncer's transaction mode. Raises OperationalError when PostgreSQL is away.
    """
    # As set_config() in a SELECT would, which PostgreSQL plans and runs for each request.
    opening = sql.SQL("SET LOCAL app.practice_id = {}").format(str(practice_id))
    with _transaction(opening), _entered(Scope(practice_id)):
        yield


@contextmanager
def platform_scope(*, reason: str, forgettable: bool = False) -> Iterator[None]:
    """One transaction across practices, as the role that may bypass row-level security.

    For the relay, sweeps, the admin and questions such as "whose id is this"; `reason` says which. `forgettable`: it is
    of no matter if PostgreSQL forgets it in a crash, so nobody waits for the disk.
    """
    opening = "SET LOCAL ROLE mybcat_platform" + ("; SET LOCAL synchronous_commit = off" if forgettable else "")
    with _transaction(sql.SQL(opening)), _entered(Scope(None, reason)):
        yield


@contextmanager
def platform_glance(*, reason: str) -> Iterator[None]:
    """Inside a practice's scope, for one question across practices: reads only, in the same transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE mybcat_platform")
        with _entered(Scope(None, reason)):
            yield
        # Not in a finally: after an error the transaction is of no use but for its rollback, which ends the role too.
        cursor.execute("SET LOCAL ROLE NONE")


@contextmanager
def _entered(scope: Scope) -> Iterator[None]:
    token = _scope.set(scope)
    try:
        yield
    finally:
        _scope.reset(token)


@contextmanager
def _transaction(opening: sql.Composable) -> Iterator[None]:
    try:
        atomic = _begin(opening)
    except (OperationalError, InterfaceError):
        # The connection outlived its server. Nothing has been done yet, so one fresh try is safe.
        if connection.in_atomic_block:
            raise
        connection.close()
        atomic = _begin(opening)
    try:
        yield
    except BaseException:
        atomic.__exit__(*sys.exc_info())
        raise
    atomic.__exit__(None, None, None)


def _begin(opening: sql.Composable) -> transaction.Atomic:
    # The opening statement is the check; Django's own would cost each request a round trip.
    connection.health_check_done = True  # type: ignore[attr-defined]
    atomic = transaction.atomic(durable=True)
    atomic.__enter__()
    try:
        _send(sql.SQL("BEGIN; ") + opening)
    except BaseException:
        atomic.__exit__(*sys.exc_info())
        raise
    return atomic


def _send(statements: sql.Composable) -> None:
    """All in one round trip. psycopg would begin the transaction in one of its own, which no request needs."""
    driver = connection.connection
    text = statements.as_string(driver)
    with debug_transaction(connection, text), connection.wrap_database_errors:
        result = driver.pgconn.exec_(text.encode())
        if result.status == pq.ExecStatus.FATAL_ERROR:
            if driver.pgconn.status == pq.ConnStatus.BAD:
                raise errors.OperationalError("the server closed the connection")
            raise errors.error_from_result(result)


class PracticeQuerySet(models.QuerySet[_M]):
    """Writes stamp the practice; reads are narrowed by the manager."""

    def bulk_create(self, objs: Iterable[_M], *args: Any, **kwargs: Any) -> list[_M]:
        rows = list(objs)
        for row in rows:
            _stamp(row)
        return super().bulk_create(rows, *args, **kwargs)


class PracticeManager(models.Manager[_M]):
    """Rows of the practice in scope; of all in platform scope; raises outside both."""

    queryset: Callable[..., models.QuerySet[_M]] = PracticeQuerySet

    def get_queryset(self) -> models.QuerySet[_M]:
        scope = current_scope()
        rows = self.queryset(self.model, using=self._db)
        return rows if scope.practice_id is None else rows.filter(practice_id=scope.practice_id)

    @classmethod
    def of(cls, queryset: type[PracticeQuerySet[Any]]) -> Any:
        """A manager with the methods of `queryset`."""
        return type(f"{queryset.__name__}Manager", (cls.from_queryset(queryset),), {"queryset": queryset})()


def _stamp(row: Any) -> None:
    scope = current_scope()
    if row.practice_id is None:
        row.practice_id = scope.practice_id
    elif scope.practice_id not in (None, row.practice_id):
        raise CrossPracticeWrite(type(row).__name__)


class TenantModel(models.Model):
    """A row that belongs to one practice.

    Its migration must call `row_security.tenant_table()`; a test walks PostgreSQL's catalogue and
    names each table that lacks row-level security.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    practice = models.ForeignKey("practices.Practice", models.PROTECT, db_index=False, editable=False)

    objects: models.Manager[Any] = PracticeManager()

    class Meta:
        abstract = True
        # Related objects are fetched through the same gate.
        base_manager_name = "objects"

    def save(self, *args: Any, **kwargs: Any) -> None:
        _stamp(self)
        super().save(*args, **kwargs)


class PracticeForeignKey(models.ForeignKey[Any, Any]):
    """A reference within the practice.

    PostgreSQL's foreign keys bypass row-level security, so a plain one would accept another
    practice's row. The real constraint is on (practice_id, id): `row_security.reference()`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False
        kwargs.setdefault("db_index", False)
        super().__init__(*args, **kwargs)
