"""Removes the demo practices, with all that was done in them, as the owner of the tables.

The roles that serve requests can do no such thing: some tables are append-only to them.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper
from django.db.utils import IntegrityError

from appointments.samples.places import OPERATOR, PRACTICES
from mybcat.tenancy import platform_scope
from practices.models import Membership, Practitioner, User

_OF_PRACTICES = """
    SELECT table_name, column_name
    FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
      AND (column_name = 'practice_id' OR table_name = 'practices_practice' AND column_name = 'id')
"""
_OF_USERS = """
    SELECT conrelid::regclass::text, attname
    FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
    WHERE contype = 'f' AND confrelid = 'practices_user'::regclass
    UNION SELECT 'practices_user', 'id'
"""
_APPEND_ONLY = "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'refuse_change'"
# Slots and appointments refer to one another without an index: a booking must not pay for what never happens.
_INDEX = (
    "CREATE INDEX demo_removal_of_slots ON appointments_appointment (practice_id, slot_id)",
    "CREATE INDEX demo_removal_of_appointments ON appointments_slot (practice_id, appointment_id)",
)
_UNINDEX = ("DROP INDEX demo_removal_of_slots", "DROP INDEX demo_removal_of_appointments")
_UNTIE = "UPDATE appointments_slot SET status = 'free', appointment_id = NULL, hold_id = NULL WHERE practice_id = %s"


def remove_demo() -> None:
    """Delete the demo practices' rows in every table and the demo logins, wherever they are members."""
    emails = [login.email for sample in PRACTICES for login, _ in sample.members]
    users = list(User.objects.filter(email__in=[*emails, OPERATOR.email]).values_list("id", flat=True))
    with platform_scope(reason="demo"):
        Membership.objects.filter(user_id__in=users).delete()
        Practitioner.objects.filter(user_id__in=users).update(user=None)
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        # A table with a check outstanding could not be altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        guarded = [str(table) for (table,) in _rows(cursor, _APPEND_ONLY)]
        _execute(cursor, [*(f"ALTER TABLE {table} DISABLE TRIGGER refuse_change" for table in guarded), *_INDEX])
        for sample in PRACTICES:
            # The owner, too, sees a practice's rows in its scope only.
            cursor.execute("SELECT set_config('app.practice_id', %s, true)", [str(sample.id)])
            cursor.execute(_UNTIE, [sample.id])
            _delete(cursor, _rows(cursor, _OF_PRACTICES), [sample.id])
        _delete(cursor, _rows(cursor, _OF_USERS), users)
        _execute(cursor, [*_UNINDEX, *(f"ALTER TABLE {table} ENABLE TRIGGER refuse_change" for table in guarded)])


def _delete(cursor: CursorWrapper, columns: Sequence[tuple[str, ...]], ids: list[UUID]) -> None:
    """Delete the rows in which those columns hold `ids`, from whichever table nothing refers to any more."""
    left = columns
    while left:
        blocked = [(table, column) for table, column in left if not _deleted(cursor, table, column, ids)]
        if len(blocked) == len(left):
            raise IntegrityError(f"rows refer to one another: {', '.join(table for table, _ in blocked)}")
        left = blocked


def _deleted(cursor: CursorWrapper, table: str, column: str, ids: list[UUID]) -> bool:
    try:
        with transaction.atomic(using="owner"):
            cursor.execute(f"DELETE FROM {table} WHERE {column} = ANY(%s)", [ids])  # noqa: S608 (the catalogue's own names)
    except IntegrityError:
        return False
    return True


def _rows(cursor: CursorWrapper, query: str) -> list[tuple[str, ...]]:
    cursor.execute(query)
    return cursor.fetchall()


def _execute(cursor: CursorWrapper, statements: Sequence[str]) -> None:
    for statement in statements:
        cursor.execute(statement)
