"""What a practice says to its patients: its own wording where it has written some, else the platform's.

The variables below are all that a message can hold of an appointment: nothing about the person, the kind of
visit or its reason. A patient is written to in their language; a practice that has written nothing in it lets
the platform speak, since a message that is understood says more than one that is worded well.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import QuerySet

from integrations.messaging.answers import dialled, number_to_call
from integrations.messaging.defaults import Channel, Kind, default_of
from integrations.messaging.models import MessageTemplate
from integrations.messaging.wording import day_in_words, time_in_words
from mybcat import audit
from mybcat.errors import DomainError, InvalidInput
from mybcat.principal import Principal
from mybcat.tenancy import current_scope
from patients.models import Language
from practices.models import Location, Practice, Practitioner

VARIABLES = ("practice", "phone", "date", "time", "practitioner", "location", "location_phone", "link")
# Others read subjects over the patient's shoulder.
IN_SUBJECTS = ("practice",)
# By a statement of our own, as each text asks.
_OWN = """
    SELECT subject, body FROM integrations_messagetemplate
    WHERE practice_id = %s AND kind = %s AND channel = %s AND language = %s
"""
_BRACES = re.compile(r"\{[^{}]*\}|[{}]")


class UnknownTemplate(DomainError):
    code = "unknown_template"
    status = 404
    sentence = "There is no such template: give kind.channel.language, such as booked.sms.en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """Which message, over which channel, in which language."""

    kind: Kind
    channel: Channel
    language: Language

    def __str__(self) -> str:
        return f"{self.kind}.{self.channel}.{self.language}"

    @classmethod
    def read(cls, text: str) -> "Name":
        """Raises UnknownTemplate."""
        try:
            kind, channel, language = text.split(".")
            return cls(kind=Kind(kind), channel=Channel(channel), language=Language(language))
        except ValueError:
            raise UnknownTemplate from None


NAMES = [
    Name(kind=kind, channel=channel, language=language) for kind in Kind for channel in Channel for language in Language
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A template, or what became of it."""

    subject: str
    body: str


def wording_of(name: Name) -> Wording:
    """What the practice in scope says."""
    which = [current_scope().practice_id, name.kind.value, name.channel.value, name.language.value]
    with connection.cursor() as cursor:
        cursor.execute(_OWN, which)
        own = cursor.fetchone()
    return default_wording(name) if own is None else Wording(subject=own[0], body=own[1])


def default_wording(name: Name) -> Wording:
    """What the platform says."""
    subject, body = default_of(kind=name.kind, channel=name.channel, language=name.language)
    return Wording(subject=subject, body=body)


def compose(name: Name, values: Mapping[str, str]) -> Wording:
    """The message as the patient gets it; `values` as `values_of()` has them."""
    return fill(wording_of(name), values)


def fill(wording: Wording, values: Mapping[str, str]) -> Wording:
    """Only what is an allowed variable is filled, and what is filled in is not looked at again."""
    return Wording(subject=_filled(wording.subject, values), body=_filled(wording.body, values))


def values_of(
    *,
    practice: Practice,
    location: Location,
    practitioner: Practitioner,
    starts_at: datetime,
    language: str,
    link: str,
) -> dict[str, str]:
    """What the variables stand for, with day and time as the clock on the location's wall shows them."""
    local = starts_at.astimezone(ZoneInfo(location.time_zone))
    return {
        "practice": practice.name,
        "phone": dialled(practice.phone) if practice.phone else "",
        "date": day_in_words(local, language=language),
        "time": time_in_words(local),
        "practitioner": practitioner.name,
        "location": location.name,
        "location_phone": number_to_call(location, practice),
        "link": link,
    }


def put(*, name: Name, wording: Wording, by: Principal, now: datetime) -> MessageTemplate:
    """From now on the practice says this. Raises InvalidInput naming what is wrong and where."""
    check(name, wording)
    template: MessageTemplate
    template, _ = MessageTemplate.objects.update_or_create(
        practice_id=by.practice_id, kind=name.kind, channel=name.channel, language=name.language,
        defaults={"subject": wording.subject, "body": wording.body, "changed_at": now, "changed_by": by.id},
    )  # fmt: skip
    _record("message_template.changed", template, by=by, now=now)
    return template


def remove(*, name: Name, by: Principal, now: datetime) -> None:
    """From now on the platform speaks again."""
    template: MessageTemplate | None = _own(name).select_for_update().first()
    if template is not None:
        _record("message_template.removed", template, by=by, now=now)
        template.delete()


def check(name: Name, wording: Wording) -> None:
    """Raises InvalidInput: for an unknown variable or a loose brace with its place, or where nobody says who writes."""
    faults = {}
    if found := _faults(wording.body, VARIABLES):
        faults["body"] = found
    elif name.channel == Channel.SMS and "{practice}" not in wording.body:
        # The number is many practices'.
        faults["body"] = ["Say who writes: {practice}"]
    if name.channel == Channel.SMS and wording.subject:
        faults["subject"] = ["A text has no subject"]
    elif name.channel == Channel.EMAIL and not wording.subject:
        faults["subject"] = ["An e-mail needs a subject"]
    elif found := _faults(wording.subject, IN_SUBJECTS):
        faults["subject"] = found
    if faults:
        raise InvalidInput(fields=faults)


def _faults(text: str, allowed: tuple[str, ...]) -> list[str]:
    known = ", ".join(f"{{{name}}}" for name in allowed)
    return [
        f"{found[0][:40]} at character {found.start() + 1} is none of {known}"
        for found in _BRACES.finditer(text)
        if found[0][1:-1] not in allowed
    ][:10]


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _BRACES.sub(lambda found: values.get(found[0][1:-1], found[0]), text)


def _own(name: Name) -> QuerySet[MessageTemplate]:
    return MessageTemplate.objects.filter(kind=name.kind, channel=name.channel, language=name.language)


def _record(action: str, template: MessageTemplate, *, by: Principal, now: datetime) -> None:
    audit.record(principal=by, action=action, object_kind="messagetemplate", object_ids=[template.id], now=now)
