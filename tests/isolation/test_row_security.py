"""The second gate: PostgreSQL itself, asked in raw SQL by the role that serves requests."""

from typing import Any

import orjson
import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from psycopg.types.json import Jsonb

from mybcat.ids import new_uuid
from mybcat.tenancy import platform_scope, practice_scope
from tests.factories import Clinic, make_patient, make_practice
from tests.isolation.filled import tenant_tables

APPEND_ONLY = {"mybcat_auditentry", "mybcat_auditseal", "mybcat_securityevent"}
DENIED = "42501"


def ask(sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def refused(sql: str, parameters: Any = None) -> str | None:
    """PostgreSQL's code for refusing this; None where it does not. Nothing stays either way."""
    try:
        with transaction.atomic():
            ask(sql, parameters)
            transaction.set_rollback(True)
    except DatabaseError as error:
        return error.__cause__.sqlstate
    return None


def one_row(table: str, key: str, practice: Any) -> dict[str, Any]:
    with platform_scope(reason="test"):
        ((text,),) = ask(f"SELECT to_jsonb(t)::text FROM {table} t WHERE {key} = %s LIMIT 1", [practice])
    return orjson.loads(text)


def written_columns(table: str) -> str:
    """Generated columns cannot be written."""
    with platform_scope(reason="test"):
        rows = ask(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND table_name = %s AND is_generated = 'NEVER'",
            [table],
        )
    return ", ".join(f'"{row[0]}"' for row in rows)


def test_the_role_that_serves_has_no_way_around() -> None:
    ((user, is_superuser),) = ask("SELECT current_user, current_setting('is_superuser')")
    assert (user, is_superuser) == ("mybcat_app", "off")
    columns = "rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, rolcanlogin"
    roles = ask(f"SELECT {columns} FROM pg_roles WHERE rolname LIKE 'mybcat_%%' ORDER BY 1")
    assert roles == [
        ("mybcat_app", False, False, False, False, False, True),
        ("mybcat_owner", False, False, False, False, False, True),
        ("mybcat_platform", False, True, False, False, False, False),
    ]
    memberships = """
        SELECT member.rolname, granted.rolname FROM pg_auth_members m
        JOIN pg_roles member ON member.oid = m.member JOIN pg_roles granted ON granted.oid = m.roleid
        WHERE member.rolname LIKE 'mybcat_%%'
    """
    assert ask(memberships) == [("mybcat_app", "mybcat_platform")]


def test_the_role_that_serves_owns_nothing_and_cannot_become_who_does() -> None:
    owned = "SELECT relname FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname <> %s"
    owned += " AND relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')"
    owned += " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"
    assert ask(owned, ["mybcat_owner"]) == []
    for statement in (
        "SET ROLE mybcat_owner",
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION mybcat_owner",
        "ALTER ROLE mybcat_app BYPASSRLS",
        "ALTER TABLE patients_patient DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE patients_patient NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY practice_isolation ON patients_patient",
        "CREATE POLICY all_rows ON patients_patient USING (true)",
        "CREATE TABLE own (id int)",
        "TRUNCATE patients_patient",
    ):
        assert refused(statement) == DENIED, statement


def test_without_a_scope_there_are_no_rows(ours: Clinic) -> None:
    for table in tenant_tables():
        assert ask(f"SELECT count(*) FROM {table}") == [(0,)], table
    with practice_scope(ours.practice.id):
        assert ask("SELECT count(*) FROM appointments_appointment") == [(1,)]
    assert ask("SELECT count(*) FROM appointments_appointment") == [(0,)]


def test_row_security_cannot_be_turned_off_for_a_query(clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        ask("SET LOCAL row_security = off")
        assert refused("SELECT count(*) FROM patients_patient") == DENIED


def test_another_practice_s_rows_are_not_seen(ours: Clinic, theirs: Clinic) -> None:
    for table, key in tenant_tables().items():
        query = f"SELECT count(*) FILTER (WHERE {key} = %s), count(*) FILTER (WHERE {key} = %s) FROM {table}"
        parameters = [ours.practice.id, theirs.practice.id]
        with platform_scope(reason="test"):
            ((our_rows, their_rows),) = ask(query, parameters)
        assert our_rows > 0, f"{table}: fill() must make a row"
        assert their_rows > 0, f"{table}: fill() must make a row"
        with practice_scope(ours.practice.id):
            assert ask(query, parameters) == [(our_rows, 0)], table


def test_another_practice_s_rows_are_not_written(ours: Clinic, theirs: Clinic) -> None:
    """Neither made, nor moved there, nor changed, nor deleted."""
    for table, key in tenant_tables().items():
        row, columns = one_row(table, key, theirs.practice.id), written_columns(table)
        if key != "id":
            row["id"] = str(new_uuid())
        insert = f"INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_record(NULL::{table}, %s)"
        closed = table in APPEND_ONLY
        with practice_scope(ours.practice.id):
            assert refused(insert, [Jsonb(row)]) == DENIED, table
            move = f"UPDATE {table} SET {key} = %s WHERE {key} = %s"
            assert refused(move, [theirs.practice.id, ours.practice.id]) == DENIED, table
            for statement in (f"UPDATE {table} SET {key} = {key}", f"DELETE FROM {table}"):
                touched = f"WITH touched AS ({statement} WHERE {key} = %s RETURNING 1) SELECT count(*) FROM touched"
                if closed:
                    assert refused(touched, [theirs.practice.id]) == DENIED, table
                else:
                    assert ask(touched, [theirs.practice.id]) == [(0,)], table
        assert one_row(table, key, theirs.practice.id) is not None


def test_an_error_does_not_quote_another_practice_s_row(clinic: Clinic) -> None:
    empty = make_practice(name="Empty")
    make_patient(practice=clinic.practice, last_name="Canary")
    query = "SELECT id FROM patients_patient WHERE last_name::int = 1"
    with practice_scope(empty.id):
        assert ask(query) == []
    with practice_scope(clinic.practice.id):
        assert refused(query) == "22P02"


def test_a_row_cannot_refer_to_another_practice_s(ours: Clinic, theirs: Clinic) -> None:
    """Foreign keys pass row-level security by, so each holds the practice as well; asked past the policies."""
    keys = """
        SELECT conrelid::regclass::text, confrelid::regclass::text, a.attname FROM pg_constraint c
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[2]
        WHERE contype = 'f' AND array_length(conkey, 1) = 2 ORDER BY 1, 3
    """
    codes = {}
    with platform_scope(reason="test"):
        references = ask(keys)
        for table, target, column in references:
            ((target_row,),) = ask(f"SELECT id FROM {target} WHERE practice_id = %s LIMIT 1", [theirs.practice.id])
            own = f"SELECT id FROM {table} WHERE practice_id = %s AND {column} IS NOT NULL LIMIT 1"
            ((row,),) = ask(own, [ours.practice.id])
            codes[table, column] = refused(f"UPDATE {table} SET {column} = %s WHERE id = %s", [target_row, row])
    assert codes == {(table, column): "23503" for table, _, column in references}
    assert ("appointments_appointment", "patient_id") in codes


@pytest.mark.parametrize("table", sorted(APPEND_ONLY))
def test_a_record_is_added_and_neither_changed_nor_deleted(ours: Clinic, table: str) -> None:
    statements = (
        f"UPDATE {table} SET practice_id = practice_id",
        f"DELETE FROM {table}",
        f"TRUNCATE {table}",
        f"ALTER TABLE {table} DISABLE TRIGGER refuse_change",
        f"DROP TRIGGER refuse_change ON {table}",
    )
    before = one_row(table, "practice_id", ours.practice.id)
    for statement in statements:
        with practice_scope(ours.practice.id):
            assert refused(statement) == DENIED, statement
        with platform_scope(reason="test"):
            assert refused(statement) == DENIED, statement
    assert one_row(table, "practice_id", ours.practice.id) == before


@pytest.mark.parametrize("table", sorted(APPEND_ONLY))
def test_not_even_the_owner_changes_a_record_by_mistake(ours: Clinic, table: str) -> None:
    with psycopg.connect(settings.ENVIRONMENT.database_owner_url) as owner:
        owner.execute("SELECT set_config('app.practice_id', %s, true)", [str(ours.practice.id)])
        for statement in (f"UPDATE {table} SET practice_id = practice_id", f"DELETE FROM {table}"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"), owner.transaction():
                owner.execute(statement)
        owner.rollback()


def test_without_the_policies_the_same_question_tells_all(ours: Clinic, theirs: Clinic) -> None:
    """Negative control: if this fails, what stands above proves nothing."""
    query = "SELECT count(*) FROM appointments_appointment WHERE practice_id = %s"
    with psycopg.connect(settings.ENVIRONMENT.database_owner_url) as owner:
        owner.execute("SELECT set_config('app.practice_id', %s, true)", [str(ours.practice.id)])
        assert owner.execute(query, [theirs.practice.id]).fetchone() == (0,)
        owner.execute("ALTER TABLE appointments_appointment DISABLE ROW LEVEL SECURITY")
        assert owner.execute(query, [theirs.practice.id]).fetchone() == (1,)
        owner.rollback()
    with practice_scope(ours.practice.id):
        assert ask(query, [theirs.practice.id]) == [(0,)]
