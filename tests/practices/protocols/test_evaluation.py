"""The pure function: answers in, a decision or the next question out."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mybcat.errors import InvalidInput, UnknownId
from practices.protocols.definition import Definition, InvalidProtocol, Question, leaves, parse
from practices.protocols.evaluation import Asking, Decided, evaluate
from practices.protocols.services import platform_default
from tests.factories import optometry

TEXT = {"en": "?"}


def outcome(code: str, urgency: str = "routine") -> dict[str, Any]:
    return {"appointmentTypes": [code], "urgency": urgency}


def small(*rules: dict[str, Any]) -> dict[str, Any]:
    """A protocol of three questions, one of each kind that is answered with one value, and these rules."""
    numbered = [{"id": f"rule_{number}", "outcome": outcome(f"type_{number}")} for number in range(len(rules))]
    return {
        "questions": [
            {"id": "eye", "text": TEXT, "kind": "choice", "options": [option("red"), option("sore"), option("fine")]},
            {"id": "lenses", "text": TEXT, "kind": "yes_no"},
            {"id": "age", "text": TEXT, "kind": "number"},
        ],
        "rules": [{**defaults, **rule} for defaults, rule in zip(numbered, rules, strict=True)],
        "otherwise": outcome("otherwise"),
    }


def option(value: str) -> dict[str, Any]:
    return {"value": value, "text": TEXT}


RED = {"question": "eye", "anyOf": ["red"]}
LENSES = {"question": "lenses", "is": True}
CHILD = {"question": "age", "below": 13}


def came_of(definition: dict[str, Any], **answers: Any) -> str:
    """The type of the outcome, or the question with a mark."""
    found = evaluate(definition=parse(definition), answers=answers)
    return f"{found.question.id}?" if isinstance(found, Asking) else found.outcome.appointment_types[0]


def test_the_first_rule_that_holds_decides() -> None:
    both = small({"when": RED}, {"when": LENSES})
    assert came_of(both, eye="red", lenses=True) == "type_0"
    assert came_of(both, eye="fine", lenses=True) == "type_1"
    assert came_of(both, eye="fine", lenses=False) == "otherwise"


def test_an_alarming_answer_decides_before_the_rest_is_asked() -> None:
    assert came_of(small({"when": RED}, {"when": LENSES}), eye="red") == "type_0"


def test_a_later_rule_waits_for_what_an_earlier_one_may_say() -> None:
    assert came_of(small({"when": RED}, {"when": LENSES}), lenses=True) == "eye?"


def test_no_question_is_asked_whose_answer_cannot_matter() -> None:
    both_needed = small({"when": {"all": [RED, LENSES]}})
    assert came_of(both_needed, eye="fine") == "otherwise"
    assert came_of(both_needed, lenses=False) == "otherwise"
    assert came_of(both_needed, eye="red") == "lenses?"
    assert came_of(small({"when": {"any": [RED, LENSES]}}), lenses=True) == "type_0"
    assert came_of(small({"when": {"any": [RED, LENSES]}}), lenses=False) == "eye?"


def test_not_turns_yes_and_no_and_leaves_unknown() -> None:
    without = small({"when": {"not": LENSES}})
    assert (came_of(without, lenses=False), came_of(without, lenses=True)) == ("type_0", "otherwise")
    assert came_of(without) == "lenses?"


@pytest.mark.parametrize(("age", "expected"), [(0, "type_0"), (12, "type_0"), (13, "otherwise"), (120, "otherwise")])
def test_ranges_are_half_open(age: int, expected: str) -> None:
    assert came_of(small({"when": CHILD}), age=age) == expected
    assert came_of(small({"when": {"question": "age", "atLeast": 13}}), age=age) != expected


@pytest.mark.parametrize(
    "answers",
    [
        {"nose": "red"},
        {"eye": "green"},
        {"eye": ["red"]},
        {"eye": True},
        {"lenses": "yes"},
        {"lenses": 1},
        {"age": "7"},
        {"age": True},
        {"age": -1},
        {"age": 10_001},
        {"age": 7.5},
        {"age": None},
        {"eye": {"red": 1}},
    ],
)
def test_what_is_no_answer_is_refused_and_not_repeated(answers: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refusal:
        evaluate(definition=parse(small({"when": RED})), answers=answers)
    (name,) = answers
    assert list(refusal.value.fields) == [f"answers.{name}"]


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "a question that is not there": (small({"when": {"question": "nose", "is": True}}), "no question nose"),
    "an option that is not there": (small({"when": {"question": "eye", "anyOf": ["green"]}}), "no option green"),
    "a yes where there are options": (small({"when": {"question": "eye", "is": True}}), "of another kind"),
    "options where there is a number": (small({"when": {"question": "age", "anyOf": ["red"]}}), "has no options"),
    "a rule twice": (small({"when": RED, "id": "a"}, {"when": RED, "id": "a"}), "rule a stands twice"),
    "a range without ends": (small({"when": {"question": "age"}}), "atLeast or below"),
    "an unknown member": (small({"when": {**RED, "weight": 3}}), "Extra inputs"),
    "an unknown urgency": (small({"when": RED, "outcome": outcome("a", "soon")}), "'emergency', 'urgent' or 'routine'"),
    "no type": (small({"when": RED, "outcome": {"appointmentTypes": [], "urgency": "urgent"}}), "at least 1"),
    "no question": ({**small(), "questions": []}, "at least 1"),
    "a choice without options": (
        {**small(), "questions": [{"id": "eye", "text": TEXT, "kind": "choice"}]},
        "choices need them",
    ),
    "text that is none": (
        {**small(), "questions": [{"id": "eye", "text": {"en": " "}, "kind": "yes_no"}]},
        "at least 1",
    ),
    "not an object": ([], "valid dictionary"),  # type: ignore[dict-item]
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_protocol_that_cannot_be_is_refused_by_the_place_of_its_mistake(name: str) -> None:
    definition, told = BROKEN[name]
    with pytest.raises(InvalidProtocol) as refusal:
        parse(definition)
    assert told in str(refusal.value.fields)
    assert all(path.startswith("definition") for path in refusal.value.fields)


def test_conditions_do_not_nest_without_end() -> None:
    condition: dict[str, Any] = RED
    for _ in range(12):
        condition = {"not": condition}
    with pytest.raises(InvalidProtocol, match="invalid_protocol"):
        parse(small({"when": condition}))
    assert parse(small({"when": condition["not"]}))


def test_a_practitioner_s_id_must_be_one() -> None:
    with pytest.raises(UnknownId):
        parse(small({"when": RED, "outcome": {**outcome("a"), "practitioners": ["pract_1"]}}))


def test_the_platform_s_protocol_passes_its_own_examples() -> None:
    definition, examples = platform_default()
    for example in examples:
        found = evaluate(definition=definition, answers=example["answers"])
        expects = example["expects"]
        if "asks" in expects:
            assert isinstance(found, Asking), example["name"]
            assert found.question.id == expects["asks"]
            continue
        assert isinstance(found, Decided), example["name"]
        assert (found.rule, found.outcome.urgency, found.outcome.appointment_types[0]) == (
            expects["rule"],
            expects["urgency"],
            expects["appointmentType"],
        ), example["name"]


def test_the_platform_s_examples_show_every_rule() -> None:
    definition, examples = platform_default()
    shown = {example["expects"].get("rule") for example in examples if "asks" not in example["expects"]}
    assert shown == {rule.id for rule in definition.rules} | {None}


@pytest.mark.parametrize("symptom", ["flashes", "curtain", "sudden_loss", "injury", "chemical"])
def test_what_cannot_wait_is_for_today_whatever_else_is_said(symptom: str) -> None:
    definition, _ = platform_default()
    options = definition.questions[0].options
    for other in options:
        found = evaluate(definition=definition, answers={"symptoms": [other.value, symptom]})
        assert isinstance(found, Decided)
        assert found.outcome.urgency == "emergency"


def test_every_question_of_the_platform_s_is_in_both_languages_and_of_use() -> None:
    definition, _ = platform_default()
    used = {leaf.question for rule in definition.rules for leaf in leaves(rule.when)}
    assert used == {question.id for question in definition.questions}
    assert all(
        question.text.es and all(option.text.es for option in question.options) for question in definition.questions
    )


def an_answer(question: Question) -> st.SearchStrategy[Any]:
    if question.kind == "yes_no":
        return st.booleans()
    if question.kind == "number":
        return st.integers(0, 110)
    values = sorted(question.values)
    return st.sampled_from(values) if question.kind == "choice" else st.lists(st.sampled_from(values), unique=True)


@given(st.data())
def test_answering_what_is_asked_comes_to_a_decision_that_more_answers_do_not_change(data: st.DataObject) -> None:
    definition: Definition = parse(optometry()[0])
    answers: dict[str, Any] = {}
    found = evaluate(definition=definition, answers=answers)
    while isinstance(found, Asking):
        assert found.question.id not in answers
        answers[found.question.id] = data.draw(an_answer(found.question))
        found = evaluate(definition=definition, answers=answers)
    for question in definition.questions:
        answers.setdefault(question.id, data.draw(an_answer(question)))
    assert evaluate(definition=definition, answers=answers) == found
