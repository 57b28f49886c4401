"""A customer's name server may hang: nobody waits for it longer than agreed, and it holds one thread."""

import socket
import time
from collections.abc import Iterator
from threading import Event as Flag
from threading import enumerate as enumerate_threads
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import LazySettings as Settings

from integrations import guarded, resolving
from integrations.addresses import AddressRefused, addresses_of, target_of

TARGET = target_of("https://hooks.example.com/")


class Dns:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.answer = Flag()
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, **_: Any) -> list[Any]:
        self.asked.append(host)
        self.answer.wait(30)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", port))] * 2


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> Iterator[Dns]:
    hanging = Dns()
    # Of this module alone: others of the process look for names, too.
    known = SimpleNamespace(getaddrinfo=hanging, SOCK_STREAM=socket.SOCK_STREAM)
    monkeypatch.setattr(resolving, "socket", known)
    yield hanging
    hanging.answer.set()
    for thread in enumerate_threads():
        if thread.name == "resolver":
            thread.join()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolving, "RESOLVE_SECONDS", 0.05)


@pytest.mark.usefixtures("impatient")
def test_a_name_that_hangs_is_given_up_and_holds_one_thread(dns: Dns) -> None:
    for _ in range(3):
        with pytest.raises(AddressRefused, match="unresolvable"):
            addresses_of(TARGET)
    assert dns.asked == ["hooks.example.com"]


def test_an_answer_is_asked_for_anew_each_time(dns: Dns) -> None:
    dns.answer.set()
    for count in (1, 2):
        assert addresses_of(TARGET) == ["8.8.8.8"]
        assert len(dns.asked) == count


@pytest.mark.usefixtures("impatient")
def test_another_name_does_not_wait(dns: Dns, settings: Settings) -> None:
    with pytest.raises(AddressRefused, match="unresolvable"):
        addresses_of(TARGET)
    settings.OUTBOUND_EXCEPTIONS = frozenset({"127.0.0.1:8443"})
    assert addresses_of(target_of("https://127.0.0.1:8443/")) == ["127.0.0.1"]
    assert dns.asked == ["hooks.example.com"]


def test_what_dns_does_not_know_is_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(resolving, "socket", SimpleNamespace(getaddrinfo=unknown, SOCK_STREAM=socket.SOCK_STREAM))
    for _ in range(2):
        with pytest.raises(AddressRefused, match="unresolvable"):
            addresses_of(TARGET)


def test_the_time_for_dns_is_part_of_the_time_for_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    dialled: list[str] = []
    monkeypatch.setattr(guarded, "HEAD", 0.05)
    monkeypatch.setattr(guarded.httpcore.SyncBackend, "connect_tcp", lambda self, host, *_, **__: dialled.append(host))

    def slowly(*_: object) -> list[str]:
        time.sleep(0.1)
        return ["8.8.8.8"]

    with pytest.raises(guarded.CallFailed, match="timeout"):
        guarded.post(url="https://hooks.example.com/", body=b"", headers={}, resolve=slowly)
    assert dialled == []
