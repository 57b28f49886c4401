"""The desk as agents use it: by keyboard, beside colleagues, and when times are gone."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Locator, Route, expect

from appointments.calls.models import Call
from appointments.models import Appointment, Hold
from mybcat.ids import public_id
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from patients.models import Patient
from practices.models import Practitioner
from practices.workspace.models import FrontDesk
from tests.callers import Caller, public
from tests.dashboard.answering import find, footer, looked_for, people
from tests.dashboard.browsing import Screen, choose
from tests.factories import Clinic, make_member, make_slots

# A machine without Chromium downloads it first, and one without packages installs them.
pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


@pytest.fixture
def second(clinic: Clinic) -> Practitioner:
    """Another practitioner, with the same hours."""
    with practice_scope(clinic.practice.id):
        other = Practitioner.objects.create(name="Dr Marcus Grant")
    make_slots(practitioner=other, location=clinic.location, start=clinic.slots[0].starts_at, count=8)
    return other


@pytest.fixture
def screen(chromium: Browser, url: str, clinic: Clinic, second: Practitioner) -> Iterator[Screen]:
    opened = Screen(chromium, url)
    opened.sign_in(clinic.agent)
    yield opened
    opened.close()


def appointments(clinic: Clinic) -> list[Appointment]:
    with practice_scope(clinic.practice.id):
        return list(Appointment.objects.order_by("id"))


def on_board(screen: Screen, appointment: Appointment) -> Locator:
    return screen.page.locator(f'[data-appointment="{public_id("appt", appointment.id)}"]')


def tomorrow(screen: Screen) -> None:
    screen.press("]")


def test_a_known_patient_is_booked_by_keyboard_with_twelve_keys_and_undone(screen: Screen, clinic: Clinic) -> None:
    looked_for(screen, clinic.patient.last_name[:4])
    screen.press("Enter")
    expect(screen.page.get_by_role("region", name="Patient")).to_contain_text(clinic.patient.last_name)
    screen.press("n")
    expect(screen.page.locator(".offer").first).to_be_focused()
    screen.press("Enter", "b")
    expect(screen.page.locator("footer")).to_contain_text("Booked:")
    assert screen.keys <= 12
    (booked,) = appointments(clinic)
    assert (booked.patient_id, booked.status) == (clinic.patient.id, "booked")
    expect(on_board(screen, booked)).to_be_visible()

    screen.press("u")
    expect(screen.page.locator("footer")).to_contain_text("Undone")
    expect(on_board(screen, booked)).to_have_count(0)
    assert [row.status for row in appointments(clinic)] == ["cancelled"]
    assert screen.errors == []


def test_two_clicks_book_once(screen: Screen, clinic: Clinic) -> None:
    _ready(screen, clinic)
    screen.page.get_by_role("button", name="Book", exact=False).and_(screen.page.locator(".booking button")).dblclick()
    expect(screen.page.locator("footer")).to_contain_text("Booked:")
    assert len(appointments(clinic)) == 1


def test_a_lost_answer_is_asked_for_again_with_the_same_key(screen: Screen, clinic: Clinic) -> None:
    keys: list[str] = []

    def lose(route: object) -> None:
        keys.append(route.request.headers["x-idempotency-key"])  # type: ignore[attr-defined]
        if len(keys) == 1:
            # It is booked, and nobody hears of it.
            route.fetch()  # type: ignore[attr-defined]
            route.abort()  # type: ignore[attr-defined]
        else:
            route.continue_()  # type: ignore[attr-defined]

    def booking(route: object) -> None:
        lose(route) if route.request.method == "POST" else route.continue_()  # type: ignore[attr-defined]

    screen.context.route(re.compile(r"/api/v2/appointments$"), booking)
    _ready(screen, clinic)
    screen.press("b")
    expect(screen.page.locator("footer")).to_contain_text("Booked:")
    assert len(keys) == 2 and len(set(keys)) == 1
    assert len(appointments(clinic)) == 1


def test_what_a_colleague_does_is_seen_within_a_second(screen: Screen, clinic: Clinic) -> None:
    colleague = Caller(make_member(practice=clinic.practice), clinic.practice)
    tomorrow(screen)
    expect(screen.page.locator(".slot.free").first).to_be_visible()
    colleague.post("/api/v2/holds", {"slotIds": [public("slot", clinic.slots[0].id)], "type": clinic.exam.code})
    expect(screen.page.locator(".held")).to_contain_text("Held by")
    assert colleague.book(clinic, slot=0).status_code == 201
    (booked,) = appointments(clinic)
    expect(on_board(screen, booked)).to_be_visible()
    expect(screen.page.locator(".held")).to_have_count(0)


def test_other_hours_are_seen_without_reloading(screen: Screen, clinic: Clinic) -> None:
    manager = Caller(make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER), clinic.practice)
    tomorrow(screen)
    who = public("pract", clinic.practitioner.id)
    free = screen.page.locator(f'[data-practitioner="{who}"] .slot.free')
    expect(free).to_have_count(8)
    # It hears of what happens from now on.
    expect(screen.page.locator('[data-live="live"]')).to_be_visible()
    hours = {
        "practitionerId": who,
        "locationId": public("loc", clinic.location.id),
        "weekday": f"{clinic.slots[0].starts_at.astimezone(clinic.zone):%A}".lower(),
        "starts": "13:00",
        "ends": "13:45",
    }
    assert manager.post("/api/v2/working-hours", hours).status_code == 201
    expect(free).to_have_count(3)
    assert screen.errors == []


def test_a_time_that_is_gone_says_why_and_offers_the_nearest(screen: Screen, clinic: Clinic) -> None:
    _ready(screen, clinic)
    # Without hearing of it.
    screen.page.route("**/api/v2/changes*", lambda route: route.abort())
    colleague = Caller(make_member(practice=clinic.practice), clinic.practice)
    with practice_scope(clinic.practice.id):
        first = Appointment.objects.count()
    for slot in range(0, 8, 2):
        colleague.book(clinic, slot=slot)
    screen.press("b")
    refused = screen.page.locator(".booking [role=alert]")
    expect(refused).to_contain_text("Taken")
    expect(refused.get_by_text("Nearest times that work")).to_be_visible()
    refused.get_by_role("button").first.click()
    screen.press("b")
    expect(screen.page.locator("footer")).to_contain_text("Booked:")
    assert len(appointments(clinic)) == first + 5


def test_the_number_that_rings_is_a_patient_s_and_the_call_ends_with_what_was_done(
    screen: Screen, clinic: Clinic
) -> None:
    with practice_scope(clinic.practice.id):
        FrontDesk.objects.create(greeting="Bright Eyes, good morning.", script="Ask for the name.", insurance=["VSP"])
    screen.page.reload()
    expect(screen.page.get_by_role("button", name="New call")).to_be_visible()
    screen.press("c")
    screen.type(clinic.patient.phone)
    screen.press("Enter")
    expect(screen.page.get_by_role("region", name="Call", exact=True)).to_contain_text("Bright Eyes, good morning.")
    expect(screen.page.locator(".candidate")).to_be_focused()
    screen.press("Enter")
    expect(screen.page.get_by_role("region", name="Patient")).to_contain_text(clinic.patient.last_name)
    screen.press("n")
    expect(screen.page.locator(".offer").first).to_be_focused()
    screen.press("Enter", "b")
    expect(screen.page.locator("footer")).to_contain_text("Booked:")
    # Whoever reloads the page is still on the phone.
    screen.page.reload()
    expect(screen.page.get_by_role("button", name="End call")).to_be_visible()
    # What comes with the connection would be drawn under the pointer.
    expect(screen.page.locator("[data-live=live]")).to_be_visible()
    screen.press("c")
    dialog = screen.page.get_by_role("dialog", name="End call")
    expect(dialog.get_by_role("button", name="End call")).to_be_focused()
    outcome = dialog.get_by_role("combobox", name="How did it end?")
    choose(outcome, "Not booked")
    expect(dialog.get_by_label("Why was nothing booked?").first).to_be_visible()
    assert screen.violations() == []
    choose(outcome, "Booked")
    dialog.get_by_role("button", name="End call").click()
    expect(screen.page.get_by_role("button", name="New call")).to_be_visible()
    with practice_scope(clinic.practice.id):
        (call,) = Call.objects.all()
        assert (call.caller_number, call.outcome) == (clinic.patient.phone, "booked")
        assert "appointment.booked" in call.acts.values_list("act", flat=True)
    assert screen.errors == []


def test_the_second_enter_opens_no_second_call(screen: Screen, clinic: Clinic) -> None:
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    screen.context.route(re.compile(r"/api/v2/calls$"), keep)
    screen.press("c")
    screen.type("2125550100")
    with screen.page.expect_request(re.compile(r"/api/v2/calls$")):
        screen.press("Enter", "Enter")
    for route in held:
        route.continue_()
    expect(screen.page.get_by_role("button", name="End call")).to_be_visible()
    with practice_scope(clinic.practice.id):
        assert Call.objects.count() == len(held) == 1


def test_a_number_that_is_none_is_said_beside_the_field(screen: Screen, clinic: Clinic) -> None:
    screen.press("c")
    screen.type("12")
    screen.press("Enter")
    expect(screen.page.get_by_text("Give a phone number such as")).to_be_visible()
    with practice_scope(clinic.practice.id):
        assert not Call.objects.exists()


def test_offers_are_held_and_released_with_the_call(screen: Screen, clinic: Clinic) -> None:
    screen.press("c", "Enter")
    expect(screen.page.get_by_role("button", name="End call")).to_be_visible()
    screen.press("Escape", "n")
    expect(screen.page.locator(".offer").first).to_be_focused()
    screen.press("h")
    expect(screen.page.locator("footer")).to_contain_text("Held:")
    with practice_scope(clinic.practice.id):
        assert Hold.objects.count() == 1
    expect(screen.page.get_by_role("button", name="Release")).to_be_visible()
    screen.press("c")
    screen.page.get_by_role("dialog").get_by_role("button", name="End call").click()
    expect(screen.page.get_by_role("button", name="Release")).to_have_count(0)
    with practice_scope(clinic.practice.id):
        assert not Hold.objects.exists()


def test_moved_by_keyboard_and_back(screen: Screen, clinic: Clinic) -> None:
    Caller(clinic.agent, clinic.practice).book(clinic, slot=0)
    (booked,) = appointments(clinic)
    tomorrow(screen)
    on_board(screen, booked).focus()
    screen.press("Enter")
    expect(screen.page.get_by_role("dialog")).to_contain_text(clinic.patient.last_name)
    expect(screen.page.get_by_role("button", name="Move")).to_be_focused()
    screen.press("m")
    expect(screen.page.get_by_text("Choose a free time for it")).to_be_visible()
    free = screen.page.locator(f'[data-practitioner="{public("pract", clinic.practitioner.id)}"] .slot.free')
    expect(screen.page.locator(".slot.free").first).to_be_focused()
    free.nth(2).focus()
    screen.press("Enter")
    expect(screen.page.locator("footer")).to_contain_text("Moved:")
    (moved,) = appointments(clinic)
    assert moved.starts_at > booked.starts_at
    screen.press("u")
    expect(screen.page.locator("footer")).to_contain_text("Undone")
    assert appointments(clinic)[0].starts_at == booked.starts_at


def test_dragged_to_another_practitioner_and_onto_a_taken_time(
    screen: Screen, clinic: Clinic, second: Practitioner
) -> None:
    caller = Caller(clinic.agent, clinic.practice)
    caller.book(clinic, slot=0)
    caller.book(clinic, slot=4)
    booked, other = appointments(clinic)
    tomorrow(screen)
    there = screen.page.locator(f'[data-practitioner="{public("pract", second.id)}"] .slot.free').first
    on_board(screen, booked).drag_to(there)
    expect(screen.page.locator("footer")).to_contain_text("Moved:")
    assert appointments(clinic)[0].practitioner_id == second.id

    # Where it is dropped on has come to rest.
    beside = screen.page.locator(f'[data-practitioner="{public("pract", second.id)}"]')
    expect(beside.locator(".appointment")).to_have_count(1)
    on_board(screen, other).drag_to(on_board(screen, booked))
    expect(screen.page.locator(".problem")).to_contain_text("Nearest times that work")
    assert appointments(clinic)[1].practitioner_id == clinic.practitioner.id


def test_who_closes_an_appointment_is_where_they_were_in_the_day(screen: Screen, clinic: Clinic) -> None:
    assert Caller(clinic.agent, clinic.practice).book(clinic, slot=2).status_code == 201
    (booked,) = appointments(clinic)
    tomorrow(screen)
    on_board(screen, booked).focus()
    screen.press("Enter")
    expect(screen.page.get_by_role("dialog").get_by_role("button", name="Move")).to_be_focused()
    screen.press("Escape")
    expect(on_board(screen, booked)).to_be_focused()
    # Enter belongs to the questions, as long as they are asked.
    screen.press("q")
    expect(screen.page.get_by_role("checkbox").first).to_be_visible()
    screen.press("1", "Enter")
    expect(screen.page.get_by_text("Emergency: same day")).to_be_visible()
    expect(screen.page.get_by_role("dialog")).to_have_count(0)


def test_cancelled_with_a_reason_and_undone(screen: Screen, clinic: Clinic) -> None:
    Caller(clinic.agent, clinic.practice).book(clinic, slot=0)
    (booked,) = appointments(clinic)
    tomorrow(screen)
    on_board(screen, booked).click()
    expect(screen.page.get_by_role("button", name="Move")).to_be_focused()
    screen.press("x")
    screen.page.get_by_label("Why is it cancelled?").select_option("patient_unwell")
    screen.page.get_by_role("dialog").get_by_role("button", name="Cancel appointment").click()
    # The day hears of it by its socket, too, and maybe before whoever did it has the answer.
    footer(screen, "Cancelled:")
    expect(on_board(screen, booked)).to_have_count(0)
    assert appointments(clinic)[0].cancellation_reason == "patient_unwell"
    screen.press("u")
    expect(on_board(screen, booked)).to_be_visible()


def test_a_new_patient_much_like_one_on_record(screen: Screen, clinic: Clinic) -> None:
    screen.page.get_by_role("button", name="New patient").click()
    dialog = screen.page.get_by_role("dialog")
    dialog.get_by_label("First name").fill(clinic.patient.first_name)
    dialog.get_by_label("Last name").fill(clinic.patient.last_name)
    dialog.get_by_label("Birth date").fill(clinic.patient.date_of_birth.isoformat())
    dialog.get_by_label("Phone").fill(clinic.patient.phone)
    dialog.get_by_role("button", name="Add patient").click()
    expect(dialog.get_by_role("alert")).to_contain_text(clinic.patient.last_name)
    dialog.get_by_role("button", name="Use this record").click()
    expect(screen.page.get_by_role("region", name="Patient")).to_contain_text(clinic.patient.last_name)


def test_a_new_patient_s_form_is_not_lost_unasked(screen: Screen, clinic: Clinic) -> None:
    screen.press("a")
    dialog = screen.page.get_by_role("dialog", name="New patient")
    first = dialog.get_by_label("First name")
    expect(first).to_be_focused()
    screen.press("Escape")
    expect(dialog).to_have_count(0)
    screen.press("a")
    expect(first).to_be_focused()
    screen.type("Ida")
    screen.press("Escape")
    asked = dialog.get_by_role("alert")
    expect(asked).to_contain_text("What you typed is not saved.")
    expect(asked.get_by_role("button", name="Keep editing")).to_be_focused()
    assert screen.violations() == []
    screen.press("Enter")
    expect(asked).to_have_count(0)
    expect(first).to_be_focused()
    expect(first).to_have_value("Ida")
    screen.press("Escape")
    asked.get_by_role("button", name="Throw it away").click()
    expect(dialog).to_have_count(0)
    with practice_scope(clinic.practice.id):
        assert not Patient.objects.filter(first_name="Ida").exists()
    assert screen.errors == []


def test_a_practitioner_only_looks(chromium: Browser, url: str, clinic: Clinic) -> None:
    screen = Screen(chromium, url)
    screen.sign_in(make_member(practice=clinic.practice, role=Role.PRACTITIONER))
    expect(screen.page.get_by_text("Your role may look, but not book.")).to_be_visible()
    screen.close()


def test_another_practice_next_and_out(screen: Screen, clinic: Clinic, other_clinic: Clinic) -> None:
    make_member(practice=other_clinic.practice, user=clinic.agent)
    screen.page.reload()
    screen.page.get_by_label("Practice", exact=True).select_option(label=other_clinic.practice.name)
    expect(screen.page.get_by_label("Practice", exact=True)).to_have_value(public("prac", other_clinic.practice.id))
    expect(screen.page.locator("[data-live=live]")).to_be_visible()
    screen.press("/")
    screen.type(clinic.patient.last_name[:4].lower())
    expect(people(screen).first).to_be_visible()
    screen.page.keyboard.press("Escape")
    screen.page.get_by_role("button", name="Sign out").click()
    expect(screen.page.get_by_label("E-mail")).to_be_visible()
    screen.page.reload()
    expect(screen.page.get_by_label("E-mail")).to_be_visible()


def test_a_practice_that_is_not_reached_is_told(screen: Screen, clinic: Clinic, other_clinic: Clinic) -> None:
    make_member(practice=other_clinic.practice, user=clinic.agent)
    screen.page.reload()
    screen.context.route("**/api/auth/practice", lambda route: route.abort())
    practice = screen.page.get_by_label("Practice", exact=True)
    practice.select_option(label=other_clinic.practice.name)
    dialog = screen.page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"You are still at {clinic.practice.name}")
    expect(dialog).to_contain_text("No answer from the server.")
    assert screen.violations() == []
    screen.context.unroute("**/api/auth/practice")
    dialog.get_by_role("button", name="Try again").click()
    expect(practice).to_have_value(public("prac", other_clinic.practice.id))
    expect(dialog).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_left_out(chromium: Browser, url: str, clinic: Clinic, second: Practitioner, scheme: str) -> None:
    """axe finds nothing: signing in, the desk at work, the sheet of keys."""
    caller = Caller(clinic.agent, clinic.practice)
    caller.book(clinic, slot=0)
    caller.post("/api/v2/holds", {"slotIds": [public("slot", clinic.slots[4].id)], "type": clinic.exam.code})
    screen = Screen(chromium, url, color_scheme=scheme, reduced_motion="reduce")
    screen.page.goto(url)
    expect(screen.page.get_by_label("E-mail")).to_be_visible()
    assert screen.violations() == []
    screen.sign_in(clinic.agent)
    tomorrow(screen)
    _ready(screen, clinic)
    expect(screen.page.locator(".appointment").first).to_be_visible()
    assert screen.violations() == []
    screen.press("?")
    expect(screen.page.get_by_role("dialog")).to_be_visible()
    assert screen.violations() == []
    screen.close()


def test_on_a_tablet_and_in_spanish_nothing_is_cut_off(
    chromium: Browser, url: str, clinic: Clinic, second: Practitioner
) -> None:
    screen = Screen(chromium, url, viewport={"width": 820, "height": 1180})
    screen.sign_in(clinic.agent)
    screen.page.get_by_label("Language").select_option("es")
    expect(screen.page.get_by_role("button", name="Nueva llamada")).to_be_visible()
    assert screen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    screen.close()


def _ready(screen: Screen, clinic: Clinic) -> None:
    """All that is missing is `b`."""
    find(screen, clinic.patient)
    screen.press("n")
    expect(screen.page.locator(".offer").first).to_be_focused()
    screen.press("Enter")
    expect(screen.page.locator(".booking")).to_contain_text(clinic.patient.last_name)


def test_two_desks_side_by_side(chromium: Browser, url: str, screen: Screen, clinic: Clinic) -> None:
    """What one agent holds, books, moves and undoes, the other one sees within a second, and by whom."""
    other = Screen(chromium, url)
    other.sign_in(make_member(practice=clinic.practice))
    for desk in (screen, other):
        tomorrow(desk)
        expect(desk.page.locator(".slot.free").first).to_be_visible()
    _ready(screen, clinic)
    screen.press("h")
    expect(other.page.locator(".held").first).to_contain_text(f"Held by {clinic.agent.name}")
    # The other desk may hear of it before this one has its answer, and one thing is done at a time.
    footer(screen, "Held:")
    screen.press("b")
    expect(screen.page.locator("footer")).to_contain_text("Booked:")
    (booked,) = appointments(clinic)
    expect(on_board(other, booked)).to_be_visible()
    expect(other.page.locator(".held")).to_have_count(0)
    screen.press("u")
    expect(on_board(other, booked)).to_have_count(0)
    # A lost connection is said, and what happened meanwhile is there when it is back.
    other.context.set_offline(True)
    assert Caller(clinic.agent, clinic.practice).book(clinic, slot=4).status_code == 201
    other.context.set_offline(False)
    expect(on_board(other, appointments(clinic)[1])).to_be_visible()
    other.close()


def test_the_protocol_s_questions_choose_the_visit(screen: Screen, clinic: Clinic) -> None:
    screen.press("q")
    asked = screen.page.get_by_role("region", name="Questions")
    expect(asked.get_by_text("Flashes of light")).to_be_visible()
    screen.press("1", "Enter")
    expect(asked.get_by_text("Emergency: same day")).to_be_visible()
    expect(asked.get_by_text("Tell the patient:")).to_be_visible()


def test_the_patient_is_told_in_their_own_language(screen: Screen, clinic: Clinic) -> None:
    with practice_scope(clinic.practice.id):
        Patient.objects.filter(id=clinic.patient.id).update(language="es")
    _ready(screen, clinic)
    screen.press("q")
    expect(screen.page.get_by_role("checkbox").first).to_be_visible()
    screen.press("1", "Enter")
    outcome = screen.page.get_by_role("region", name="Questions").get_by_role("status")
    expect(outcome.locator("[lang=es]")).to_contain_text("Venga hoy mismo")
    # The agent reads the screen in hers.
    expect(outcome).to_contain_text("Please come in today")


def test_a_time_that_is_chosen_is_brought_into_sight(screen: Screen, clinic: Clinic) -> None:
    begin = clinic.slots[0].starts_at
    with practice_scope(clinic.practice.id):
        others = [Practitioner.objects.create(name=f"Dr Zoe {number}") for number in range(10)]
    for other in others:
        # The last of them is free first.
        early = begin - timedelta(minutes=30 if other == others[-1] else 0)
        make_slots(practitioner=other, location=clinic.location, start=early, count=4)
    screen.page.reload()
    expect(screen.page.locator("[data-live=live]")).to_be_visible()
    _ready(screen, clinic)
    chosen = screen.page.locator(".slot[aria-pressed=true]")
    expect(chosen).to_have_accessible_name(re.compile("Dr Zoe 9"))
    expect(chosen).to_be_in_viewport(ratio=0.9)


def test_keys_are_heard_after_an_answer_was_clicked(screen: Screen, clinic: Clinic) -> None:
    screen.press("q")
    asked = screen.page.get_by_role("region", name="Questions")
    asked.get_by_role("checkbox").nth(1).check()
    screen.press("1")
    expect(asked.get_by_role("checkbox").first).to_be_checked()
    screen.press("Enter")
    expect(asked.get_by_text("Emergency: same day")).to_be_visible()


def test_a_part_that_does_not_come_leaves_the_desk_as_it_is(chromium: Browser, url: str, clinic: Clinic) -> None:
    screen = Screen(chromium, url)
    away = True
    screen.context.route("**/assets/WhyNot-*.js", lambda route: route.abort() if away else route.continue_())
    screen.sign_in(clinic.agent)
    _ready(screen, clinic)
    screen.press("y")
    late = screen.page.get_by_text("What you opened has not loaded yet")
    expect(late).to_be_visible()
    expect(screen.page.locator(".booking.ready")).to_be_visible()
    away = False
    expect(screen.page.get_by_role("dialog")).to_contain_text("Why not then?")
    expect(late).to_have_count(0)
    screen.close()


def test_a_chosen_time_covers_none_of_a_question_s_answers(screen: Screen, clinic: Clinic) -> None:
    _ready(screen, clinic)
    screen.press("q")
    asked = screen.page.get_by_role("region", name="Questions")
    expect(asked.get_by_role("button", name="Next")).to_be_visible()
    # At 1280 by 800 a pointer reaches the last of it where it is now.
    reached = "at => document.elementFromPoint(at.x + at.width / 2, at.bottom - 4)"
    assert asked.get_by_role("button", name="Next").evaluate(f"e => e.contains(({reached})(e.getBoundingClientRect()))")
    screen.press("1", "Enter")
    expect(asked.get_by_text("Emergency: same day")).to_be_visible()
