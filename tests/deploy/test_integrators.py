"""What a new integrator's tools do with us: Authlib's client, and curl, neither of them ours."""

import json
import subprocess
from typing import Any

import httpx
import pytest
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from cryptography.hazmat.primitives import serialization
from joserfc.jwk import ECKey, RSAKey

from tests.callers import public
from tests.deploy.conftest import Certificates, Credentials
from tests.deploy.edge import Edge
from tests.factories import Clinic, make_api_client
from tests.integrations.clients.keys import ALGORITHMS, jwks, private_key

LOCATIONS = "/api/v2/locations"
TOKEN = "/api/oauth/token"


def names(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200
    return [each["name"] for each in answer.json()["data"]]


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib_s_client_by_secret(edge: Edge, unbound: Credentials, method: str) -> None:
    url = edge.url(public=True)
    with OAuth2Client(
        unbound.id,
        unbound.secret,
        token_endpoint_auth_method=method,
        scope="reference:read appointments:read",
        verify=edge.context(),
    ) as client:
        token = client.fetch_token(url + TOKEN, grant_type="client_credentials")
        assert (token["expires_in"], token["scope"]) == (300, "appointments:read reference:read")
        assert names(client.get(url + LOCATIONS)) == ["Downtown"]
        refused = client.get(url + "/api/v2/patients")
        assert refused.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="patients:read"'
        with pytest.raises(OAuthError, match=r"^invalid_scope: "):
            client.fetch_token(url + TOKEN, grant_type="client_credentials", scope="clients:manage")


def test_authlib_s_client_with_a_wrong_secret(edge: Edge, unbound: Credentials) -> None:
    url = edge.url(public=True)
    with (
        OAuth2Client(unbound.id, "wrong", verify=edge.context()) as client,
        pytest.raises(OAuthError, match=r"^invalid_client: Client authentication failed$"),
    ):
        client.fetch_token(url + TOKEN, grant_type="client_credentials")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_authlib_s_client_by_signature(edge: Edge, clinic: Clinic, algorithm: str) -> None:
    url = edge.url(public=True)
    made, _ = make_api_client(practice=clinic.practice, jwks=jwks(algorithm))
    kinds = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    pem = private_key(algorithm).private_bytes(*kinds)
    key: Any = (RSAKey if algorithm.startswith("RS") else ECKey).import_key(pem)
    with OAuth2Client(
        public("appc", made.id), key, token_endpoint_auth_method="private_key_jwt", verify=edge.context()
    ) as client:
        signing: Any = PrivateKeyJWT(url + TOKEN, alg=algorithm)
        client.register_client_auth_method(signing)
        for _ in range(2):
            client.fetch_token(url + TOKEN, grant_type="client_credentials")
            assert names(client.get(url + LOCATIONS)) == ["Downtown"]


def test_authlib_s_client_with_a_certificate(edge: Edge, bound: Credentials, certificates: Certificates) -> None:
    with OAuth2Client(bound.id, bound.secret, verify=edge.context(certificates.good)) as client:
        client.fetch_token(edge.url() + TOKEN, grant_type="client_credentials")
        assert names(client.get(edge.url() + LOCATIONS)) == ["Downtown"]


def test_curl_books_as_the_documentation_says(
    edge: Edge, bound: Credentials, certificates: Certificates, clinic: Clinic
) -> None:
    """Token, next slot, booking: the steps of docs/integrators.md."""
    (edge.folder / "ca.pem").write_text(certificates.authority.itself.pem)
    (edge.folder / "partner.pem").write_text(certificates.good.pem_with_key)
    files = "--cacert", str(edge.folder / "ca.pem"), "--cert", str(edge.folder / "partner.pem")

    def curl(path: str, *words: str) -> Any:
        asked = ["curl", "--silent", "--show-error", *files, edge.url() + path, *words]
        return json.loads(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)

    token = curl(TOKEN, "-u", f"{bound.id}:{bound.secret}", "-d", "grant_type=client_credentials")["access_token"]
    bearer = "-H", f"Authorization: Bearer {token}"
    slot = curl("/api/v2/slots/next?type=comprehensive_exam&count=1", *bearer)["data"][0]["id"]
    patient = curl("/api/v2/patients?limit=1", *bearer)["data"][0]["id"]
    body = json.dumps({"patientId": patient, "slotId": slot, "type": "comprehensive_exam"})
    headers = "-H", "Content-Type: application/json", "-H", "X-Idempotency-Key: first-try"
    booked = curl("/api/v2/appointments", *bearer, *headers, "-d", body)
    assert booked["status"] == "booked"
    assert curl("/api/v2/appointments", *bearer, *headers, "-d", body) == booked
