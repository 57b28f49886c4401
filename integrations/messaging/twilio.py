"""Twilio's Messages API, as much of it as sending a text and asking after one needs.

Twilio knows no idempotency keys for messages. What may have been taken is found again among the
newest texts to the number, by sender, words and time.
"""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from uuid import UUID

import httpx
from django.conf import settings

from integrations.http import vendor_client
from integrations.messaging.connections import Account, account_of
from integrations.messaging.provider import AccountRefused, NumberOptedOut, SendUnclear
from mybcat.listeners import DeliveryFailed, DeliveryRefused

# https://www.twilio.com/docs/api/errors
OPTED_OUT = 21610
OF_THE_ACCOUNT = {20003, 20005, 20008, 21606, 21659}
# More texts to one number in the minutes between sending and asking are not ours.
NEWEST = 50
# Between Twilio's clock and PostgreSQL's; Twilio's is cut to seconds.
SKEW = timedelta(seconds=60)


class TwilioProvider:
    """Sends from the practice's own number where it has one, else from the platform's."""

    name = "twilio"
    repeatable = False
    concurrency = 16

    def __init__(self, *, practice_id: UUID) -> None:
        self._account = account_of(practice_id)
        self._path = f"/2010-04-01/Accounts/{self._account.sid}/Messages.json"

    def send(self, *, to: str, body: str, reference: str) -> str:
        """The message's SID."""
        form = {"To": to, "From": self._account.number, "Body": body, **_receipts(reference)}
        try:
            response = _client(self._account).post(self._path, data=form)
        except httpx.ConnectError as error:
            # Nothing of the request has left.
            raise DeliveryFailed(type(error).__name__) from error
        except httpx.HTTPError as error:
            raise SendUnclear(type(error).__name__) from error
        if response.status_code == httpx.codes.CREATED:
            return _sid(response)
        raise _refusal(response)

    def find(self, *, to: str, body: str, reference: str, since: datetime) -> str | None:
        """The SID of such a text, taken after `since`."""
        query = {"To": to, "From": self._account.number, "PageSize": str(NEWEST)}
        try:
            response = _client(self._account).get(self._path, params=query)
        except httpx.HTTPError as error:
            raise DeliveryFailed(type(error).__name__) from error
        if response.status_code != httpx.codes.OK:
            raise DeliveryFailed(f"http_{response.status_code}", answered=not response.is_server_error)
        for message in _members(response).get("messages", ()):
            created = parsedate_to_datetime(message["date_created"]).astimezone(UTC)
            if message["body"] == body and created >= since - SKEW:
                return str(message["sid"])
        return None


def _receipts(reference: str) -> dict[str, str]:
    """Where Twilio tells what becomes of the text; it takes no address that it cannot reach."""
    if not (reference.startswith("msg_") and settings.PUBLIC_URL.startswith("https://")):
        return {}
    return {"StatusCallback": f"{settings.PUBLIC_URL}/webhooks/twilio/status?message={reference}"}


@cache
def _client_of(url: str, account: str, token: str) -> httpx.Client:
    return vendor_client(base_url=url, auth=(account, token))


def _client(account: Account) -> httpx.Client:
    return _client_of(settings.TWILIO_API_URL, account.sid, account.token)


def check_account(account: Account) -> str:
    """Whether the token is good and the number is the account's: a code, empty if all is well. Sends nothing."""
    path = f"/2010-04-01/Accounts/{account.sid}/IncomingPhoneNumbers.json"
    try:
        response = _client(account).get(path, params={"PhoneNumber": account.number})
    except httpx.HTTPError as error:
        return type(error).__name__
    if response.status_code != httpx.codes.OK:
        code = _members(response).get("code")
        return str(code) if isinstance(code, int) else f"http_{response.status_code}"
    return "" if _members(response).get("incoming_phone_numbers") else "number_not_in_account"


def _sid(response: httpx.Response) -> str:
    sid = _members(response).get("sid")
    if not isinstance(sid, str) or not sid.startswith(("SM", "MM")):
        # Taken, by its status; which one it is can be asked.
        raise SendUnclear("no_sid")
    return sid


def _refusal(response: httpx.Response) -> Exception:
    """What Twilio's error means for the text."""
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        # The limit of this account: the platform's, or one practice's own.
        return DeliveryFailed("http_429", answered=True)
    if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        return DeliveryFailed("http_503")
    if response.is_server_error:
        # A gateway that gave up waiting says nothing about the text behind it.
        return SendUnclear(f"http_{response.status_code}")
    code = _members(response).get("code")
    shown = str(code) if isinstance(code, int) else f"http_{response.status_code}"
    if code == OPTED_OUT:
        return NumberOptedOut(shown)
    if code in OF_THE_ACCOUNT or response.status_code == httpx.codes.UNAUTHORIZED:
        return AccountRefused(shown)
    return DeliveryRefused(shown)


def _members(response: httpx.Response) -> dict[str, Any]:
    try:
        value = response.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
