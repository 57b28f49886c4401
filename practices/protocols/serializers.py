"""What goes in and out of protocols' routes."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from mybcat.gateway.inputs import IdField, Input, InstantField
from mybcat.ids import public_id
from practices.protocols.definition import Question, Urgency
from practices.protocols.evaluation import Asking, Decided
from practices.protocols.models import ProtocolVersion
from practices.protocols.services import Checked, InForce, Resolved, resolved


class AnswersField(serializers.DictField):
    """By question; what an answer may be, the protocol says."""

    child = serializers.JSONField()


class EvaluationInput(Input):
    answers = AnswersField(help_text="by question: an option, options, true or false, or a whole number")
    protocolId = IdField(
        "prot", source="version_id", required=False, help_text="a version, such as a draft; default: the one in force"
    )


class ExampleInput(Input):
    name = serializers.CharField(max_length=120)
    answers = AnswersField()
    expects = serializers.DictField(help_text="any of appointmentType, urgency, rule; or asks")

    def validate_expects(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        if not value or set(value) - {"appointmentType", "urgency", "rule", "asks"}:
            raise serializers.ValidationError("Name appointmentType, urgency or rule; or asks")
        return value


class DraftStartInput(Input):
    origin = serializers.ChoiceField(
        choices=["in_force", "platform"],
        required=False,
        help_text="what it begins as; default: what is in force, which is the platform's until the practice publishes",
        error_messages={"invalid_choice": "in_force or platform"},
    )


class DraftInput(Input):
    definition = serializers.DictField()
    examples = ExampleInput(many=True)

    def validate_examples(self, value: list[Any]) -> list[Any]:
        if len(value) > 200:
            raise serializers.ValidationError("At most 200 examples")
        return value


class PublicationInput(Input):
    effectiveFrom = InstantField(source="effective_from", required=False, help_text="default: at once")


class TextOutput(serializers.Serializer[Any]):
    en = serializers.CharField()
    es = serializers.CharField(allow_null=True)


class OptionOutput(serializers.Serializer[Any]):
    value = serializers.CharField()
    text = TextOutput()


class QuestionOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    text = TextOutput()
    kind = serializers.ChoiceField(choices=["choice", "choices", "yes_no", "number"])
    options = OptionOutput(many=True)
    fact = serializers.ChoiceField(
        choices=["age", "new_patient"], allow_null=True, help_text="what the patient's record may already answer"
    )


class ProtocolOutput(serializers.Serializer[Any]):
    protocolId = serializers.CharField(allow_null=True, help_text="null: the platform's")
    origin = serializers.ChoiceField(choices=["practice", "platform"])
    effectiveFrom = serializers.DateTimeField(allow_null=True)
    questions = QuestionOutput(many=True)


class OutcomeOutput(serializers.Serializer[Any]):
    rule = serializers.CharField(allow_null=True)
    appointmentType = serializers.CharField(allow_null=True, help_text="null: the practice offers none that fits")
    durationMinutes = serializers.IntegerField(allow_null=True)
    urgency = serializers.ChoiceField(choices=[urgency.value for urgency in Urgency])
    practitionerIds = serializers.ListField(child=serializers.CharField(), help_text="empty: whoever is free")
    tellPatient = TextOutput(allow_null=True)


class EvaluationOutput(serializers.Serializer[Any]):
    protocolId = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(choices=["asking", "decided"])
    question = QuestionOutput(allow_null=True)
    outcome = OutcomeOutput(allow_null=True)


class ProtocolVersionOutput(serializers.Serializer[Any]):
    protocolId = serializers.CharField()
    number = serializers.IntegerField()
    status = serializers.ChoiceField(choices=ProtocolVersion.Status.choices)
    effectiveFrom = serializers.DateTimeField(allow_null=True)
    publishedAt = serializers.DateTimeField(allow_null=True)
    createdAt = serializers.DateTimeField()


class WholeProtocolVersionOutput(ProtocolVersionOutput):
    definition = serializers.DictField()
    examples = serializers.ListField(child=serializers.DictField())


class CheckedExampleOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    passed = serializers.BooleanField()
    expected = serializers.DictField()
    actual = serializers.DictField()


class CheckOutput(serializers.Serializer[Any]):
    passed = serializers.BooleanField()
    results = CheckedExampleOutput(many=True)


def show_protocol(protocol: InForce) -> dict[str, Any]:
    version = protocol.version
    return {
        "protocolId": public_id("prot", version.id) if version else None,
        "origin": "practice" if version else "platform",
        "effectiveFrom": version.effective_from if version else None,
        "questions": [_question(question) for question in protocol.definition.questions],
    }


def show_evaluation(protocol: InForce, found: Decided | Asking) -> dict[str, Any]:
    asking = isinstance(found, Asking)
    return {
        "protocolId": public_id("prot", protocol.version.id) if protocol.version else None,
        "status": "asking" if asking else "decided",
        "question": _question(found.question) if isinstance(found, Asking) else None,
        "outcome": _outcome(resolved(found.outcome), found.rule) if isinstance(found, Decided) else None,
    }


def show_version(version: ProtocolVersion) -> dict[str, Any]:
    return {
        "protocolId": public_id("prot", version.id),
        "number": version.number,
        "status": version.status,
        "effectiveFrom": version.effective_from,
        "publishedAt": version.published_at,
        "createdAt": version.created_at,
    }


def show_whole_version(version: ProtocolVersion) -> dict[str, Any]:
    return {**show_version(version), "definition": version.definition, "examples": version.examples}


def show_check(results: list[Checked]) -> dict[str, Any]:
    """Nothing to show is not a pass: it could not be published."""
    return {
        "passed": bool(results) and all(result.passed for result in results),
        "results": [
            {
                "name": result.name,
                "passed": result.passed,
                "expected": dict(result.expected),
                "actual": dict(result.actual),
            }
            for result in results
        ],
    }


def _question(question: Question) -> dict[str, Any]:
    return question.model_dump(mode="json", by_alias=True)


def _outcome(found: Resolved, rule: str | None) -> dict[str, Any]:
    offered, said = found.appointment_type, found.outcome.tell_patient
    return {
        "rule": rule,
        "appointmentType": offered.code if offered else None,
        "durationMinutes": offered.duration_minutes if offered else None,
        "urgency": found.outcome.urgency.value,
        "practitionerIds": [public_id("pract", each) for each in found.practitioners],
        "tellPatient": said.model_dump() if said else None,
    }
