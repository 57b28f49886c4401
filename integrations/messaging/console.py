"""A provider for development: the row of the message is the patient's inbox, to be read in the admin."""

from datetime import datetime
from uuid import UUID

import structlog

logger = structlog.get_logger(__name__)


class ConsoleProvider:
    """Sends nothing, so asking twice cannot send twice."""

    name = "console"
    repeatable = True
    concurrency = 1

    def __init__(self, *, practice_id: UUID) -> None:
        self._practice_id = practice_id

    def send(self, *, to: str, body: str, reference: str) -> str:
        """`reference` itself. The log names it, never the number or the text."""
        logger.info("Message taken by the console", messageId=reference, practiceId=str(self._practice_id))
        return reference

    def find(self, *, to: str, body: str, reference: str, since: datetime) -> str | None:
        """Nothing is kept."""
        return None
