"""The API client behind a token, as the database knows it now."""

from datetime import datetime

from django.db import connection

from integrations.clients.scopes import CLIENT_SCOPES
from mybcat.gateway.authoriser import Known
from mybcat.gateway.tokens import Claims, InvalidToken
from mybcat.principal import Principal

# A client that has ever had a certificate must come with one that is in force.
# One statement, so that epochs and rights are of one moment.
_CLIENT = """
    SELECT c.scopes, coalesce(c.plan, p.plan), p.entitled_until, p.time_zone,
           mybcat_epoch_of(c.id), mybcat_epoch_of(p.id),
           (SELECT k.not_after FROM integrations_apiclientcertificate k
            WHERE k.practice_id = c.practice_id AND k.client_id = c.id AND k.thumbprint = %(thumbprint)s)
    FROM integrations_apiclient c JOIN practices_practice p ON p.id = c.practice_id
    WHERE c.practice_id = %(practice)s AND c.id = %(client)s AND c.revoked_at IS NULL
      AND (
        EXISTS (
            SELECT FROM integrations_apiclientcertificate k
            WHERE k.practice_id = c.practice_id AND k.client_id = c.id
              AND k.thumbprint = %(thumbprint)s AND k.revoked_at IS NULL AND k.not_after > %(now)s
        ) OR NOT EXISTS (
            SELECT FROM integrations_apiclientcertificate k
            WHERE k.practice_id = c.practice_id AND k.client_id = c.id
        )
      )
"""


def load_principal(*, claims: Claims, now: datetime) -> Known:
    """Who calls, inside the practice in scope: the token's scopes, less those that the client has lost since.

    Raises InvalidToken when the client, or the certificate that binds it, is no longer in force.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _CLIENT,
            {
                "practice": claims.practice_id,
                "client": claims.client_id,
                "thumbprint": claims.thumbprint or "",
                "now": now,
            },
        )
        row = cursor.fetchone()
    if row is None or claims.client_id is None:
        raise InvalidToken
    scopes, plan, entitled_until, time_zone, of_client, of_practice, ends_at = row
    principal = Principal(
        kind="client",
        id=claims.client_id,
        practice_id=claims.practice_id,
        role=None,
        scopes=frozenset(scope for scope in CLIENT_SCOPES if scope in claims.scopes and scope in scopes),
        plan=plan,
        entitled_until=entitled_until,
        time_zone=time_zone,
        session_id=None,
    )
    return Known(principal, (of_client, of_practice), ends_at)
