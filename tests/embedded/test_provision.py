"""What every database holds before the first migration."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

import psycopg
import pytest

from mybcat.embedded import passwords, provision
from mybcat.embedded.addresses import as_role, in_database, password_of
from mybcat.embedded.refusal import Refusal
from tests.embedded.conftest import Servers

pytestmark = pytest.mark.usefixtures("clean_environment")
ATTRIBUTES = "rolcanlogin, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole"


@dataclass(frozen=True, kw_only=True)
class Provisioned:
    """A database of its own, and the ways into it."""

    administrator: str
    name: str

    def again(self, administrator: str | None = None) -> None:
        """Provisions it, as any start does."""
        roles = passwords.derived(password_of(self.administrator))
        provision.provision(administrator=administrator or self.administrator, database=self.name, passwords=roles)

    def enter(self, role: str | None = None) -> psycopg.Connection:
        """A connection into it, as the administrator or as one of the roles."""
        url = in_database(self.administrator, self.name)
        if role:
            roles = passwords.derived(password_of(self.administrator))
            password = roles.owner if role == provision.OWNER else roles.app
            url = as_role(url, role=role, password=password, database=self.name)
        return psycopg.connect(url, autocommit=True)


@pytest.fixture
def database(foreign: Servers) -> Iterator[Provisioned]:
    """A provisioned one."""
    found = Provisioned(administrator=foreign.administrator, name=f"mybcat_{uuid4().hex[:8]}")
    found.again()
    yield found
    with psycopg.connect(foreign.administrator, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {found.name} WITH (FORCE)")


def attributes(database: Provisioned) -> dict[str, tuple[bool, ...]]:
    with database.enter() as connection:
        rows = connection.execute(f"SELECT rolname, {ATTRIBUTES} FROM pg_roles WHERE rolname LIKE 'mybcat\\_%'")
        return {name: tuple(values) for name, *values in rows}


class TestRoles:
    def test_each_may_what_it_must_and_no_more(self, database: Provisioned) -> None:
        assert attributes(database) == {
            "mybcat_owner": (True, False, False, False, False),
            "mybcat_app": (True, False, False, False, False),
            "mybcat_platform": (False, False, True, False, False),
        }

    def test_rights_that_somebody_added_are_taken_back(self, database: Provisioned) -> None:
        before = attributes(database)
        with database.enter() as connection:
            connection.execute("ALTER ROLE mybcat_app SUPERUSER BYPASSRLS CREATEDB CREATEROLE")
        database.again()
        assert attributes(database) == before

    def test_the_application_has_platform_rights_only_after_set_role(self, database: Provisioned) -> None:
        with database.enter() as connection:
            found = connection.execute(
                "SELECT inherit_option, set_option, admin_option FROM pg_auth_members"
                " WHERE roleid = 'mybcat_platform'::regrole AND member = 'mybcat_app'::regrole"
            ).fetchall()
        assert found == [(False, True, False)]

    def test_the_application_cannot_become_the_owner(self, database: Provisioned) -> None:
        with database.enter("mybcat_app") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SET ROLE mybcat_owner")

    @pytest.mark.parametrize(
        ("role", "expected"),
        [
            ("mybcat_app", ["2s", "5s", "10s", "off", "force_generic_plan", "UTC"]),
            ("mybcat_owner", ["4s", "0", "0", "off", "auto", "UTC"]),
        ],
    )
    def test_time_outs_belong_to_the_role(self, database: Provisioned, role: str, expected: list[str]) -> None:
        names = (
            "lock_timeout",
            "statement_timeout",
            "idle_in_transaction_session_timeout",
            "jit",
            "plan_cache_mode",
            "timezone",
        )
        with database.enter(role) as connection:
            found = [connection.execute(f"SHOW {name}").fetchone() for name in names]
        assert found == [(value,) for value in expected]

    def test_the_server_never_sees_a_password(self, database: Provisioned) -> None:
        with database.enter() as connection:
            stored = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'mybcat_app'").fetchone()
            said = connection.execute("SELECT string_agg(query, '') FROM pg_stat_statements").fetchone()
        assert stored is not None
        assert stored[0].startswith("SCRAM-SHA-256$")
        assert said is not None
        assert passwords.derived(password_of(database.administrator)).app not in said[0]


class TestRights:
    @pytest.fixture(autouse=True)
    def _table(self, database: Provisioned) -> None:
        with database.enter("mybcat_owner") as connection:
            connection.execute("CREATE TABLE visit (id bigserial PRIMARY KEY, practice text)")
            connection.execute("ALTER TABLE visit ENABLE ROW LEVEL SECURITY")
            connection.execute("ALTER TABLE visit FORCE ROW LEVEL SECURITY")
            connection.execute("CREATE POLICY own ON visit USING (practice = current_setting('app.practice', true))")
            connection.execute("CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'")

    def test_the_application_reads_and_writes_what_the_owner_makes(self, database: Provisioned) -> None:
        with database.enter("mybcat_app") as connection:
            connection.execute("SET app.practice = 'a'")
            connection.execute("INSERT INTO visit (practice) VALUES ('a')")
            connection.execute("UPDATE visit SET practice = 'a'")
            assert connection.execute("SELECT id, one() FROM visit").fetchall() == [(1, 1)]
            connection.execute("DELETE FROM visit")

    def test_the_application_changes_no_table(self, database: Provisioned) -> None:
        with database.enter("mybcat_app") as connection:
            for statement in (
                "CREATE TABLE x (y int)",
                "ALTER TABLE visit ADD z int",
                "DROP TABLE visit",
                "TRUNCATE visit",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement)

    def test_row_security_holds_for_it_until_it_enters_the_platform(self, database: Provisioned) -> None:
        with database.enter("mybcat_app") as connection:
            connection.execute("SET app.practice = 'a'")
            connection.execute("INSERT INTO visit (practice) VALUES ('a')")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("INSERT INTO visit (practice) VALUES ('b')")
            connection.execute("SET app.practice = 'b'")
            assert connection.execute("SELECT count(*) FROM visit").fetchone() == (0,)
            with connection.transaction():
                connection.execute("SET LOCAL ROLE mybcat_platform")
                assert connection.execute("SELECT count(*) FROM visit").fetchone() == (1,)
            assert connection.execute("SELECT count(*) FROM visit").fetchone() == (0,)

    def test_the_owner_owns_database_and_schema(self, database: Provisioned) -> None:
        with database.enter() as connection:
            found = connection.execute(
                "SELECT pg_get_userbyid(datdba), (SELECT pg_get_userbyid(nspowner) FROM pg_namespace"
                " WHERE nspname = 'public') FROM pg_database WHERE datname = current_database()"
            ).fetchone()
            extensions = connection.execute("SELECT extname FROM pg_extension ORDER BY 1").fetchall()
        assert found == ("mybcat_owner", "mybcat_owner")
        assert extensions == [("btree_gist",), ("pg_stat_statements",), ("plpgsql",)]


class TestRepetition:
    def test_a_second_time_changes_nothing(self, database: Provisioned) -> None:
        before = snapshot(database)
        database.again()
        assert snapshot(database) == before

    def test_several_at_once_agree(self, database: Provisioned) -> None:
        with ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(database.again) for _ in range(4)]:
                done.result()
        with database.enter("mybcat_app"):
            pass

    def test_a_database_of_somebody_else_becomes_the_owners(self, database: Provisioned) -> None:
        with database.enter() as connection:
            connection.execute(f"ALTER DATABASE {database.name} OWNER TO postgres")
        database.again()
        with database.enter("mybcat_owner") as connection:
            connection.execute("CREATE SCHEMA mine")


class TestAdministrator:
    def test_one_that_is_no_superuser_but_may_make_roles_is_enough(self, foreign: Servers) -> None:
        """As on most managed servers. The roles must be new, so the server's own are put aside meanwhile."""
        url, name = foreign.administrator, f"mybcat_{uuid4().hex[:8]}"
        with psycopg.connect(url, autocommit=True) as connection, renamed_roles(connection):
            connection.execute("CREATE ROLE manager LOGIN CREATEROLE CREATEDB BYPASSRLS PASSWORD 'm'")
            try:
                manager = Provisioned(
                    administrator=as_role(url, role="manager", password="m", database="postgres"), name=name
                )
                for _ in range(2):
                    manager.again()
                assert len(attributes(manager)) >= 3
                with manager.enter("mybcat_app"), manager.enter("mybcat_owner") as owner:
                    owner.execute("CREATE TABLE x (y int)")
            finally:
                connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
                connection.execute("DROP ROLE IF EXISTS mybcat_owner, mybcat_app, mybcat_platform, manager")

    def test_one_that_may_not_is_told_so(self, database: Provisioned) -> None:
        roles = passwords.derived(password_of(database.administrator))
        app = as_role(database.administrator, role="mybcat_app", password=roles.app, database="postgres")
        with pytest.raises(Refusal, match=r"^DATABASE_URL's role mybcat_app may not prepare the database: "):
            database.again(app)

    def test_an_old_server_is_refused(self, database: Provisioned, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(provision, "OLDEST_VERSION", 99)
        with pytest.raises(Refusal, match=r"^PostgreSQL 99 or newer is needed; DATABASE_URL leads to \d\d\.$"):
            database.again()


@contextmanager
def renamed_roles(connection: psycopg.Connection) -> Iterator[None]:
    """Frees our three names on a server for a while."""
    rows = connection.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'mybcat\\_%'").fetchall()
    for (name,) in rows:
        connection.execute(f"ALTER ROLE {name} RENAME TO aside_{name}")
    try:
        yield
    finally:
        for (name,) in rows:
            connection.execute(f"ALTER ROLE aside_{name} RENAME TO {name}")


def snapshot(database: Provisioned) -> list[object]:
    """Everything that provisioning is about, but the salt of the passwords."""
    queries = (
        f"SELECT rolname, rolconfig, {ATTRIBUTES} FROM pg_roles ORDER BY 1",
        "SELECT roleid, member, inherit_option, set_option FROM pg_auth_members ORDER BY 1, 2",
        "SELECT defaclrole, defaclobjtype, defaclacl::text FROM pg_default_acl ORDER BY 1, 2",
        "SELECT nspname, nspowner, nspacl::text FROM pg_namespace ORDER BY 1",
        "SELECT extname FROM pg_extension ORDER BY 1",
    )
    with database.enter() as connection:
        return [connection.execute(query).fetchall() for query in queries]
