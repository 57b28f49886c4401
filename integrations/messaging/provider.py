"""What a company that sends texts must be able to do for us."""

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from mybcat.listeners import DeliveryFailed, DeliveryRefused

# How long a provider may take to list what it has taken: before, that it knows nothing means nothing.
SETTLING = timedelta(minutes=2)


class SendUnclear(DeliveryFailed):
    """The text may have been taken: the provider is to be asked before it is sent again."""


class AccountRefused(DeliveryRefused):
    """The provider takes nothing from this account, whatever the number."""


class NumberOptedOut(DeliveryRefused):
    """Whoever holds the number told the provider STOP."""


class MessageProvider(Protocol):
    """Sends one text to one number. Called outside any transaction, by several threads at once."""

    name: str
    # Asked again with the same reference, it answers as at first and sends nothing.
    repeatable: bool
    # How many texts it takes side by side; 1 where sending waits for nothing.
    concurrency: int

    def __init__(self, *, practice_id: UUID) -> None: ...

    def send(self, *, to: str, body: str, reference: str) -> str:
        """The provider's own reference. Answers or gives up within 15 s.

        Raises SendUnclear where the text may have been taken, any other DeliveryFailed where it was not
        and a later attempt may succeed, AccountRefused or another DeliveryRefused where none can.
        """
        ...

    def find(self, *, to: str, body: str, reference: str, since: datetime) -> str | None:
        """The provider's reference of a text that it took after `since`; None where it knows of none.

        Asked of providers that are not repeatable alone. Raises DeliveryFailed.
        """
        ...


def message_provider(*, practice_id: UUID) -> MessageProvider:
    """The provider that `settings.MESSAGE_PROVIDER` names, as this practice uses it."""
    provider: MessageProvider = import_string(settings.MESSAGE_PROVIDER)(practice_id=practice_id)
    return provider
