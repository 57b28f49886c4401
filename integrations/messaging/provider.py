"""What a company that sends texts must be able to do for us."""

from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string


class MessageProvider(Protocol):
    """Sends one text to one number.

    Promises to send once for each `reference`: asked again with the same one, it answers as at first
    and sends nothing. A provider that cannot promise that is to be asked what it knows before it is
    asked to send.
    """

    name: str

    def send(self, *, to: str, body: str, reference: str) -> str:
        """The provider's own reference.

        Raises DeliveryFailed where a later attempt may succeed, DeliveryRefused where none can.
        Called outside any transaction; answers or gives up within 15 s.
        """
        ...


def message_provider() -> MessageProvider:
    """The provider that `settings.MESSAGE_PROVIDER` names."""
    provider: MessageProvider = import_string(settings.MESSAGE_PROVIDER)()
    return provider
