"""The one route of large bodies, over a real socket: taken from who may send them, refused to others and elsewhere."""

import httpx
import orjson
import pytest

from tests.faults.agents import Agent, Office
from tests.faults.product import Api, Product

pytestmark = pytest.mark.processes

COUNT = 30_000
BODY = orjson.dumps({"messages": [{"to": f"+1212{place:07d}", "body": "We are open."} for place in range(COUNT)]})


def post(api: Api, path: str, *, authorization: str = "") -> httpx.Response:
    headers = {"Content-Type": "application/json", "Authorization": authorization}
    return httpx.post(f"http://127.0.0.1:{api.port}{path}", content=BODY, headers=headers, timeout=120)


def kept(product: Product) -> int:
    ((total,),) = product.rows("SELECT coalesce(sum(total), 0) FROM integrations_bulkmessagejob")
    return int(total)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_job_larger_than_other_bodies_may_be_is_taken(
    product: Product, api: Api, office: Office, version: str
) -> None:
    assert len(BODY) > 1024 * 1024
    before = kept(product)
    with Agent(api, office) as agent:
        answer = post(api, f"/api/{version}/bulk-messages", authorization=agent.authorization)
    assert answer.status_code == 202
    assert kept(product) == before + COUNT


def test_nobody_without_a_token_has_a_body_kept(product: Product, api: Api) -> None:
    before = kept(product)
    for authorization in ("", "Bearer x.y.z", "Basic abc"):
        assert post(api, "/api/v1/bulk-messages", authorization=authorization).status_code == 401
    assert kept(product) == before


def test_elsewhere_it_is_too_large(api: Api, office: Office) -> None:
    with Agent(api, office) as agent:
        answer = post(api, "/api/v1/patients", authorization=agent.authorization)
    assert (answer.status_code, answer.json()["error"]) == (413, "The request body is larger than 1 MiB")
