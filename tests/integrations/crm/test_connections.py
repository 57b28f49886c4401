"""Managers connect, try and disconnect; the token goes in and never comes out."""

from typing import Any

import pytest
from django.db import IntegrityError
from django.db import connection as database

from integrations.crm.hubspot import HubSpot as Adapter
from integrations.crm.models import CrmConnection
from mybcat.models import AuditEntry
from mybcat.principal import Role
from mybcat.tenancy import platform_scope, practice_scope
from tests.api.refusals import assert_forbidden, assert_refused
from tests.api.rows import changes
from tests.callers import Caller
from tests.factories import Clinic, make_crm_connection, make_member
from tests.standins import hubspot as vendor
from tests.standins.hubspot import HubSpot
from tests.standins.server import Answer

PATH = "/api/v2/crm-connection"
GOOD = {
    "accessToken": vendor.TOKEN,
    "businessAssociateAgreement": True,
    "share": {"name": True, "email": True, "phone": False},
}
SHOWN = {
    "vendor": "hubspot",
    "businessAssociateAgreement": True,
    "share": {"name": True, "email": True, "phone": False},
    "checkedAt": None,
    "lastError": "",
}
CONNECTED = {"integrations_crmconnection": 1, "mybcat_auditentry": 1}


@pytest.fixture
def manager(clinic: Clinic) -> Caller:
    return Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)


def put(caller: Caller, **members: Any) -> Any:
    body = {name: value for name, value in {**GOOD, **members}.items() if value is not None}
    return caller.http.put(PATH, body, content_type="application/json", headers=caller.headers)


def stored(clinic: Clinic) -> CrmConnection:
    with practice_scope(clinic.practice.id):
        found: CrmConnection = CrmConnection.objects.get()
        return found


def none_yet(answer: Any) -> None:
    sentence = "The practice has no CRM connection"
    assert_refused(answer, status=404, code="no_crm_connection", sentence=sentence)


def test_a_practice_begins_without_one(manager: Caller) -> None:
    with changes():
        none_yet(manager.get(PATH))
        none_yet(manager.delete(PATH))
        none_yet(manager.post(f"{PATH}/test", {}))


def test_it_is_made_and_shown_without_its_token(manager: Caller, clinic: Clinic) -> None:
    with changes(**CONNECTED):
        made = put(manager)
    assert (made.status_code, made.json()) == (200, SHOWN)
    assert manager.get(PATH).json() == SHOWN
    assert vendor.TOKEN not in made.content.decode() + manager.get(PATH).content.decode()
    assert stored(clinic).access_token == vendor.TOKEN


def test_the_token_is_sealed_in_its_column(manager: Caller, clinic: Clinic) -> None:
    put(manager)
    with practice_scope(clinic.practice.id), database.cursor() as cursor:
        cursor.execute("SELECT access_token FROM integrations_crmconnection")
        ((sealed,),) = cursor.fetchall()
    assert sealed.startswith("v1|")
    assert vendor.TOKEN not in sealed


def test_terms_change_and_the_token_stays(manager: Caller, clinic: Clinic, hubspot: HubSpot) -> None:
    put(manager)
    manager.post(f"{PATH}/test", {})
    with changes(integrations_crmconnection=0, mybcat_auditentry=1):
        changed = put(manager, accessToken=None, share={"name": False, "email": True, "phone": True})
    assert changed.json()["share"] == {"name": False, "email": True, "phone": True}
    assert (stored(clinic).access_token, stored(clinic).prepared_at is None) == (vendor.TOKEN, False)


def test_another_token_is_another_account(manager: Caller, clinic: Clinic, hubspot: HubSpot) -> None:
    put(manager)
    manager.post(f"{PATH}/test", {})
    put(manager, accessToken="pat-na1-another-token")
    assert (stored(clinic).prepared_at, stored(clinic).checked_at) == (None, None)


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"accessToken": None}, "accessToken"),
        ({"accessToken": "short"}, "accessToken"),
        ({"accessToken": "pat-na1 with spaces"}, "accessToken"),
        ({"accessToken": "pat-na1-token\r\nX-Evil: 1"}, "accessToken"),
        ({"accessToken": "pat-na1-tøken"}, "accessToken"),
        ({"accessToken": 12345678901}, "accessToken"),
        ({"businessAssociateAgreement": False}, "businessAssociateAgreement"),
        ({"businessAssociateAgreement": None}, "businessAssociateAgreement"),
        ({"businessAssociateAgreement": "yes"}, "businessAssociateAgreement"),
        ({"share": {"name": False, "email": False, "phone": True}}, "share"),
        ({"share": {"name": True, "email": True}}, "share/phone"),
        ({"share": {**GOOD["share"], "birthDate": True}}, "share/birthDate"),  # type: ignore[dict-item]
        ({"vendor": "salesforce"}, "vendor"),
    ],
)
def test_careless_terms_are_refused_by_name(manager: Caller, members: dict[str, Any], field: str) -> None:
    with changes():
        answer = put(manager, **members)
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"#/{field}"]
    assert "pat-na1" not in answer.content.decode()


def test_postgresql_refuses_them_too(clinic: Clinic) -> None:
    for careless in ({"business_associate_agreement": False}, {"share_name": False, "share_email": False}):
        with pytest.raises(IntegrityError):
            make_crm_connection(practice=clinic.practice, **careless)


def test_it_is_ended_and_its_token_forgotten(manager: Caller) -> None:
    put(manager)
    with changes(integrations_crmconnection=-1, mybcat_auditentry=1):
        assert manager.delete(PATH).status_code == 204
    none_yet(manager.get(PATH))


def test_a_good_token_is_tried(manager: Caller, clinic: Clinic, hubspot: HubSpot) -> None:
    put(manager)
    assert manager.post(f"{PATH}/test", {}).json() == {"ok": True, "error": ""}
    assert hubspot.unique == {"contacts": {"email", "mybcat_patient_id"}, "meetings": {"mybcat_appointment_id"}}
    assert manager.post(f"{PATH}/test", {}).json() == {"ok": True, "error": ""}
    assert manager.get(PATH).json()["checkedAt"] is not None
    assert stored(clinic).prepared_at is not None


@pytest.mark.parametrize(
    ("answer", "code"),
    [(Answer(401, {}), "hubspot_401"), (Answer(403, {}), "hubspot_403"), (Answer(500, {}), "hubspot_500")],
)
def test_a_token_that_is_not_good_is_told(
    manager: Caller, clinic: Clinic, hubspot: HubSpot, answer: Answer, code: str
) -> None:
    put(manager)
    hubspot.mood = lambda _: answer
    tried = manager.post(f"{PATH}/test", {})
    assert (tried.status_code, tried.json()) == (200, {"ok": False, "error": code})
    assert (manager.get(PATH).json()["lastError"], stored(clinic).prepared_at) == (code, None)


def test_no_transaction_waits_for_hubspot(manager: Caller, hubspot: HubSpot, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(Adapter, "prepare", lambda self: seen.append(database.in_atomic_block))
    put(manager)
    assert manager.post(f"{PATH}/test", {}).json()["ok"] is True
    assert seen == [False]


@pytest.mark.parametrize("role", [Role.SCHEDULING_AGENT, Role.PRACTITIONER])
def test_it_is_the_managers_matter(clinic: Clinic, role: Role) -> None:
    caller = Caller(make_member(practice=clinic.practice, role=role), clinic.practice)
    with changes(mybcat_auditentry=3):
        for answer in (caller.get(PATH), put(caller), caller.post(f"{PATH}/test", {})):
            assert_forbidden(answer)


def test_each_act_is_on_record(manager: Caller, clinic: Clinic) -> None:
    put(manager)
    manager.delete(PATH)
    with platform_scope(reason="test"):
        actions = AuditEntry.objects.filter(action__startswith="crm").order_by("id").values_list("action", flat=True)
        assert list(actions) == ["crm_connection.changed", "crm_connection.removed"]
