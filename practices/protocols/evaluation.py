"""What follows from a caller's answers: a decision, or the next question. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from mybcat.errors import InvalidInput
from practices.protocols.definition import All, Chosen, Condition, Definition, Leaf, Outcome, Question, Said, Some

# By question: an option, options, yes or no, or a whole number.
Answer = str | list[str] | bool | int
Answers = Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class Decided:
    """`rule` is None where no rule holds and the protocol's last word counts."""

    outcome: Outcome
    rule: str | None


@dataclass(frozen=True, slots=True)
class Asking:
    """Nothing is certain before this question is answered."""

    question: Question


def evaluate(*, definition: Definition, answers: Answers) -> Decided | Asking:
    """The first rule that holds decides, as soon as it is certain that none before it can.

    So an alarming answer decides at once when its rule stands first, and no question is asked whose
    answer cannot matter. Raises InvalidInput for an answer that its question does not have.
    """
    _check(definition, answers)
    for rule in definition.rules:
        holds = _holds(rule.when, answers)
        if holds:
            return Decided(rule.outcome, rule.id)
        if holds is None:
            return Asking(_open_question(definition, rule.when, answers))
    return Decided(definition.otherwise, None)


def _holds(condition: Condition, answers: Answers) -> bool | None:
    """Kleene's logic: None is "not known yet"."""
    if isinstance(condition, All | Some):
        parts = condition.all if isinstance(condition, All) else condition.any
        values = [_holds(part, answers) for part in parts]
        decisive = isinstance(condition, Some)
        if decisive in values:
            return decisive
        return None if None in values else not decisive
    if isinstance(condition, Leaf):
        return None if condition.question not in answers else _fits(condition, answers[condition.question])
    inner = _holds(condition.not_, answers)
    return None if inner is None else not inner


def _fits(leaf: Leaf, answer: Answer) -> bool:
    if isinstance(leaf, Chosen):
        given = answer if isinstance(answer, list) else [answer]
        return not set(leaf.any_of).isdisjoint(given)
    if isinstance(leaf, Said):
        return answer is leaf.is_
    number = int(answer)  # type: ignore[arg-type]
    return (leaf.at_least is None or number >= leaf.at_least) and (leaf.below is None or number < leaf.below)


def _open_question(definition: Definition, condition: Condition, answers: Answers) -> Question:
    """The first, in the rule's own order, whose answer is missing and can still matter."""
    name = _undecided(condition, answers)
    found = definition.question(name)
    assert found is not None, "definitions name only their own questions"  # noqa: S101
    return found


def _undecided(condition: Condition, answers: Answers) -> str:
    if isinstance(condition, Leaf):
        return condition.question
    parts = condition.all if isinstance(condition, All) else condition.any if isinstance(condition, Some) else None
    if parts is None:
        return _undecided(condition.not_, answers)  # type: ignore[union-attr]
    return next(_undecided(part, answers) for part in parts if _holds(part, answers) is None)


def _check(definition: Definition, answers: Answers) -> None:
    fields: dict[str, list[str]] = {}
    for name, answer in answers.items():
        question = definition.question(name)
        if question is None:
            fields[f"answers.{name[:40]}"] = ["No such question"]
        elif not _answers(question, answer):
            fields[f"answers.{name}"] = ["Not an answer to this question"]
    if fields:
        raise InvalidInput(fields=dict(list(fields.items())[:20]))


def _answers(question: Question, answer: Answer) -> bool:
    # bool is an int to Python, not to the caller.
    if question.kind == "yes_no":
        return isinstance(answer, bool)
    if question.kind == "number":
        return isinstance(answer, int) and not isinstance(answer, bool) and 0 <= answer <= 10_000
    if question.kind == "choice":
        return isinstance(answer, str) and answer in question.values
    return isinstance(answer, list) and all(isinstance(each, str) and each in question.values for each in answer)
