"""The home: private files, one holder at a time, room on the disk."""

import json
import os
import stat
from pathlib import Path

import pytest

from mybcat.embedded import passwords
from mybcat.embedded.home import CHECKOUT, MEGABYTE, Busy, Home, check_free_space, read_json, write_json
from mybcat.embedded.refusal import Refusal


class TestPlace:
    def test_it_is_in_the_checkout_unless_named(self) -> None:
        assert Home.of({}).root == CHECKOUT / ".mybcat"
        assert Home.of({"MYBCAT_HOME": ""}).root == CHECKOUT / ".mybcat"

    def test_a_relative_name_is_made_absolute(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        assert Home.of({"MYBCAT_HOME": "there"}).root == tmp_path / "there"

    def test_a_place_that_cannot_be_made_is_refused_in_a_sentence(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(Refusal, match=r"file/home cannot be written to \(Not a directory\): set MYBCAT_HOME\."):
            Home(tmp_path / "file" / "home").prepare()


class TestLock:
    def test_a_second_holder_is_told_who_the_first_is(self, home: Home) -> None:
        told = rf"runs from {home.root} \(process {os.getpid()}\)\."
        with home.locked(), pytest.raises(Busy, match=told), home.locked():
            pass

    def test_it_is_free_again_afterwards(self, home: Home) -> None:
        for _ in range(2):
            with home.locked():
                pass

    def test_two_homes_do_not_know_each_other(self, home: Home) -> None:
        home.test.prepare()
        with home.locked(), home.test.locked():
            pass

    def test_guests_are_seen_as_long_as_they_stay(self, home: Home) -> None:
        assert not home.has_guests()
        with home.visited(), home.visited():
            assert home.has_guests()
        assert not home.has_guests()


class TestFreeSpace:
    def test_the_first_run_needs_500_mb(self, home: Home) -> None:
        check_free_space(home=home, free=500 * MEGABYTE)
        with pytest.raises(Refusal, match="nearly full: 499 MB are free, 500 MB are needed"):
            check_free_space(home=home, free=500 * MEGABYTE - 1)

    def test_later_ones_need_200_mb(self, home: Home) -> None:
        home.postgres.mkdir()
        check_free_space(home=home, free=200 * MEGABYTE)
        with pytest.raises(Refusal, match="nearly full: 199 MB are free, 200 MB are needed"):
            check_free_space(home=home, free=200 * MEGABYTE - 1)


class TestFiles:
    def test_they_are_for_their_owner_only(self, home: Home) -> None:
        write_json(home.file("x.json"), {"a": 1})
        assert stat.S_IMODE(home.file("x.json").stat().st_mode) == 0o600
        assert read_json(home.file("x.json")) == {"a": 1}
        assert sorted(path.name for path in home.root.iterdir()) == ["logs", "x.json"]

    def test_an_absent_one_holds_nothing(self, home: Home) -> None:
        assert read_json(home.file("x.json")) == {}

    def test_a_damaged_one_is_refused_by_name(self, home: Home) -> None:
        home.file("x.json").write_text("{")
        with pytest.raises(Refusal, match=r"x\.json is damaged"):
            read_json(home.file("x.json"))


class TestPasswords:
    def test_they_are_made_once_and_kept_private(self, home: Home) -> None:
        first = passwords.of_home(home)
        assert passwords.of_home(home) == first
        assert len(first.postgres) == 32
        assert first.postgres != first.valkey
        assert stat.S_IMODE(home.file("secrets.json").stat().st_mode) == 0o600

    def test_no_traceback_shows_them(self, home: Home) -> None:
        found = passwords.of_home(home)
        assert found.postgres not in repr(found)
        assert passwords.derived("x").app not in repr(passwords.derived("x"))

    def test_roles_get_the_same_from_the_same_administrator_and_each_its_own(self) -> None:
        assert passwords.derived("a") == passwords.derived("a")
        assert passwords.derived("a") != passwords.derived("b")
        assert passwords.derived("a").owner != passwords.derived("a").app

    def test_the_file_holds_nothing_else(self, home: Home) -> None:
        passwords.of_home(home)
        assert set(json.loads(home.file("secrets.json").read_text())) == {"postgres", "valkey"}
