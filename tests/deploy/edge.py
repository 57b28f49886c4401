"""HAProxy as `deploy/` configures it, before `api` and `live`, with certificates of the tests' own authority."""

import os
import secrets
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from mybcat.embedded import ports, processes
from mybcat.embedded.child import start_process
from mybcat.embedded.home import CHECKOUT, Home
from tests.certificates import Authority, Issued
from tests.embedded.programs import until

CONFIGURATION = CHECKOUT / "deploy" / "haproxy" / "haproxy.cfg"
# Seconds of patience with processes that start on a busy machine.
_START = 180.0


def haproxy() -> str:
    """The program; installed from Debian's packages where it is missing and may be."""
    if shutil.which("haproxy") is None:
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            pytest.skip("HAProxy is missing, and only root can install it: apt-get install haproxy")
        _apt_get("update")
        _apt_get("install", "--yes", "--no-install-recommends", "haproxy")
    return shutil.which("haproxy") or "/usr/sbin/haproxy"


def _apt_get(*words: str) -> None:
    told = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(["apt-get", "--quiet", *words], env=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@dataclass(frozen=True)
class Edge:
    """The two listeners, and what lies behind them."""

    public: int
    partners: int
    api: int
    authority: Authority
    folder: Path
    log: Path

    def context(self, certificate: Issued | None = None, *, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
        """Trusts the proxy, and shows the certificate."""
        context = ssl.create_default_context(cadata=self.authority.itself.pem)
        if version:
            context.minimum_version = context.maximum_version = version
        if certificate:
            file = self.folder / f"{certificate.certificate.serial_number}.pem"
            file.write_text(certificate.pem_with_key)
            context.load_cert_chain(file)
        return context

    def client(self, certificate: Issued | None = None, *, public: bool = False) -> httpx.Client:
        """Speaks to the partners' listener, or to the public one."""
        return httpx.Client(base_url=self.url(public=public), verify=self.context(certificate), timeout=30)

    def url(self, *, public: bool = False) -> str:
        return f"https://localhost:{self.public if public else self.partners}"


@contextmanager
def serving(folder: Path, *, authority: Authority) -> Iterator[Edge]:
    """`api` and `live` with the suite's own database, and the proxy before them, until the end of the block."""
    secret = secrets.token_urlsafe(32)
    api = ports.free_ports()
    public = ports.free_port(avoid={api, api + 1, api + 2})
    partners = ports.free_port(avoid={api, api + 1, api + 2, public})
    edge = Edge(public, partners, api, authority, folder, folder / "haproxy.log")
    told = {**os.environ, "TRUSTED_PROXIES": "127.0.0.1", "PROXY_SECRET": secret, "MYBCAT_DEVELOPMENT": "0"}
    everything = processes.processes(home=Home(folder), port=api, environment={**told, "MYBCAT_HOME": str(folder)})
    with (folder / "servers.log").open("wb") as output:
        servers = [
            start_process(each, output=output.fileno(), session=True)
            for each in everything
            if each.name in ("api", "live")
        ]
    with edge.log.open("wb") as output:
        proxy = subprocess.Popen(
            [haproxy(), "-f", str(CONFIGURATION)], env={**told, **_surroundings(edge)}, stdout=output, stderr=output
        )
    try:
        until(lambda: _answers(edge), seconds=_START)
        yield edge
    finally:
        for process in (proxy, *servers):
            process.terminate()
            process.wait(20)


def _surroundings(edge: Edge) -> dict[str, str]:
    files = {
        "MYBCAT_TLS": edge.authority.issue("localhost", host="localhost").pem_with_key,
        "MYBCAT_PARTNER_CA": edge.authority.itself.pem,
        "MYBCAT_PARTNER_CRL": edge.authority.revocation_list(),
    }
    for name, text in files.items():
        (edge.folder / f"{name}.pem").write_text(text)
    return {
        **{name: str(edge.folder / f"{name}.pem") for name in files},
        "MYBCAT_PUBLIC": f"127.0.0.1:{edge.public}",
        "MYBCAT_PARTNERS": f"127.0.0.1:{edge.partners}",
        "MYBCAT_API": f"127.0.0.1:{edge.api}",
        "MYBCAT_LIVE": f"127.0.0.1:{edge.api + 1}",
        "MYBCAT_HOST": "localhost",
    }


def _answers(edge: Edge) -> bool:
    with suppress(httpx.TransportError), edge.client(public=True) as client:
        return client.get("/healthz").status_code == 200
    return False


def connected(edge: Edge, context: ssl.SSLContext, session: ssl.SSLSession | None = None) -> ssl.SSLSocket:
    """A TLS connection to the partners' listener; with a session of an earlier one it asks to resume that."""
    raw = socket.create_connection(("127.0.0.1", edge.partners), timeout=30)
    return context.wrap_socket(raw, server_hostname="localhost", session=session)


def answer_on(connection: ssl.SSLSocket, *lines: str) -> str:
    """The status line to a request that is written as it stands, which no client library would do."""
    connection.sendall("\r\n".join([*lines, "Host: localhost", "Connection: close", "", ""]).encode("latin-1"))
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received.decode("latin-1")
