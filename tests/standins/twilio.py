"""Twilio's Messages API and its webhooks' signature, in its own wire format.

Checked against the vendor's SDK (`twilio`, tests/integrations/test_twilio.py): it sends the same form to the
same path with the same credentials, reads our answers into its own MessageInstance and our refusals into
its TwilioRestException, lists what was sent, and accepts our signatures by its RequestValidator.
From the documentation (twilio.com/docs/messaging/api/message-resource, /docs/api/errors): the members of a
message, dates as RFC 2822 in GMT, newest first; 201, 400 with code, message, more_info, status; 401 with 20003;
429 with 20429. Not imitated: carriers, prices, media.
"""

import base64
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from integrations.http import vendor_client
from integrations.messaging import twilio as adapter
from tests.standins.server import Answer, Asked, Standin

ACCOUNT, TOKEN, SENDER = "AC" + "0" * 32, "a-token-of-twilio", "+15005550006"
_ROOT = "/2010-04-01/Accounts/"
_SENTENCES = {
    20003: (401, "Authenticate"),
    20429: (429, "Too Many Requests"),
    21211: (400, "Invalid 'To' Phone Number"),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21614: (400, "'To' number is not a valid mobile number"),
}


def refusal(code: int) -> Answer:
    """An error as Twilio words it."""
    status, sentence = _SENTENCES[code]
    more = f"https://www.twilio.com/docs/errors/{code}"
    return Answer(status, {"code": code, "message": sentence, "more_info": more, "status": status})


class Twilio(Standin):
    """Keeps what it takes; refuses the numbers in `refused` with their code. `accounts`: their tokens and numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[dict[str, object]] = []
        self.refused: dict[str, int] = {}
        self.accounts = {ACCOUNT: (TOKEN, SENDER)}
        self._numbers = itertools.count(1)

    @contextmanager
    def running(self) -> Iterator[None]:
        """And closes what was connected to it: whoever let go of it later would be told of open sockets."""
        made: list[httpx.Client] = []

        def recorded(**how: Any) -> httpx.Client:
            made.append(vendor_client(**how))
            return made[-1]

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(adapter, "vendor_client", recorded)
            try:
                with super().running():
                    yield
            finally:
                for client in made:
                    client.close()
                adapter._client_of.cache_clear()

    def respond(self, asked: Asked) -> Answer:
        account = asked.path.split("/")[3] if asked.path.startswith(_ROOT) else ""
        token, number = self.accounts.get(account, ("", ""))
        credentials = base64.b64encode(f"{account}:{token}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {credentials}":
            return refusal(20003)
        if asked.path == f"{_ROOT}{account}/IncomingPhoneNumbers.json":
            return _numbers(asked, account, number)
        if asked.path != f"{_ROOT}{account}/Messages.json":
            return Answer(404, {"code": 20404, "message": "Not found", "more_info": "", "status": 404})
        if asked.method == "GET":
            return self._list(asked)
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        if form["To"] in self.refused:
            return refusal(self.refused[form["To"]])
        self.messages.insert(0, self._taken(form, account))
        return Answer(201, self.messages[0])

    def _list(self, asked: Asked) -> Answer:
        found = [
            message
            for message in self.messages
            if asked.query.get("To") in (None, message["to"]) and asked.query.get("From") in (None, message["from"])
        ]
        size = int(asked.query.get("PageSize", "50"))
        page = {"messages": found[:size], "next_page_uri": None, "page": 0, "page_size": size, "uri": asked.path}
        return Answer(200, page)

    def _taken(self, form: dict[str, str], account: str) -> dict[str, object]:
        sid = f"SM{next(self._numbers):032x}"
        now = format_datetime(datetime.now(UTC).replace(microsecond=0))
        return {
            "sid": sid, "account_sid": account, "to": form["To"], "from": form["From"], "body": form["Body"],
            "status": "queued", "direction": "outbound-api", "num_segments": "1", "num_media": "0",
            "date_created": now, "date_updated": now, "date_sent": None, "price": None, "price_unit": "USD",
            "error_code": None, "error_message": None, "messaging_service_sid": None, "api_version": "2010-04-01",
            "uri": f"{_ROOT}{account}/Messages/{sid}.json", "subresource_uris": {},
        }  # fmt: skip


def _numbers(asked: Asked, account: str, number: str) -> Answer:
    """The account's numbers; as much of each as tells that it is there."""
    found = [
        {"sid": "PN" + "0" * 32, "account_sid": account, "phone_number": number, "friendly_name": number,
         "date_created": None, "date_updated": None, "capabilities": {}}
    ] if asked.query.get("PhoneNumber") in (None, number) else []  # fmt: skip
    page = {"incoming_phone_numbers": found, "next_page_uri": None, "page": 0, "page_size": 50, "uri": asked.path}
    return Answer(200, page)
