"""Three people do whatever comes to their minds, and the calendar is after each act what a few lines of Python say."""

from collections import Counter
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from appointments import holds, undoing
from tests.appointments.model.calendar import SLOTS, Calendar, Place, Refused, span
from tests.appointments.model.world import ACTORS, LENGTHS, World, shape

pytestmark = pytest.mark.timeout(600)
# Times STEPS: more than two thousand acts.
EXAMPLES = 36
STEPS = 100

actors = st.integers(0, ACTORS - 1)
anywhere = st.tuples(st.integers(0, 1), st.integers(0, SLOTS - 1))
# Or that one of the places which the model has free; of the wild alone, three in four are refused.
places = anywhere | st.integers(0, 1000)
lengths = st.sampled_from(LENGTHS)
pick = st.integers(0, 1000)


@pytest.fixture(autouse=True)
def _time_to_undo(monkeypatch: pytest.MonkeyPatch) -> None:
    """Holds end when the machine says so, however slow the computer is."""
    for module, name in ((holds, "UNDOABLE"), (holds, "LASTS"), (undoing, "UNDOABLE")):
        monkeypatch.setattr(module, name, timedelta(hours=1))


class Machine(RuleBasedStateMachine):
    """Each rule does one thing to both, and both must say the same."""

    # What was done, and not refused, by the product's own path.
    done: ClassVar[Counter[str]] = Counter()
    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.world, self.calendar = World(), Calendar()
        self.made = 0

    def name(self) -> str:
        self.made += 1
        return f"a{self.made}"

    def one(self, number: int) -> str:
        return sorted(self.calendar.appointments)[number % len(self.calendar.appointments)]

    def at(self, by: int, wanted: Place | int, length: int, *, besides: Collection[str] = ()) -> Place:
        if not isinstance(wanted, int):
            return wanted
        free = self.calendar.open_to(by, length, besides=besides)
        fits = sorted(place for place in free if span(place, length) <= free)
        return fits[wanted % len(fits)] if fits else (0, 0)

    def both(self, model: Callable[[], Any], product: Callable[[], Any]) -> Any:
        """The product's answer; it refuses just where the model does."""
        try:
            model()
            refused = False
        except Refused:
            refused = True
        answer = product()
        assert (answer.status_code == 409) == refused, answer.content
        Machine.done["refused" if refused else answer.wsgi_request.path.rpartition("/")[2]] += 1
        return answer

    def keep(self, name: str, answer: Any) -> None:
        if answer.status_code == 201:
            self.world.appointments[name] = answer.json()["appointmentId"]

    @rule(by=actors, place=places, length=lengths)
    def book(self, by: int, place: Place | int, length: int) -> None:
        name, place = self.name(), self.at(by, place, length)
        answer = self.both(
            lambda: self.calendar.book(by, name, place, length),
            lambda: self.world.post(by, "appointments", self.world.wish(place, length)),
        )
        self.keep(name, answer)

    @rule(by=actors, place=anywhere, length=lengths)
    def overbook(self, by: int, place: Place, length: int) -> None:
        name = self.name()
        wish = {**self.world.wish(place, length), "reason": "cannot_wait"}
        answer = self.both(
            lambda: self.calendar.overbook(by, name, place, length),
            lambda: self.world.post(by, "overbookings", wish),
        )
        self.keep(name, answer)

    @rule(by=actors, wanted=st.lists(st.tuples(places, lengths), min_size=2, max_size=3))
    def chain(self, by: int, wanted: list[tuple[Place | int, int]]) -> None:
        items = [(self.name(), self.at(by, place, length), length) for place, length in wanted]
        body = {"kind": "chain", "items": [self.world.wish(place, length) for _, place, length in items]}
        answer = self.both(
            lambda: self.calendar.chain(by, items), lambda: self.world.post(by, "appointment-groups", body)
        )
        if answer.status_code == 201:
            for (name, _, _), row in zip(items, answer.json()["appointments"], strict=True):
                self.world.appointments[name] = row["appointmentId"]

    @rule(by=actors, wanted=st.lists(anywhere, min_size=1, max_size=3, unique=True), length=lengths)
    def hold(self, by: int, wanted: list[Place], length: int) -> None:
        body = {"slotIds": [self.world.slot(place) for place in wanted], "type": self.world.types[length]}
        had: set[Place] = set()
        answer = self.both(
            lambda: had.update(self.calendar.hold(by, wanted, length)), lambda: self.world.post(by, "holds", body)
        )
        if answer.status_code == 201:
            assert {each["slotId"] for each in answer.json()["times"]} == {self.world.slot(place) for place in had}

    @rule(by=actors, number=pick)
    def release(self, by: int, number: int) -> None:
        mine = [each for each in self.calendar.holds if each.by == by and each.of is None]
        if mine:
            self.world.release(by, number % len(mine))
            self.calendar.release(mine[number % len(mine)])

    @rule(by=actors)
    def run_out(self, by: int) -> None:
        self.world.run_out(by)
        self.calendar.holds = [each for each in self.calendar.holds if each.by != by]
        for each in self.calendar.appointments.values():
            each.fresh = each.fresh and each.by != by

    @precondition(lambda self: self.calendar.appointments)
    @rule(by=actors, number=pick, place=places)
    def move(self, by: int, number: int, place: Place | int) -> None:
        name = self.one(number)
        place = self.at(by, place, self.calendar.appointments[name].stand.length, besides=[name])
        self.both(
            lambda: self.calendar.move(by, name, place),
            lambda: self.world.act(by, name, "move", {"slotId": self.world.slot(place)}),
        )

    @precondition(lambda self: len(self.calendar.appointments) > 1)
    @rule(by=actors, first=pick, second=pick)
    def swap(self, by: int, first: int, second: int) -> None:
        one, other = self.one(first), self.one(second)
        if one != other:
            self.both(
                lambda: self.calendar.swap(by, one, other),
                lambda: self.world.act(by, one, "swap", {"withAppointmentId": self.world.appointments[other]}),
            )

    @precondition(lambda self: self.calendar.appointments)
    @rule(by=actors, number=pick)
    def cancel(self, by: int, number: int) -> None:
        name = self.one(number)
        self.both(
            lambda: self.calendar.cancel(by, name),
            lambda: self.world.act(by, name, "cancel", {"reason": "patient_request"}),
        )

    @precondition(lambda self: self.calendar.appointments)
    @rule(by=actors, number=pick)
    def undo(self, by: int, number: int) -> None:
        name = self.one(number)
        self.both(lambda: self.calendar.undo(by, name), lambda: self.world.act(by, name, "undo"))

    @precondition(lambda self: any(each.of for each in self.calendar.holds))
    @rule(number=pick)
    def undo_what_can_be(self, number: int) -> None:
        kept = [each for each in self.calendar.holds if each.of]
        hold = kept[number % len(kept)]
        assert hold.of is not None
        name, by = hold.of[0], hold.by
        self.both(lambda: self.calendar.undo(by, name), lambda: self.world.act(by, name, "undo"))

    @invariant()
    def the_rows_are_what_the_model_says(self) -> None:
        Machine.steps += 1
        assert self.world.seen() == shape(self.calendar)


def test_whatever_three_people_do_the_calendar_is_what_the_model_says() -> None:
    Machine.done.clear()
    Machine.steps = 0
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    for act in ("appointments", "overbookings", "appointment-groups", "holds", "move", "swap", "cancel", "undo"):
        assert Machine.done[act] >= 5, Machine.done
    assert Machine.steps >= 2000


@pytest.mark.parametrize(
    ("what", "forgetful"),
    [
        ("_consume", lambda self, wanted: None),
        ("open_to", lambda self, by, length, *, besides=(): self.free_to(by, besides=besides)),
        ("full", lambda self, by, length, *, more=0: False),
    ],
)
def test_a_model_that_forgets_something_is_found_out(
    monkeypatch: pytest.MonkeyPatch, what: str, forgetful: Any
) -> None:
    """The control: the acts find a difference where there is one; of holds, of what is reserved, of a full day."""
    monkeypatch.setattr(Calendar, what, forgetful)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, derandomize=True, database=None,
                suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
                phases=(Phase.generate,),
            ),
        )  # fmt: skip
