"""What the terminal shows."""

import os
import pty
import time

import pytest

from mybcat.embedded.console import Console


def drain(descriptor: int) -> bytes:
    return os.read(descriptor, 65_536)


def test_names_are_padded_so_that_lines_align() -> None:
    reader, writer = os.pipe()
    console = Console(descriptor=writer)
    console.relay("api", b"one")
    console.relay("postgres", b"two")
    console.say("three\nfour")
    console.show("five")
    assert drain(reader) == b"api      | one\npostgres | two\nmybcat   | three\nmybcat   | four\nfive\n"


def test_colour_is_for_terminals_that_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    reader, terminal = pty.openpty()
    Console(descriptor=terminal).relay("api", b"one")
    coloured = drain(reader)
    assert coloured.startswith(b"\x1b[")
    assert coloured.endswith(b"\x1b[0m one\r\n")
    monkeypatch.setenv("NO_COLOR", "1")
    Console(descriptor=terminal).relay("api", b"one")
    assert drain(reader) == b"api      | one\r\n"


def test_a_silent_one_says_nothing() -> None:
    reader, writer = os.pipe()
    console = Console(descriptor=writer, silent=True)
    console.relay("api", b"one")
    console.say("two")
    os.close(writer)
    assert drain(reader) == b""


def test_bytes_that_are_no_text_pass_through() -> None:
    reader, writer = os.pipe()
    Console(descriptor=writer).relay("api", b"\xff\xfe")
    assert drain(reader) == b"api      | \xff\xfe\n"


def test_a_full_pipe_costs_lines_not_time() -> None:
    reader, writer = os.pipe()
    console = Console(descriptor=writer)
    begun = time.monotonic()
    for _ in range(5_000):
        console.relay("api", b"x" * 100)
    # A wait for each of them would take minutes.
    assert time.monotonic() - begun < 60
    drain(reader)
    console.say("heard again")
    os.close(writer)
    rest = b"".join(iter(lambda: drain(reader), b""))
    assert rest.endswith(b"heard again\n")


def test_a_terminal_that_has_gone_is_not_written_to_again() -> None:
    reader, writer = os.pipe()
    console = Console(descriptor=writer)
    os.close(reader)
    console.say("one")
    console.relay("api", b"two")
