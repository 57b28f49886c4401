"""`deploy/haproxy/haproxy.cfg` at work: real HAProxy, real certificates, the real `api` behind it."""

import ssl
import subprocess
from base64 import b64encode, urlsafe_b64encode
from contextlib import suppress
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from mybcat.gateway.certificates import thumbprint
from tests.callers import public
from tests.certificates import Issued
from tests.deploy.conftest import Certificates, Credentials
from tests.deploy.edge import CONFIGURATION, Edge, answer_on, connected, haproxy
from tests.embedded.programs import until
from tests.factories import Clinic

LOCATIONS = "/api/v2/locations"
both_tls = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])


def token(client: httpx.Client, who: Credentials) -> httpx.Response:
    return client.post("/api/oauth/token", data={"grant_type": "client_credentials"}, auth=(who.id, who.secret))


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def header(issued: Issued) -> str:
    return f":{b64encode(issued.der).decode()}:"


def test_the_configuration_has_no_warning(edge: Edge) -> None:
    checked = subprocess.run(
        [haproxy(), "-c", "-f", str(CONFIGURATION)],
        env={
            "MYBCAT_PUBLIC": "127.0.0.1:1", "MYBCAT_PARTNERS": "127.0.0.1:2", "MYBCAT_API": "127.0.0.1:3",
            "MYBCAT_LIVE": "127.0.0.1:4", "MYBCAT_HOST": "localhost", "PROXY_SECRET": "x",
            **{name: str(edge.folder / f"{name}.pem") for name in
               ("MYBCAT_TLS", "MYBCAT_PARTNER_CA", "MYBCAT_PARTNER_CRL")},
        },
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (checked.returncode, checked.stderr) == (0, "")


def test_a_partner_gets_a_bound_token_and_books(
    edge: Edge, certificates: Certificates, bound: Credentials, clinic: Clinic
) -> None:
    with edge.client(certificates.good) as client:
        issued = token(client, bound)
        assert issued.status_code == 200
        body = {
            "patientId": public("pat", clinic.patient.id),
            "slotId": public("slot", clinic.slots[0].id),
            "type": clinic.exam.code,
        }
        headers = {**bearer(issued.json()["access_token"]), "X-Idempotency-Key": "a-key"}
        booked = client.post("/api/v2/appointments", json=body, headers=headers)
    assert booked.status_code == 201
    assert booked.headers["Cache-Control"] == "no-store"
    assert {"x-request-id", "x-correlation-id", "strict-transport-security"} <= set(booked.headers)
    assert "server" not in booked.headers


@pytest.mark.parametrize("which", ["expired", "early", "revoked", "rogue", None])
def test_no_other_certificate_comes_in(edge: Edge, certificates: Certificates, which: str | None) -> None:
    shown = getattr(certificates, which) if which else None
    with edge.client(shown) as client, pytest.raises(httpx.TransportError):
        client.get(LOCATIONS)
    # Negative control: the same client with the good one.
    with edge.client(certificates.good) as client:
        assert client.get(LOCATIONS).status_code == 401


def test_a_stolen_token_is_worth_nothing(edge: Edge, certificates: Certificates, bound: Credentials) -> None:
    with edge.client(certificates.good) as client:
        headers = bearer(token(client, bound).json()["access_token"])
        assert client.get(LOCATIONS, headers=headers).status_code == 200
    with edge.client(certificates.other) as thief:
        assert_invalid_token(thief.get(LOCATIONS, headers=headers))
        assert token(thief, bound).status_code == 401
    with edge.client(public=True) as thief:
        assert_invalid_token(thief.get(LOCATIONS, headers=headers))
        assert token(thief, bound).status_code == 401
    # Past the proxy, from its own machine.
    with httpx.Client(base_url=f"http://127.0.0.1:{edge.api}") as thief:
        assert_invalid_token(thief.get(LOCATIONS, headers=headers))
        spoofed = thief.get(LOCATIONS, headers={**headers, "Client-Cert": header(certificates.good)})
        assert (spoofed.status_code, spoofed.json()["code"]) == (400, "proxy_header_refused")
        # A name with an underscore is no name of ours.
        under = thief.get(LOCATIONS, headers={**headers, "Client_Cert": header(certificates.good)})
        assert_invalid_token(under)


def assert_invalid_token(answer: httpx.Response) -> None:
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize("public_listener", [True, False])
def test_nobody_speaks_for_the_proxy(
    edge: Edge, certificates: Certificates, bound: Credentials, public_listener: bool
) -> None:
    with edge.client(certificates.good) as client:
        headers = bearer(token(client, bound).json()["access_token"])
    shown = certificates.other if not public_listener else None
    with edge.client(shown, public=public_listener) as client:
        for name, status in (
            ("Client-Cert", 400),
            ("client-cert", 400),
            ("Client-Cert-Chain", 400),
            ("X-Proxy-Secret", 400),
            ("Client_Cert", 403),
            ("X_Proxy_Secret", 403),
            ("X_Forwarded_For", 403),
        ):
            answer = client.get(LOCATIONS, headers={**headers, name: header(certificates.good)})
            assert (name, answer.status_code) == (name, status)
            assert answer.headers["Content-Type"] == "application/json"
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.json()["error"] and answer.headers["X-Request-Id"]
            assert "server" not in answer.headers


def test_every_request_of_a_connection_is_looked_at(edge: Edge, certificates: Certificates) -> None:
    """Not the first alone: the second of a kept connection is refused as well."""
    with connected(edge, edge.context(certificates.good)) as connection:
        first = "GET /api/v2/locations HTTP/1.1\r\nHost: localhost\r\n\r\n"
        connection.sendall(first.encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 401")
        second = answer_on(connection, "GET /api/v2/locations HTTP/1.1", f"Client-Cert: {header(certificates.good)}")
    assert second.startswith("HTTP/1.1 400")


def test_what_is_forwarded_is_the_proxy_s_own_word(
    edge: Edge, certificates: Certificates, unbound: Credentials
) -> None:
    """Else anyone could pass for 127.0.0.1, whom /metrics answers."""
    forged = dict.fromkeys(("X-Forwarded-For", "X-Real-IP", "Forwarded"), "for=127.0.0.1")
    with edge.client(public=True) as client:
        for path in ("/metrics", "/metrics/", "/%6detrics", "/METRICS", "/metrics?x=1"):
            assert client.get(path, headers=forged).status_code == 404
    with edge.client(certificates.good) as client:
        assert [client.get(path).status_code for path in ("/metrics", "/admin/", "/healthz")] == [404, 404, 404]
        assert client.get("/.well-known/jwks.json").status_code == 200


@both_tls
def test_a_resumed_session_cannot_lose_the_certificate(
    edge: Edge, certificates: Certificates, version: ssl.TLSVersion
) -> None:
    """No session is given out, so every connection shows its certificate itself."""
    context = edge.context(certificates.good, version=version)
    with connected(edge, context) as first:
        assert answer_on(first, f"GET {LOCATIONS} HTTP/1.1").startswith("HTTP/1.1 401")
        session = first.session
    with connected(edge, context, session) as second:
        assert answer_on(second, f"GET {LOCATIONS} HTTP/1.1").startswith("HTTP/1.1 401")
        assert second.session_reused is False


def test_what_is_too_large_stops_at_the_proxy(edge: Edge) -> None:
    with edge.client(public=True) as client:
        assert client.post("/api/v2/appointments", content=b" " * (1024 * 1024 + 1)).status_code == 413
        # Whatever the token, the product itself has looked at this one.
        assert client.post("/api/v2/appointments", content=b" " * 1000).status_code == 401


def test_the_proxy_s_own_refusals_name_the_request(edge: Edge) -> None:
    with edge.client(public=True) as client:
        for offered, kept in (("a-request-of-mine", True), ("no good;", False), ("short", False)):
            answer = client.get("/metrics", headers={"X-Correlation-Id": offered})
            told = answer.headers["X-Correlation-Id"]
            assert answer.json() == {"error": "Not found", "correlationId": told}
            assert (told == offered) is kept and len(told) >= 8
        # The product keeps to the same id.
        behind = client.get(LOCATIONS, headers={"X-Correlation-Id": "no good;"})
        assert behind.json()["correlationId"] == behind.headers["X-Correlation-Id"] != "no good;"


def test_sockets_go_to_live(edge: Edge) -> None:
    """Whatever `live` says to an address that it does not have: it is `live` that says it."""
    address = f"wss://localhost:{edge.public}/nothing?ticket=of-no-worth"
    with suppress(InvalidStatus), connect(address, ssl=edge.context()) as connection, suppress(ConnectionClosed):
        connection.recv(timeout=10)
    until(lambda: " live/live " in edge.log.read_text(), seconds=60)
    assert "of-no-worth" not in edge.log.read_text()


def test_the_scheme_is_known_behind_the_proxy(edge: Edge) -> None:
    with edge.client(public=True) as client:
        document = client.get("/.well-known/oauth-authorization-server").json()
    assert document["token_endpoint"] == f"{edge.url(public=True)}/api/oauth/token"


def test_the_proxy_logs_no_query(edge: Edge, certificates: Certificates) -> None:
    """A search names a patient."""
    with edge.client(public=True) as client:
        answer = client.get("/api/v2/patients?search=okafor", headers={"X-Correlation-Id": "a-search-of-mine"})
    assert answer.status_code == 401
    lines = [line for line in edge.log.read_text().splitlines() if "a-search-of-mine" in line]
    assert len(lines) == 1 and "/api/v2/patients" in lines[0]
    assert "okafor" not in edge.log.read_text()


def test_the_thumbprint_is_openssl_s(certificates: Certificates) -> None:
    """Another program's word for what binds tokens."""
    told = subprocess.run(
        ["openssl", "x509", "-noout", "-fingerprint", "-sha256"],
        input=certificates.good.pem, capture_output=True, text=True, check=True,
    )  # fmt: skip
    fingerprint: Any = bytes.fromhex(told.stdout.partition("=")[2].strip().replace(":", ""))
    assert thumbprint(certificates.good.certificate) == urlsafe_b64encode(fingerprint).rstrip(b"=").decode()
