"""Scripts straight over a connection: no answer is lost, doubled or another's, whatever happens to the connection."""

from collections.abc import Iterator

import pytest

from mybcat.volatile import Away, Script, Volatile
from tests.callers import together
from tests.mybcat.processes import Valkey, valkey

COUNT = Script(b"return {redis.call('INCR', KEYS[1]), KEYS[1], ARGV[1]}")
REFUSE = Script(b"return redis.call('INCR')")


@pytest.fixture
def server() -> Iterator[Valkey]:
    with valkey() as running:
        yield running


@pytest.fixture
def store(server: Valkey) -> Volatile:
    return Volatile(url=server.url)


def count(store: Volatile, key: str = "mine", argument: int = 1) -> tuple[int, str, int]:
    number, named, told = store.run(COUNT, keys=[key], arguments=[argument])
    return number, named.decode(), int(told)


def test_a_script_that_the_server_has_forgotten_is_sent_again(server: Valkey, store: Volatile) -> None:
    assert count(store) == (1, "mine", 1)
    server.client.script_flush()
    assert count(store) == (2, "mine", 1)


def test_a_connection_that_the_server_has_closed_is_replaced_without_a_word(
    server: Valkey, store: Volatile, caplog: pytest.LogCaptureFixture
) -> None:
    assert count(store) == (1, "mine", 1)
    server.client.client_kill_filter(_type="normal", skipme=True)
    assert count(store) == (2, "mine", 1)
    assert caplog.records == []


def test_each_of_many_gets_the_answer_to_what_it_asked(store: Volatile) -> None:
    asked = [(f"key-{number % 7}", number) for number in range(64)]
    answers = together(len(asked), lambda number: count(store, *asked[number]))
    assert [(key, told) for _, key, told in answers] == asked
    # Each count once, in whatever order they came.
    for key in {key for key, _ in asked}:
        numbers = sorted(number for number, named, _ in answers if named == key)
        assert numbers == list(range(1, len(numbers) + 1))


def test_an_answer_that_comes_too_late_is_nobody_else_s(
    server: Valkey, store: Volatile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mybcat.volatile.REST_SECONDS", 0.0)
    assert count(store, "before") == (1, "before", 1)
    server.hang()
    with pytest.raises(Away):
        count(store, "late", 7)
    server.go_on()
    assert count(store, "after") == (1, "after", 1)


def test_a_script_s_own_error_is_away_too_and_leaves_nothing_behind(
    store: Volatile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mybcat.volatile.REST_SECONDS", 0.0)
    with pytest.raises(Away):
        store.run(REFUSE, keys=["mine"], arguments=[])
    assert count(store) == (1, "mine", 1)
