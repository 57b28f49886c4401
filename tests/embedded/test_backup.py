"""A backup holds every row, whoever may see it; a restore is all of it or nothing."""

import stat
from pathlib import Path

import psycopg
import pytest

from mybcat.embedded import external
from mybcat.embedded.addresses import in_database
from mybcat.embedded.home import Home
from tests.embedded.programs import mybcat
from tests.embedded.test_servers import addresses, serving

_TABLE = """
    CREATE TABLE kept (row int);
    ALTER TABLE kept OWNER TO mybcat_owner;
    ALTER TABLE kept ENABLE ROW LEVEL SECURITY;
    ALTER TABLE kept FORCE ROW LEVEL SECURITY;
    GRANT SELECT ON kept TO mybcat_app, mybcat_platform;
    INSERT INTO kept VALUES (1), (2);
"""


def provisioned(administrator: str) -> external.Addresses:
    return external.as_administrator(administrator, variable="administrator", default="mybcat")


def rows(administrator: str, database: str = "mybcat") -> list[int]:
    with psycopg.connect(in_database(administrator, database)) as connection:
        return [row for (row,) in connection.execute("SELECT row FROM kept ORDER BY row").fetchall()]


def filled(home: Home, backup: Path) -> None:
    """Two rows in the backup; a third since, and something in Redis."""
    with serving(home) as program:
        url = addresses(program).administrator
        provisioned(url)
        with psycopg.connect(in_database(url, "mybcat"), autocommit=True) as connection:
            connection.execute(_TABLE)
            done = mybcat(home.root, "backup", str(backup))
            assert done.returncode == 0, done.stderr
            assert str(backup) in done.stdout
            connection.execute("INSERT INTO kept VALUES (3)")
        refused = mybcat(home.root, "restore", str(backup))
        assert (refused.returncode, "already runs" in refused.stderr) == (1, True)
        assert rows(url) == [1, 2, 3]


def test_what_was_backed_up_while_all_runs_comes_back(used_home: Home, tmp_path: Path) -> None:
    backup = tmp_path / "monday.dump"
    filled(used_home, backup)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    (used_home.valkey / "of before").touch()

    done = mybcat(used_home.root, "restore", str(backup))

    assert done.returncode == 0, done.stderr
    assert not (used_home.valkey / "of before").exists()
    with serving(used_home) as program:
        url = addresses(program).administrator
        roles = provisioned(url)
        assert (rows(url), rows(url, "mybcat_before")) == ([1, 2], [1, 2, 3])
        # Guarded as it was: no role of ours sees a row that no policy gives it.
        assert (rows(roles.app), rows(roles.owner)) == ([], [])
    assert mybcat(used_home.root, "backup", str(tmp_path / "without-up.dump")).returncode == 0
    assert mybcat(used_home.root, "restore", str(tmp_path / "without-up.dump")).returncode == 0


def test_what_cannot_be_read_changes_nothing(used_home: Home, tmp_path: Path) -> None:
    backup, cut = tmp_path / "monday.dump", tmp_path / "cut.dump"
    filled(used_home, backup)
    cut.write_bytes(backup.read_bytes()[:-200])
    (used_home.valkey / "of before").touch()

    done = mybcat(used_home.root, "restore", str(cut))

    assert (done.returncode, "the data is what it was" in done.stderr) == (1, True)
    assert (used_home.valkey / "of before").exists()
    (used_home.valkey / "of before").unlink()
    with serving(used_home) as program:
        assert rows(addresses(program).administrator) == [1, 2, 3]


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_a_server_that_somebody_else_runs_is_theirs(home: Home, tmp_path: Path, command: str) -> None:
    url = "postgresql://somebody@db.example/mybcat"
    done = mybcat(home.root, command, str(tmp_path / "monday.dump"), DATABASE_URL=url)
    assert (done.returncode, "somebody else runs" in done.stderr) == (1, True)
    assert not list(tmp_path.glob("*.dump"))


def test_a_file_that_exists_is_kept(home: Home, tmp_path: Path) -> None:
    (tmp_path / "monday.dump").write_text("mine")
    for named in (["monday.dump"], ["nowhere/monday.dump"], [], ["one", "two"]):
        done = mybcat(home.root, "backup", *(str(tmp_path / name) for name in named))
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
    assert (tmp_path / "monday.dump").read_text() == "mine"
    assert not home.postgres.exists()
