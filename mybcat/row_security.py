"""Migration operations that fence a practice's rows in PostgreSQL itself."""

from django.db.migrations.operations.special import RunSQL


def practice_function() -> RunSQL:
    """`mybcat_practice()`: the practice of this transaction, NULL (so: no rows) outside one.

    NULLIF, because a setting that was local to an ended transaction reads '' and not NULL.
    """
    return RunSQL(
        """
        CREATE FUNCTION mybcat_practice() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
        AS $$ SELECT NULLIF(current_setting('app.practice_id', true), '')::uuid $$
        """,
        "DROP FUNCTION mybcat_practice()",
    )


def tenant_table(table: str, *, key: str = "practice_id") -> RunSQL:
    """Row-level security on `table`, for its owner too, comparing `key` with the practice in scope."""
    return RunSQL(
        f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY practice_isolation ON {table}
            USING ({key} = (SELECT mybcat_practice()))
            WITH CHECK ({key} = (SELECT mybcat_practice()));
        """,
        f"""
        DROP POLICY practice_isolation ON {table};
        ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
        ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
        """,
    )


def platform_table(table: str) -> RunSQL:
    """Rows of no practice, for platform scope alone: without a policy, row-level security shows them to nobody."""
    return RunSQL(
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
    )


def reference(table: str, column: str, target: str) -> RunSQL:
    """`table.column` may only name a row of `target` that has the same practice."""
    name = f"{table}_{column}_same_practice"
    return RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (practice_id, {column})"
        f" REFERENCES {target} (practice_id, id)",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )


def append_only(table: str) -> RunSQL:
    """No role that serves requests or runs sweeps may change or delete a row of `table`."""
    return RunSQL(
        f"""
        REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM mybcat_app, mybcat_platform;
        CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION '{table} is append-only' USING ERRCODE = '42501'; END $$;
        CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION {table}_refuse();
        """,
        f"""
        DROP TRIGGER refuse_change ON {table};
        DROP FUNCTION {table}_refuse();
        GRANT UPDATE, DELETE ON {table} TO mybcat_app, mybcat_platform;
        """,
    )
