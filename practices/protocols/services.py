"""Drafting, checking and publishing a protocol; asking the one in force."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction

from mybcat import audit
from mybcat.errors import DomainError, UnknownId
from mybcat.ids import internal_id
from mybcat.principal import Principal
from practices.models import AppointmentType, Practitioner
from practices.protocols.definition import Definition, Outcome, parse
from practices.protocols.evaluation import Answers, Asking, evaluate
from practices.protocols.models import ProtocolVersion

_OPTOMETRY = Path(__file__).parent / "optometry.json"


class DraftExists(DomainError):
    code = "draft_exists"
    status = 409
    sentence = "There is a draft already: publish or discard it first"


class NotADraft(DomainError):
    code = "not_a_draft"
    status = 409
    sentence = "A published protocol never changes: start a draft from it"


class ExamplesFail(DomainError):
    code = "examples_fail"
    status = 409
    sentence = "The saved examples must all pass before the protocol is published"


class EffectiveInPast(DomainError):
    code = "effective_in_past"
    status = 409
    sentence = "A protocol cannot take effect in the past"


@dataclass(frozen=True, slots=True)
class InForce:
    """What agents ask by: a practice's own version, or (None) the platform's."""

    version: ProtocolVersion | None
    definition: Definition


@dataclass(frozen=True, slots=True)
class Resolved:
    """An outcome in this practice: the type that it offers for it, and its practitioners."""

    appointment_type: AppointmentType | None
    practitioners: list[UUID]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Checked:
    """How one saved example came out."""

    name: str
    expected: Mapping[str, Any]
    actual: Mapping[str, Any]

    @property
    def passed(self) -> bool:
        return self.expected == self.actual


@cache
def platform_default() -> tuple[Definition, list[dict[str, Any]]]:
    """Optometry's protocol, for practices that have published none, and its examples."""
    stored = orjson.loads(_OPTOMETRY.read_bytes())
    return parse(stored["definition"]), stored["examples"]


def in_force(*, now: datetime) -> InForce:
    """The protocol by which the practice in scope is asked now."""
    version = version_in_force(now=now)
    return InForce(version, parse(version.definition) if version else platform_default()[0])


def version_in_force(*, now: datetime) -> ProtocolVersion | None:
    """The practice's own version of now; None: it is asked by the platform's."""
    published = ProtocolVersion.objects.filter(status="published", effective_from__lte=now)
    version: ProtocolVersion | None = published.order_by("-effective_from", "-number").first()
    return version


def get_version(version_id: UUID) -> ProtocolVersion:
    """The version of the practice in scope. Raises UnknownId."""
    version = ProtocolVersion.objects.filter(id=version_id).first()
    if version is None:
        raise UnknownId(prefix="prot", value=version_id)
    return version


def resolved(outcome: Outcome) -> Resolved:
    """The first of the outcome's types that the practice offers, None where it offers none of them."""
    offered = {row.code: row for row in AppointmentType.objects.active().filter(code__in=outcome.appointment_types)}
    found = next((offered[code] for code in outcome.appointment_types if code in offered), None)
    return Resolved(found, [internal_id("pract", each) for each in outcome.practitioners], outcome)


@transaction.atomic
def start_draft(*, by: Principal, now: datetime, platform: bool = False) -> ProtocolVersion:
    """A draft that begins as what is in force, or as the platform's, with its examples. Raises DraftExists."""
    if ProtocolVersion.objects.filter(status="draft").exists():
        raise DraftExists
    current = None if platform else in_force(now=now).version
    stored = orjson.loads(_OPTOMETRY.read_bytes())
    last = ProtocolVersion.objects.order_by("-number").values_list("number", flat=True).first() or 0
    draft = ProtocolVersion(
        number=last + 1,
        definition=current.definition if current else stored["definition"],
        examples=current.examples if current else stored["examples"],
        created_at=now,
        created_by=by.id,
    )
    # Two managers at once: the unique index lets one in, the other one's row is not written.
    ProtocolVersion.objects.bulk_create([draft], ignore_conflicts=True)
    if not ProtocolVersion.objects.filter(id=draft.id).exists():
        raise DraftExists
    _tell("protocol.drafted", draft, by=by, now=now)
    return draft


@transaction.atomic
def save_draft(
    *, version_id: UUID, definition: Any, examples: list[dict[str, Any]], by: Principal, now: datetime
) -> ProtocolVersion:
    """Replace a draft's definition and examples, failing examples included. Raises InvalidProtocol, NotADraft."""
    parsed = parse(definition)
    _refuse_unknown(parsed)
    draft = locked_draft(version_id)
    draft.definition, draft.examples = parsed.model_dump(mode="json", by_alias=True, exclude_none=True), examples
    draft.save(update_fields=("definition", "examples"))
    _tell("protocol.saved", draft, by=by, now=now)
    return draft


@transaction.atomic
def discard_draft(*, version_id: UUID, by: Principal, now: datetime) -> None:
    """Raises UnknownId, NotADraft."""
    draft = locked_draft(version_id)
    _tell("protocol.discarded", draft, by=by, now=now)
    draft.delete()


def check(*, version: ProtocolVersion) -> list[Checked]:
    """Every saved example, evaluated as a call would be. A draft without examples has nothing to show: no results."""
    definition = parse(version.definition)
    return [
        Checked(example["name"], example["expects"], _comes_of(definition, example["answers"], example["expects"]))
        for example in version.examples
    ]


@transaction.atomic
def publish(*, version_id: UUID, effective_from: datetime | None, by: Principal, now: datetime) -> ProtocolVersion:
    """Put a draft in force from `effective_from` (default: now) on, for ever unchanged.

    Raises UnknownId, NotADraft, EffectiveInPast, ExamplesFail (no examples, or some that fail, named).
    """
    draft = locked_draft(version_id)
    if effective_from is not None and effective_from < now:
        raise EffectiveInPast
    _refuse_unknown(parse(draft.definition))
    results = check(version=draft)
    failing = [result.name for result in results if not result.passed]
    if failing or not results:
        raise ExamplesFail(fields={"examples": failing or ["There is no example yet"]})
    draft.status, draft.effective_from = ProtocolVersion.Status.PUBLISHED, effective_from or now
    draft.published_at, draft.published_by = now, by.id
    draft.save(update_fields=("status", "effective_from", "published_at", "published_by"))
    _tell("protocol.published", draft, by=by, now=now)
    return draft


def _comes_of(definition: Definition, answers: Answers, expects: Iterable[str]) -> dict[str, Any]:
    """What the answers lead to, as far as the example speaks of it."""
    try:
        found = evaluate(definition=definition, answers=answers)
    except DomainError as refusal:
        # The questions changed under the example: it fails, and says at which answer.
        return {"invalid": sorted(refusal.fields)}
    if isinstance(found, Asking):
        actual: dict[str, Any] = {"asks": found.question.id}
    else:
        actual = {
            "appointmentType": found.outcome.appointment_types[0],
            "urgency": found.outcome.urgency.value,
            "rule": found.rule,
        }
    wanted = set(expects)
    return {name: value for name, value in actual.items() if name in wanted} or actual


def _refuse_unknown(definition: Definition) -> None:
    """Practitioners must be the practice's. Raises UnknownId for the first that is not."""
    named = {internal_id("pract", each) for outcome in definition.outcomes() for each in outcome.practitioners}
    known = set(Practitioner.objects.filter(id__in=named).values_list("id", flat=True))
    for value in sorted(named - known):
        raise UnknownId(prefix="pract", value=value)


def locked_draft(version_id: UUID) -> ProtocolVersion:
    """Nobody changes it before we have. Raises UnknownId, NotADraft."""
    version = ProtocolVersion.objects.select_for_update(no_key=True).filter(id=version_id).first()
    if version is None:
        raise UnknownId(prefix="prot", value=version_id)
    if version.status != ProtocolVersion.Status.DRAFT:
        raise NotADraft
    found: ProtocolVersion = version
    return found


def _tell(action: str, version: ProtocolVersion, *, by: Principal, now: datetime) -> None:
    audit.record(principal=by, action=action, object_kind="prot", object_ids=[version.id], now=now)
