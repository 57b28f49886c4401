"""What patients may answer to our texts, and who acts on it: one table of words."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from integrations.messaging.models import InboundMessage
from integrations.messaging.words import ALWAYS_OURS, word_of

# (practice_id, patient_ids, message, now) -> what the patient is told, or None where there is nothing to act on.
Handler = Callable[[UUID, Sequence[UUID], InboundMessage, datetime], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Words that mean one thing, and its handler.

    The handler is called inside the practice's scope, in the transaction that keeps the text, with the patients
    who have the number (none, one, or a family) and the text itself. It answers what the patient is told. None:
    nothing that the patient could have meant is there, and people will read the text. Where it raises, what it
    wrote is undone and people will read the text likewise: a text is never lost to a handler.
    It writes rows and events and calls no vendor: the answer goes back in what Twilio is answered.
    """

    # Stable: rows hold it.
    code: str
    words: Collection[str]
    handler: Handler


_replies: dict[str, Reply] = {}


def register(reply: Reply) -> None:
    """From now on its words are heeded, in any case, with or without accents, spaces and punctuation.

    Raises ValueError for a word that decides about consent, asks for help, or is another reply's.
    """
    words = {word_of(word) for word in reply.words}
    for word in sorted(words):
        if not word or word in ALWAYS_OURS or word in _replies:
            raise ValueError(f"{word!r} has a meaning already, or is none")
    _replies.update(dict.fromkeys(words, reply))


def reply_of(word: str) -> Reply | None:
    """The reply that `word`, as `word_of()` has it, is one of; None for any other word."""
    return _replies.get(word)


def forget(reply: Reply) -> None:
    """The opposite of register()."""
    for word in [word for word, known in _replies.items() if known is reply]:
        del _replies[word]
