"""The commands as a person types them, with the product's own migrations behind them."""

import json
import stat
import subprocess
from pathlib import Path

import pytest

from mybcat.embedded import static_files, testing
from mybcat.embedded.home import Home
from tests.embedded.programs import CHECKOUT, PATIENCE, gone, mybcat, running, until, words


class TestUsage:
    def test_an_unknown_command_lists_the_known(self, home: Home) -> None:
        for arguments in ([], ["frobnicate"]):
            done = mybcat(home.root, *arguments)
            assert done.returncode == 2
            assert done.stderr == "Usage: python3 -m mybcat.embedded {up|run|backup|restore|test|check|fix|lock}\n"

    def test_a_home_that_cannot_be_used_is_one_sentence(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        done = mybcat(tmp_path / "file", "run", "--", "true")
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)

    def test_make_lists_every_target_with_what_it_does(self) -> None:
        done = subprocess.run(["make", "help"], cwd=CHECKOUT, capture_output=True, text=True, check=True)
        listed = {
            line.split()[1]: line.split(maxsplit=2)[2]
            for line in done.stdout.splitlines()
            if line.startswith("  make ")
        }
        rules = [line for line in (CHECKOUT / "Makefile").read_text().splitlines() if line.startswith(".PHONY:")]
        assert set(listed) == set(rules[0].split()[1:])


class TestRun:
    def test_the_command_finds_the_servers_and_its_exit_code_is_ours(self, migrated_home: Home) -> None:
        code = """
import os, psycopg, redis, sys
redis.Redis.from_url(os.environ["REDIS_URL"]).ping()
told = [value for value in os.environ.values() if "://postgres:" in value]
print(psycopg.connect(os.environ["DATABASE_URL"]).info.user, os.environ["MYBCAT_DEVELOPMENT"], told)
sys.exit(7)
"""
        done = mybcat(migrated_home.root, "run", "--", "python", "-c", code)
        assert (done.stdout, done.stderr, done.returncode) == ("mybcat_app 1 []\n", "", 7)

        environment = json.loads(migrated_home.file("environment.json").read_text())
        assert set(environment) == {
            "DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "MYBCAT_HOME", "PORT", "MYBCAT_DEVELOPMENT",
            "PROMETHEUS_MULTIPROC_DIR",
        }  # fmt: skip
        assert stat.S_IMODE(migrated_home.file("environment.json").stat().st_mode) == 0o600

    def test_a_second_one_shares_the_servers_which_stay_until_both_are_done(self, migrated_home: Home) -> None:
        wait = "import time, pathlib, sys\nwhile not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.05)"
        go = migrated_home.file("go")
        with running("mybcat.embedded", "run", "--", "python", "-c", wait, str(go), home=migrated_home.root) as first:
            until(lambda: any(str(go) in words(each) for each in first.family()))
            code = f"""
import os, pathlib, psycopg, time
connection = psycopg.connect(os.environ["DATABASE_URL"])
pathlib.Path({str(go)!r}).touch()
time.sleep(1)
print(connection.execute("SELECT 'shared'").fetchone())
"""
            done = mybcat(migrated_home.root, "run", "--", "python", "-c", code)
            family = first.family()
            assert (done.stdout, done.returncode) == ("('shared',)\n", 0), done.stderr
            assert first.process.wait(PATIENCE) == 0
            assert gone(family)

    def test_a_request_to_stop_goes_to_the_command_and_then_to_the_servers(self, migrated_home: Home) -> None:
        code = "import time; print('begun', flush=True); time.sleep(60)"
        with running("mybcat.embedded", "run", "--", "python", "-c", code, home=migrated_home.root) as program:
            program.wait_for("begun")
            family = program.family()
            assert program.stop() == 128 + 15
            assert gone(family)

    def test_what_is_no_command_is_named(self, used_home: Home) -> None:
        done = mybcat(used_home.root, "run", "--", "frobnicate")
        assert (done.returncode, done.stderr) == (1, "There is no program frobnicate.\n")
        assert mybcat(used_home.root, "run").stderr.startswith("Say what to run: ")


class TestTest:
    def test_the_tally_is_the_last_line_and_errors_count_as_failures(self, home: Home, tmp_path: Path) -> None:
        (tmp_path / "test_it.py").write_text(
            "import os, psycopg, pytest\n"
            "def test_good(): psycopg.connect(os.environ['MYBCAT_TEST_ADMIN_URL']).close()\n"
            "def test_bad(): assert False\n"
            "def test_skipped(): pytest.skip('why')\n"
            "@pytest.fixture\n"
            "def broken(): raise RuntimeError\n"
            "def test_error(broken): pass\n"
        )
        for name in ("one", "two"):
            told = "pathlib.Path(__file__ + '.told').write_text(os.environ['DATABASE_URL'])"
            (tmp_path / f"test_{name}.py").write_text(f"import os, pathlib\ndef test_{name}(): {told}\n")
        done = mybcat(home.root, "test", "-c", "/dev/null", "-p", "no:django", str(tmp_path), TEST_LANES="2")
        assert done.returncode == 1
        assert done.stdout.splitlines()[-1] == "3 passed, 2 failed"
        lanes = [home.test, home.test.lane(1)]
        databases = {json.loads(lane.file("lane.json").read_text())["DATABASE_URL"] for lane in lanes}
        assert len(databases) == 2
        assert {path.read_text() for path in tmp_path.glob("*.told")} <= databases

    def test_a_second_try_is_no_other_test(self, home: Home, tmp_path: Path) -> None:
        (tmp_path / "test_it.py").write_text(
            "import pathlib, pytest\n"
            "@pytest.mark.flaky(reruns=1)\n"
            "def test_once():\n"
            "    told = pathlib.Path(__file__ + '.told')\n"
            "    before = told.exists()\n"
            "    told.touch()\n"
            "    assert before\n"
            "@pytest.mark.flaky(reruns=1)\n"
            "def test_never(): assert False\n"
        )
        done = mybcat(home.root, "test", "-c", "/dev/null", "-p", "no:django", str(tmp_path))
        assert "2 rerun" in done.stdout
        assert done.stdout.splitlines()[-1] == "1 passed, 1 failed"

    @pytest.mark.parametrize("content", [None, "", "<testsuites"])
    def test_no_report_is_a_failure(self, tmp_path: Path, content: str | None) -> None:
        if content is not None:
            (tmp_path / "report.xml").write_text(content)
        assert testing.tally(tmp_path / "report.xml") == (0, 1)


class TestStaticFiles:
    @pytest.fixture(autouse=True)
    def _checkout(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(static_files, "CHECKOUT", tmp_path / "checkout")
        for name in ("requirements.txt", "mybcat/settings.py", "app/static/a.css", "node_modules/x/dist/b.js"):
            path = tmp_path / "checkout" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("1")

    def test_they_are_gathered_again_when_one_of_them_changes(self, home: Home, tmp_path: Path) -> None:
        assert not static_files.are_current(home=home)
        home.file("static").mkdir()
        static_files.note_gathered(home=home)
        assert static_files.are_current(home=home)
        (tmp_path / "checkout/node_modules/x/dist/b.js").write_text("22")
        assert static_files.are_current(home=home)
        (tmp_path / "checkout/app/static/a.css").write_text("22")
        assert not static_files.are_current(home=home)

    def test_they_are_gathered_again_when_they_were_removed(self, home: Home) -> None:
        static_files.note_gathered(home=home)
        assert not static_files.are_current(home=home)
