"""What stops `up` before anything is installed or started: one sentence, exit code 1."""

import random
import socket
import time
from collections.abc import Iterator

import pytest

from mybcat.embedded import ports
from mybcat.embedded.home import Home
from mybcat.embedded.preflight import check_addresses
from mybcat.embedded.refusal import Refusal
from tests.embedded.programs import mybcat


def refused(home: Home, **extra: str) -> str:
    """The one line that `up` says; nothing else may have happened."""
    done = mybcat(home.root, "up", **extra)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert not home.postgres.exists()
    assert not home.valkey.exists()
    return done.stderr.strip()


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.create_server((ports.LOOPBACK, ports.free_ports())) as server:
        yield server.getsockname()[1]


class TestPort:
    def test_one_in_use_is_named(self, home: Home, taken: int) -> None:
        assert refused(home, PORT=str(taken)).startswith(f"Port {taken} is in use by another program: ")

    def test_so_is_the_one_after_it(self, home: Home, taken: int) -> None:
        assert refused(home, PORT=str(taken - 1)).startswith(f"Port {taken} is in use by another program: ")

    @pytest.mark.parametrize("text", ["x", "0", "65534", "-1", "8000.5", "٨٠٠٠"])
    def test_what_is_no_port_is_refused(self, text: str) -> None:
        with pytest.raises(Refusal, match="PORT must be a number from 1 to 65533"):
            ports.web_port({"PORT": text})

    def test_it_is_8000_unless_given(self) -> None:
        assert ports.web_port({}) == ports.web_port({"PORT": ""}) == 8000
        assert ports.web_port({"PORT": "9000"}) == 9000


class TestServerPorts:
    def test_two_runs_of_one_seed_do_not_choose_alike(self) -> None:
        chosen = set()
        for _ in range(4):
            random.seed(17)
            chosen.add(ports.free_port())
        assert len(chosen) > 1

    def test_a_server_keeps_its_port(self, home: Home) -> None:
        assert ports.remembered(home=home, name="postgres") == ports.remembered(home=home, name="postgres")

    def test_two_servers_have_two(self, home: Home) -> None:
        assert ports.remembered(home=home, name="postgres") != ports.remembered(home=home, name="valkey")

    def test_a_port_that_was_taken_meanwhile_is_replaced(self, home: Home) -> None:
        before = ports.remembered(home=home, name="postgres")
        with socket.create_server((ports.LOOPBACK, before)):
            after = ports.remembered(home=home, name="postgres")
        assert after != before
        assert ports.remembered(home=home, name="postgres") == after


class TestSameHome:
    def test_a_second_start_is_refused(self, home: Home) -> None:
        with home.locked():
            assert refused(home).startswith(f"MyBCAT already runs from {home.root} (process ")


class TestAddresses:
    @pytest.mark.parametrize(
        ("variable", "url"),
        [
            ("DATABASE_URL", "mysql://root:s3cret@127.0.0.1/mybcat"),
            ("DATABASE_URL", "s3cret"),
            ("DATABASE_URL", "postgresql://a:s3cret@127.0.0.1:port/mybcat"),
            ("DATABASE_OWNER_URL", "http://a:s3cret@127.0.0.1/mybcat"),
            ("REDIS_URL", "memcached://:s3cret@127.0.0.1"),
            ("REDIS_URL", "redis://:s3cret@127.0.0.1:99999/0"),
        ],
    )
    def test_those_of_another_kind_are_refused_without_their_password(self, variable: str, url: str) -> None:
        with pytest.raises(Refusal, match=f"^{variable} must be an address that begins with ") as refusal:
            check_addresses({variable: url})
        assert "s3cret" not in str(refusal.value)

    def test_several_servers_and_sockets_are_left_to_the_drivers(self) -> None:
        check_addresses({"DATABASE_URL": "postgresql://a:b@one.invalid:1,two.invalid:2/x"})
        check_addresses({"DATABASE_URL": "postgresql:///x?host=/var/run/postgresql"})

    def test_an_empty_one_is_as_good_as_none(self) -> None:
        check_addresses({"DATABASE_URL": "", "REDIS_URL": ""})

    def test_a_server_that_is_not_there_is_refused_without_a_wait(self, home: Home) -> None:
        begun = time.monotonic()
        free = ports.free_ports()
        database = refused(home, PORT=str(free), DATABASE_URL=f"postgresql://a:s3cret@127.0.0.1:{free}/x")
        redis = refused(home, PORT=str(free), REDIS_URL=f"redis://:s3cret@127.0.0.1:{free}/0")
        assert time.monotonic() - begun < 60
        assert database == f"DATABASE_URL leads to 127.0.0.1:{free}, where nothing answers."
        assert redis == f"REDIS_URL leads to 127.0.0.1:{free}, where nothing answers."
