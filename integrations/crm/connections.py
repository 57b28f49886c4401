"""A practice's connection to its CRM: made, changed, tried and ended by its managers."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings

from integrations.crm.hubspot import HubSpot
from integrations.crm.models import CrmConnection
from mybcat import audit
from mybcat.errors import DomainError, InvalidInput
from mybcat.listeners import DeliveryError
from mybcat.principal import Principal
from mybcat.tenancy import practice_scope


class NoConnection(DomainError):
    code = "no_crm_connection"
    status = 404
    sentence = "The practice has no CRM connection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the practice allows; `access_token` None keeps the one there is."""

    access_token: str | None
    business_associate_agreement: bool
    share_name: bool
    share_email: bool
    share_phone: bool


def current() -> CrmConnection:
    """The connection of the practice in scope. Raises NoConnection."""
    found = CrmConnection.objects.first()
    if found is None:
        raise NoConnection
    return found


def put(*, terms: Terms, by: Principal, now: datetime) -> CrmConnection:
    """Make the connection, or change its terms. Raises InvalidInput."""
    _refuse_careless(terms)
    connection = CrmConnection.objects.select_for_update(no_key=True).first()
    if connection is None:
        if terms.access_token is None:
            raise InvalidInput(fields={"accessToken": ["A new connection needs one"]})
        connection = CrmConnection(created_at=now)
    if terms.access_token is not None:
        # Another account, perhaps: what was known of the old one says nothing.
        connection.access_token = terms.access_token
        connection.prepared_at = connection.checked_at = None
        connection.last_error = ""
    connection.business_associate_agreement = terms.business_associate_agreement
    connection.share_name, connection.share_email = terms.share_name, terms.share_email
    connection.share_phone = terms.share_phone
    connection.save()
    _record("crm_connection.changed", connection, by=by, now=now)
    return connection


def _refuse_careless(terms: Terms) -> None:
    if not terms.business_associate_agreement:
        raise InvalidInput(
            fields={"businessAssociateAgreement": ["Patients' data may go to HubSpot only under such an agreement"]}
        )
    if not (terms.share_name or terms.share_email):
        raise InvalidInput(fields={"share": ["HubSpot needs a name or an e-mail address to know a contact by"]})


def remove(*, by: Principal, now: datetime) -> None:
    """Forget the credentials; from now on nothing leaves. Raises NoConnection."""
    connection = current()
    _record("crm_connection.removed", connection, by=by, now=now)
    connection.delete()


def check(*, practice_id: UUID, token: str, now: datetime) -> str:
    """Ask HubSpot whether `token` is good, outside any scope, and note the answer: a code, empty if all is well."""
    code = ""
    try:
        HubSpot(token=token, base_url=settings.HUBSPOT_API_URL).prepare()
    except DeliveryError as error:
        code = error.code
    noted = {"checked_at": now, "last_error": code, **({} if code else {"prepared_at": now})}
    with practice_scope(practice_id):
        CrmConnection.objects.update(**noted)
    return code


def _record(action: str, connection: CrmConnection, *, by: Principal, now: datetime) -> None:
    audit.record(principal=by, action=action, object_kind="crmconnection", object_ids=[connection.id], now=now)
