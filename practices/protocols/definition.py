"""What a protocol holds: questions, rules in the order in which they are judged, and texts in two languages.

The wire's names are camelCase. A definition that parses is whole: every rule names questions and
options that exist, so evaluating it cannot fail.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from mybcat.errors import InvalidInput
from mybcat.ids import internal_id

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Sentence = Annotated[str, StringConstraints(min_length=1, max_length=1000, strip_whitespace=True)]


class Urgency(StrEnum):
    """How soon the patient must be seen, whatever the calendar says."""

    EMERGENCY = "emergency"  # the same day
    URGENT = "urgent"  # today, or the next time there is
    ROUTINE = "routine"


class InvalidProtocol(InvalidInput):
    code = "invalid_protocol"
    sentence = "This protocol cannot be"


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, alias_generator=to_camel, populate_by_name=True)


class Text(Part):
    """English always; Spanish where the practice has it."""

    en: Sentence
    es: Sentence | None = None


class Option(Part):
    value: Code
    text: Text


class Question(Part):
    """`fact`: what the patient's record may already answer."""

    id: Code
    text: Text
    kind: Literal["choice", "choices", "yes_no", "number"]
    options: Annotated[list[Option], Field(max_length=30)] = Field(default_factory=list)
    fact: Literal["age", "new_patient"] | None = None

    @property
    def values(self) -> frozenset[str]:
        """What may be chosen."""
        return frozenset(option.value for option in self.options)


class Chosen(Part):
    """One of these options is the answer, or among the answers."""

    question: Code
    any_of: Annotated[list[Code], Field(min_length=1, max_length=30)]


class Said(Part):
    """The answer was yes, or no."""

    question: Code
    is_: bool = Field(alias="is")


class Within(Part):
    """`[at_least, below)`; either end may be open."""

    question: Code
    at_least: int | None = None
    below: int | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.at_least is None and self.below is None:
            raise ValueError("give atLeast or below")
        return self


class All(Part):
    all: Annotated[list["Condition"], Field(min_length=1, max_length=20)]


class Some(Part):
    any: Annotated[list["Condition"], Field(min_length=1, max_length=20)]


class Not(Part):
    not_: "Condition" = Field(alias="not")


Leaf = Chosen | Said | Within
Condition = Leaf | All | Some | Not


class Outcome(Part):
    """`appointment_types`: codes, the first that the practice offers is meant. `practitioners`: ids, none means all."""

    appointment_types: Annotated[list[Code], Field(min_length=1, max_length=10)]
    urgency: Urgency = Field(strict=False)
    practitioners: Annotated[list[str], Field(max_length=50)] = Field(default_factory=list)
    tell_patient: Text | None = None


class Rule(Part):
    id: Code
    when: Condition
    outcome: Outcome


class Definition(Part):
    """The first rule that holds decides; `otherwise` where none does."""

    questions: Annotated[list[Question], Field(min_length=1, max_length=40)]
    rules: Annotated[list[Rule], Field(max_length=100)]
    otherwise: Outcome

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for problem in _problems(self):
            raise ValueError(problem)
        return self

    def question(self, name: str) -> Question | None:
        """The question called so."""
        return next((question for question in self.questions if question.id == name), None)

    def outcomes(self) -> Iterator[Outcome]:
        """All that may come of it."""
        yield from (rule.outcome for rule in self.rules)
        yield self.otherwise


# Deeper trees are written by programs, not by clinicians; Python's stack is not theirs to fill.
MAX_DEPTH = 12


def parse(data: Any) -> Definition:
    """The definition in `data` (JSON). Raises InvalidProtocol, which names each member that is wrong."""
    try:
        return Definition.model_validate(data)
    except ValidationError as error:
        fields: dict[str, list[str]] = {}
        for each in error.errors(include_url=False, include_context=False, include_input=False):
            path = ".".join(str(part) for part in ("definition", *each["loc"]))
            fields.setdefault(path[:200], []).append(each["msg"].removeprefix("Value error, ")[:200])
        raise InvalidProtocol(fields=dict(list(fields.items())[:20])) from error


def leaves(condition: Condition) -> Iterator[Leaf]:
    """The questions that a condition asks about, in the order in which they stand."""
    if isinstance(condition, All):
        parts: list[Condition] = condition.all
    elif isinstance(condition, Some):
        parts = condition.any
    elif isinstance(condition, Not):
        parts = [condition.not_]
    else:
        yield condition
        return
    for part in parts:
        yield from leaves(part)


def _problems(definition: Definition) -> Iterator[str]:
    yield from _repeated("question", [question.id for question in definition.questions])
    yield from _repeated("rule", [rule.id for rule in definition.rules])
    for question in definition.questions:
        if bool(question.options) != question.kind.startswith("choice"):
            yield f"question {question.id}: options belong to choices, and choices need them"
        yield from _repeated(f"option of {question.id}", [option.value for option in question.options])
    for rule in definition.rules:
        if _depth(rule.when) > MAX_DEPTH:
            yield f"rule {rule.id}: nested too deeply"
        for leaf in leaves(rule.when):
            yield from (f"rule {rule.id}: {problem}" for problem in _mismatch(definition, leaf))
    for outcome in definition.outcomes():
        for practitioner in outcome.practitioners:
            # Raises UnknownId, which answers 404, for what is no id at all.
            internal_id("pract", practitioner)


def _mismatch(definition: Definition, leaf: Leaf) -> Iterator[str]:
    question = definition.question(leaf.question)
    if question is None:
        yield f"there is no question {leaf.question}"
    elif isinstance(leaf, Chosen):
        if not question.kind.startswith("choice"):
            yield f"{question.id} has no options"
        elif unknown := sorted(set(leaf.any_of) - question.values):
            yield f"{question.id} has no option {unknown[0]}"
    elif question.kind != ("yes_no" if isinstance(leaf, Said) else "number"):
        yield f"{question.id} is of another kind"


def _repeated(what: str, names: list[str]) -> Iterator[str]:
    yield from (f"{what} {name} stands twice" for name in sorted({name for name in names if names.count(name) > 1}))


def _depth(condition: Condition) -> int:
    if isinstance(condition, All):
        return 1 + max(_depth(part) for part in condition.all)
    if isinstance(condition, Some):
        return 1 + max(_depth(part) for part in condition.any)
    return 1 + _depth(condition.not_) if isinstance(condition, Not) else 1
