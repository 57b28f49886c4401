"""Addresses that customers chose: nothing that only our own network can reach, however it is spelt."""

from ipaddress import ip_address

import pytest
from django.conf import LazySettings as Settings

from integrations.addresses import AddressRefused, addresses_of, is_denied, target_of

DENIED = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.1.2.3",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:1ff::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%1",
    "fec0::1",
    "ff02::1",
]
ALLOWED = [
    "1.1.1.1",
    "8.8.8.8",
    "100.128.0.1",
    "172.32.0.1",
    "192.0.3.1",
    "198.20.0.1",
    "2606:4700::1111",
    "2a00:1450::1",
    "2001:200::1",
]


@pytest.fixture(autouse=True)
def _production(settings: Settings) -> None:
    settings.DEVELOPMENT = False
    settings.OUTBOUND_EXCEPTIONS = frozenset()


@pytest.mark.parametrize("address", DENIED)
def test_an_address_that_is_not_everybodys_is_denied(address: str) -> None:
    assert is_denied(ip_address(address))
    with pytest.raises(AddressRefused, match="private"):
        addresses_of(target_of("https://hooks.example.com/"), resolve=lambda *_: [address])


@pytest.mark.parametrize("address", ALLOWED)
def test_any_other_is_allowed(address: str) -> None:
    assert not is_denied(ip_address(address))
    assert addresses_of(target_of("https://hooks.example.com/"), resolve=lambda *_: [address]) == [address]


def test_one_bad_answer_among_good_ones_spoils_all() -> None:
    with pytest.raises(AddressRefused, match="private"):
        addresses_of(target_of("https://hooks.example.com/"), resolve=lambda *_: ["8.8.8.8", "10.0.0.1"])


@pytest.mark.parametrize("answer", [OSError("no such name"), UnicodeError("label too long"), []])
def test_a_name_that_stands_for_nothing_is_refused(answer: object) -> None:
    def resolve(*_: object) -> list[str]:
        if isinstance(answer, Exception):
            raise answer
        return []

    with pytest.raises(AddressRefused, match="unresolvable"):
        addresses_of(target_of("https://hooks.example.com/"), resolve=resolve)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://hooks.example.com/", "scheme"),
        ("ftp://hooks.example.com/", "scheme"),
        ("//hooks.example.com/", "scheme"),
        ("https:hooks.example.com", "host"),
        ("https:///path", "host"),
        ("https://localhost/", "host"),
        ("https://intranet/", "host"),
        ("https://127.0.0.1/", "host"),
        ("https://8.8.8.8/", "host"),
        ("https://127.1/", "host"),
        ("https://2130706433/", "host"),
        ("https://0x7f.1/", "host"),
        ("https://0x7f000001/", "host"),
        ("https://017700000001/", "host"),
        ("https://[::1]/", "host"),
        ("https://[::ffff:127.0.0.1]/", "host"),
        ("https://hooks.example.com./", "host"),
        ("https://-a.example.com/", "host"),
        ("https://under_score.example.com/", "host"),
        ("https://" + "a" * 64 + ".example.com/", "host"),
        ("https://" + "a." * 130 + "com/", "host"),
        ("https://user@hooks.example.com/", "credentials"),
        ("https://user:secret@hooks.example.com/", "credentials"),
        ("https://@hooks.example.com/", "credentials"),
        ("https://hooks.example.com@127.0.0.1/", "credentials"),
        ("https://hooks.example.com:22/", "port"),
        ("https://hooks.example.com:6379/", "port"),
        ("https://hooks.example.com:80/", "port"),
        ("https://hooks.example.com:99999/", "malformed"),
        ("https://hooks.example.com:x/", "malformed"),
        ("https://hooks.example.com/#fragment", "fragment"),
        ("https://hooks.example.com/ x", "malformed"),
        ("https://hooks.example.com/\r\nHost: x", "malformed"),
        ("https://hooks.example.com\\@127.0.0.1/", "malformed"),
        ("https://[::1/", "malformed"),
        ("https://bücher.example/", "malformed"),
        ("https://hooks.example.com/" + "x" * 2048, "malformed"),
        ("", "malformed"),
    ],
)
def test_an_address_is_refused_with_its_reason(url: str, code: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        target_of(url)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "header"),
    [
        ("https://hooks.example.com", "hooks.example.com", 443, "/", "hooks.example.com"),
        ("https://Hooks.Example.com:443/in?a=b", "hooks.example.com", 443, "/in?a=b", "hooks.example.com"),
        ("https://xn--bcher-kva.example:8443/", "xn--bcher-kva.example", 8443, "/", "xn--bcher-kva.example:8443"),
    ],
)
def test_a_good_address_is_taken_apart_once(url: str, host: str, port: int, path: str, header: str) -> None:
    target = target_of(url)
    assert (target.host, target.port, target.path, target.host_header) == (host, port, path, header)


def test_plain_http_is_for_development_alone(settings: Settings) -> None:
    settings.DEVELOPMENT = True
    assert target_of("http://hooks.example.com/").port == 80
    with pytest.raises(AddressRefused, match="port"):
        target_of("http://hooks.example.com:6379/")
    with pytest.raises(AddressRefused, match="host"):
        target_of("http://127.0.0.1/")


def test_an_exception_holds_for_its_very_host_and_port(settings: Settings) -> None:
    settings.OUTBOUND_EXCEPTIONS = frozenset({"127.0.0.1:4242"})
    assert addresses_of(target_of("http://127.0.0.1:4242/in")) == ["127.0.0.1"]
    for other in ("http://127.0.0.1:4243/", "http://127.0.0.2:4242/", "http://localhost:4242/", "http://127.1:4242/"):
        with pytest.raises(AddressRefused):
            target_of(other)
