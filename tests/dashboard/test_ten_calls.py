"""The ten calls of docs/walkthrough.md, on screen: by the keys that the document names, and what the API then tells."""

from collections.abc import Iterator
from datetime import datetime, time

import pytest
from playwright.sync_api import Browser, expect

from mybcat.tenancy import practice_scope
from practices.workspace.models import FrontDesk
from tests.callers import Caller, public
from tests.dashboard.answering import (
    appointment,
    card,
    choose_first,
    ends,
    events,
    footer,
    here,
    known_rings,
    people,
    rings,
    texts,
    theirs,
)
from tests.dashboard.browsing import Screen
from tests.dashboard.morning import Morning, begin, known, taken
from tests.dashboard.test_desk import tomorrow
from tests.factories import Clinic, by_day, make_member
from tests.mybcat.processes import wait_for, worker

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


@pytest.fixture
def morning(clinic: Clinic) -> Morning:
    return begin(clinic)


@pytest.fixture
def told(morning: Morning) -> Caller:
    """The API, as the agent on screen is told by it."""
    return Caller(morning.clinic.agent, morning.clinic.practice)


@pytest.fixture
def screen(chromium: Browser, url: str, morning: Morning) -> Iterator[Screen]:
    opened = Screen(chromium, url)
    opened.sign_in(morning.clinic.agent)
    yield opened
    assert opened.errors == []
    opened.close()


def test_1_an_emergency_is_seen_beside_whoever_has_the_time(screen: Screen, morning: Morning, told: Caller) -> None:
    samuel = known(morning, "Samuel Smith")
    given = taken(morning, known(morning, "Ruth Okonkwo"), slot=2)
    known_rings(screen, samuel)
    screen.press("q")
    expect(screen.page.get_by_text("Flashes of light")).to_be_visible()
    screen.press("1", "3", "Enter")
    expect(screen.page.get_by_text("Emergency: same day")).to_be_visible()
    expect(screen.page.get_by_text("No time is free today.")).to_be_visible()
    tomorrow(screen)
    dialog = appointment(screen, given)
    screen.press("o")
    expect(dialog.get_by_text("Samuel Smith comes beside whom this time is given to")).to_be_visible()
    assert screen.violations() == []
    screen.picture("call-01")
    screen.press("Tab", "Enter")
    footer(screen, "Overbooked:")
    ends(screen, told, "booked")
    (seen,) = theirs(told, samuel)
    beside = told.get(f"/api/v2/appointments/{given}").json()
    assert (seen["overbooked"], seen["type"], seen["slotId"]) == (True, "flashes_floaters", beside["slotId"])


def test_2_a_new_patient_is_made_once_and_two_times_are_kept_while_she_thinks(
    screen: Screen, morning: Morning, told: Caller
) -> None:
    rings(screen, "(646) 555-0999")
    # The number is nobody's: the next letters are a name.
    expect(screen.page.get_by_role("textbox", name="Find patient")).to_be_focused()
    screen.type("quintero")
    expect(screen.page.get_by_text("Nobody found.")).to_be_visible()
    screen.press("Escape")
    for again in (False, True):
        screen.press("a")
        dialog = screen.page.get_by_role("dialog", name="New patient")
        expect(dialog.get_by_label("First name")).to_be_focused()
        screen.type("Nora")
        screen.press("Tab")
        screen.type("Quintero")
        dialog.get_by_label("Birth date").fill("1991-03-08")
        expect(dialog.get_by_label("Phone")).to_have_value("+16465550999")
        dialog.get_by_label("Insurance").fill("VSP")
        dialog.get_by_label("Agrees to text messages").check()
        assert screen.violations() == []
        screen.press("Enter")
        if again:
            expect(dialog.get_by_role("alert")).to_contain_text("Nora Quintero")
            # Chromium speaks of every answer that is a refusal.
            screen.errors = [error for error in screen.errors if "409" not in error]
            dialog.get_by_role("button", name="Use this record").focus()
            screen.press("Enter")
        expect(dialog).to_have_count(0)
        expect(here(screen)).to_contain_text("Nora Quintero")
    screen.press("n")
    expect(screen.page.locator(".offer").first).to_be_focused()
    screen.press("h")
    footer(screen, "Held:")
    screen.press("ArrowDown", "Enter")
    expect(screen.page.locator(".booking")).to_contain_text("Nora Quintero")
    screen.picture("call-02")
    screen.press("b")
    footer(screen, "Booked:")
    expect(screen.page.get_by_role("button", name="Release")).to_have_count(0)
    ends(screen, told, "booked")
    (nora,) = told.get("/api/v2/patients", search="Quintero").json()["data"]
    assert (nora["phone"], nora["insuranceProvider"]) == ("+16465550999", "VSP")
    assert [row["status"] for row in theirs(told, nora["id"])] == ["booked"]
    assert [hold for hold in told.get("/api/v2/holds").json()["data"] if hold["mine"]] == []


def test_3_a_mother_comes_with_two_children_or_none_of_them(screen: Screen, morning: Morning, told: Caller) -> None:
    nora = known(morning, "Nora Quintero")
    rings(screen, nora.phone)
    expect(screen.page.locator(".candidate").first).to_be_focused()
    for name, born in (("Mia", "2017-05-02"), ("Leo", "2019-10-21")):
        screen.press("a")
        dialog = screen.page.get_by_role("dialog", name="New patient")
        expect(dialog.get_by_label("First name")).to_be_focused()
        screen.type(name)
        screen.press("Tab")
        screen.type("Quintero")
        dialog.get_by_label("Birth date").fill(born)
        screen.press("Enter")
        expect(dialog).to_have_count(0)
        expect(here(screen)).to_contain_text(f"{name} Quintero")
        callers = card(screen, tab="Callers")
        expect(callers.get_by_text("Nobody else calls for this patient.")).to_be_visible()
        callers.get_by_label("Name").focus()
        screen.type("Nora Quintero")
        callers.get_by_label("Phone").fill(nora.phone)
        screen.press("Enter")
        expect(callers.locator("[data-caller]")).to_contain_text("Parent")
        assert screen.violations() == []
        screen.press("Escape")
        expect(callers).to_have_count(0)
    screen.press("g")
    dialog = screen.page.get_by_role("dialog", name="Several at once")
    for place in (1, 2):
        visit = dialog.get_by_role("group", name=f"Appointment {place}").get_by_label("Visit type")
        visit.select_option("paediatric_exam")
    other = dialog.get_by_role("group", name="Appointment 2").get_by_role("combobox", name="Patient")
    other.focus()
    screen.type("mia")
    expect(screen.page.get_by_role("option", name="Mia Quintero")).to_be_visible()
    screen.press("ArrowDown", "Enter")
    dialog.get_by_role("button", name="Find times").focus()
    screen.press("Enter")
    expect(dialog.get_by_role("radiogroup", name="Offers").get_by_role("radio").first).to_be_checked()
    screen.picture("call-03")
    dialog.get_by_role("button", name="Book all 2").focus()
    screen.press("Enter")
    footer(screen, "Booked:")
    ids = {each["firstName"]: each["id"] for each in told.get("/api/v2/patients", search="Quintero").json()["data"]}
    both = [row for name in ("Mia", "Leo") for row in theirs(told, ids[name])]
    assert {(row["status"], row["type"]) for row in both} == {("booked", "paediatric_exam")}
    assert len({row["groupId"] for row in both}) == 1 and both[0]["groupId"]
    screen.press("u")
    footer(screen, "Undone")
    assert {row["status"] for name in ("Mia", "Leo") for row in theirs(told, ids[name])} == {"cancelled"}
    (parent,) = told.get(f"/api/v2/patients/{ids['Mia']}/related-persons").json()["data"]
    assert (parent["name"], parent["relationship"], parent["maySchedule"]) == ("Nora Quintero", "parent", True)
    assert parent["phone"] == nora.phone


def test_4_a_move_keeps_the_appointment_and_gives_the_old_time_back(
    screen: Screen, morning: Morning, told: Caller
) -> None:
    nora = known(morning, "Nora Quintero")
    booked = taken(morning, nora, slot=4)
    (before,) = theirs(told, nora)
    known_rings(screen, nora)
    visits = card(screen, tab="Visits")
    expect(visits.get_by_role("button", name="Show in the day")).to_be_visible()
    screen.press("Tab", "Enter")
    expect(screen.page.get_by_role("button", name="Move")).to_be_focused()
    screen.press("m")
    expect(screen.page.get_by_text("Choose a free time for it")).to_be_visible()
    # The first free time is under the finger.
    expect(screen.page.locator(".slot.free").first).to_be_focused()
    screen.press("ArrowDown", "ArrowDown")
    screen.picture("call-04")
    screen.press("Enter")
    footer(screen, "Moved:")
    ends(screen, told, "moved")
    (after,) = theirs(told, nora)
    assert (after["appointmentId"], after["status"]) == (booked, "booked")
    assert (after["slotId"], after["start"]) != (before["slotId"], before["start"])
    assert "appointment.moved" in events(morning)


def test_5_why_not_tuesday_at_eight_is_said_and_the_nearest_is_taken(
    screen: Screen, morning: Morning, told: Caller
) -> None:
    nora = known(morning, "Nora Quintero")
    known_rings(screen, nora)
    screen.press("y")
    dialog = screen.page.get_by_role("dialog", name="Why not then?")
    expect(dialog.get_by_label("Practitioner")).to_be_focused()
    dialog.get_by_label("Practitioner").select_option(label="Dr Alice Lee")
    dialog.get_by_label("Day").fill(morning.tuesday.isoformat())
    dialog.get_by_label("Time").fill("20:00")
    screen.press("Enter")
    reasons = dialog.get_by_role("list", name="Why not").get_by_role("listitem")
    expect(reasons.first).to_contain_text("Dr Alice Lee is in 9:00 AM to 1:00 PM")
    nearest = dialog.get_by_role("status").get_by_role("button").first
    expect(nearest).to_be_focused()
    assert screen.violations() == []
    screen.picture("call-05")
    said = reasons.all_inner_texts()
    screen.press("Enter")
    expect(screen.page.locator(".booking")).to_contain_text("Nora Quintero")
    screen.press("b")
    footer(screen, "Booked:")
    (booked,) = theirs(told, nora)
    query = {
        "practitioner": public("pract", morning.clinic.practitioner.id),
        "type": "comprehensive_exam",
        "start": datetime.combine(morning.tuesday, time(20), morning.clinic.zone).isoformat(),
    }
    why = told.get("/api/v2/slots/why-not", **query).json()
    # The desk says it on the reader's clock; who, and how many reasons, is the same.
    assert (why["possible"], len(why["blockers"])) == (False, len(said))
    assert why["blockers"][0]["values"]["practitioner"] in said[0]
    last = datetime.combine(morning.tuesday, time(11, 30), morning.clinic.zone)
    assert datetime.fromisoformat(booked["start"]) == last


def test_6_the_wrong_patient_never_was_and_the_right_one_has_the_time(
    screen: Screen, morning: Morning, told: Caller
) -> None:
    dmitri, felix = known(morning, "Dmitri Smith"), known(morning, "Felix Smith")
    wrong = taken(morning, dmitri, slot=4, code="glasses_check")
    (before,) = theirs(told, dmitri)
    tomorrow(screen)
    dialog = appointment(screen, wrong)
    screen.press("e")
    expect(dialog.get_by_role("button", name="Enter in error")).to_be_focused()
    assert screen.violations() == []
    screen.press("Enter")
    footer(screen, "Entered in error:")
    # The time is kept under the finger; who comes is asked next.
    expect(screen.page.get_by_role("textbox", name="Find patient")).to_be_focused()
    screen.type("felix smith")
    expect(people(screen)).to_have_count(1)
    screen.press("Enter")
    expect(screen.page.locator(".booking")).to_contain_text("Book Glasses check for Felix Smith")
    screen.picture("call-06")
    screen.press("b")
    footer(screen, "Booked:")
    (never,), (booked,) = theirs(told, dmitri), theirs(told, felix)
    assert (never["status"], booked["status"]) == ("entered-in-error", "booked")
    assert (booked["slotId"], booked["type"]) == (before["slotId"], "glasses_check")
    assert {"appointment.cancelled", "appointment.noshow"}.isdisjoint(events(morning))


def test_6_kept_after_all_nothing_has_changed(screen: Screen, morning: Morning, told: Caller) -> None:
    dmitri = known(morning, "Dmitri Smith")
    booked = taken(morning, dmitri, slot=4)
    tomorrow(screen)
    dialog = appointment(screen, booked)
    screen.press("e")
    expect(dialog.get_by_role("button", name="Enter in error")).to_be_focused()
    screen.press("Tab", "Enter")
    expect(dialog.get_by_role("button", name="Move")).to_be_visible()
    assert [row["status"] for row in theirs(told, dmitri)] == ["booked"]


def test_7_who_would_come_earlier_waits_on_the_list(screen: Screen, morning: Morning, told: Caller) -> None:
    nora = known(morning, "Nora Quintero")
    booked = taken(morning, nora, slot=6)
    known_rings(screen, nora)
    waits = card(screen, tab="Waitlist")
    form = waits.get_by_role("form", name="Add to the waitlist")
    form.get_by_label("Waits for").select_option(booked)
    form.get_by_label("Part of the day").select_option("Mornings")
    form.get_by_role("button", name="Add to the waitlist").focus()
    screen.press("Enter")
    expect(waits.locator("[data-waiting]")).to_contain_text("Mornings")
    assert screen.violations() == []
    screen.picture("call-07")
    screen.press("Escape")
    expect(waits).to_have_count(0)
    ends(screen, told, "information")
    (entry,) = told.get("/api/v2/waitlist").json()["data"]
    assert (entry["patientId"], entry["appointmentId"]) == (public("pat", nora.id), booked)
    assert (entry["status"], entry["partOfDay"], entry["urgency"]) == ("waiting", "morning", "routine")


def test_8_who_reads_spanish_is_texted_in_spanish(screen: Screen, morning: Morning, told: Caller) -> None:
    if not 9 <= datetime.now(morning.clinic.zone).hour < 19:
        # At night no text goes out.
        by_day(morning.clinic)
        screen.page.reload()
        expect(screen.page.locator("[data-live=live]")).to_be_visible()
    nora = known(morning, "Nora Quintero")
    known_rings(screen, nora)
    shown = card(screen, tab="Texts and e-mail")
    shown.get_by_label("Language of messages").select_option("es")
    expect(shown.get_by_text("Saved")).to_be_visible()
    screen.press("Escape")
    expect(shown).to_have_count(0)
    choose_first(screen)
    screen.press("b")
    footer(screen, "Booked:")
    with worker(queue="notifications"):
        wait_for(lambda: texts(told, nora), what="the text")
    expect(here(screen)).not_to_contain_text("Next visit: none")
    sent = card(screen, tab="Messages").locator("[data-message=sent]")
    expect(sent).to_contain_text("su cita es el")
    assert screen.violations() == []
    screen.picture("call-08")
    (text,) = texts(told, nora)
    assert (text["kind"], text["channel"]) == ("booked", "sms")
    assert "su cita es el" in text["body"]
    assert told.get(f"/api/v2/patients/{public('pat', nora.id)}/communication").json()["language"] == "es"


def test_9_the_next_call_is_for_another_practice_and_nothing_of_this_one_stays(
    screen: Screen, morning: Morning, told: Caller, other_clinic: Clinic
) -> None:
    make_member(practice=other_clinic.practice, user=morning.clinic.agent)
    with practice_scope(other_clinic.practice.id):
        FrontDesk.objects.create(greeting="Thank you for calling Lakeside Vision. How may I help you?")
    screen.page.reload()
    expect(screen.page.locator("[data-live=live]")).to_be_visible()
    nora = known(morning, "Nora Quintero")
    known_rings(screen, nora)
    ends(screen, told, "information")
    screen.press("Control+k")
    expect(screen.page.get_by_role("dialog", name="Commands").get_by_role("textbox")).to_be_focused()
    screen.type("lakeside")
    expect(screen.page.locator("[data-action]").first).to_contain_text("Lakeside Vision")
    screen.press("Enter")
    lakeside = public("prac", other_clinic.practice.id)
    expect(screen.page.get_by_label("Practice", exact=True)).to_have_value(lakeside)
    expect(screen.page.locator("[data-live=live]")).to_be_visible()
    rings(screen, nora.phone)
    said = screen.page.get_by_role("region", name="Call", exact=True)
    expect(said).to_contain_text("Thank you for calling Lakeside Vision.")
    # Her number is nobody's here, and so is her name.
    expect(screen.page.get_by_role("textbox", name="Find patient")).to_be_focused()
    screen.type("quintero")
    expect(screen.page.get_by_text("Nobody found.")).to_be_visible()
    assert screen.violations() == []
    screen.picture("call-09")
    there = Caller(morning.clinic.agent, other_clinic.practice)
    assert there.get(f"/api/v2/patients/{public('pat', nora.id)}").status_code == 403
    (call,) = there.get("/api/v2/calls").json()["data"]
    assert (call["mine"], call["callerNumber"], call["endedAt"]) == (True, nora.phone, None)


def test_10_what_was_cancelled_is_had_back_and_no_colleague_gets_it(
    screen: Screen, morning: Morning, told: Caller
) -> None:
    nora, samuel = known(morning, "Nora Quintero"), known(morning, "Samuel Smith")
    booked = taken(morning, nora, slot=4)
    (before,) = theirs(told, nora)
    known_rings(screen, nora)
    tomorrow(screen)
    appointment(screen, booked)
    screen.press("x")
    expect(screen.page.get_by_label("Why is it cancelled?")).to_be_focused()
    screen.press("Tab", "Enter")
    footer(screen, "Cancelled:")
    screen.picture("call-10")
    wish = {"patientId": public("pat", samuel.id), "slotId": before["slotId"], "type": before["type"]}
    refused = morning.colleague.post("/api/v2/appointments", wish, key="the-time-of-nora")
    screen.press("u")
    footer(screen, "Undone")
    assert (refused.status_code, refused.json()["code"]) == (409, "slot_taken")
    (after,) = theirs(told, nora)
    assert (after["appointmentId"], after["status"], after["slotId"]) == (booked, "booked", before["slotId"])
    assert theirs(told, samuel) == []
    # It stands, so nothing was cancelled for this caller: the agent says what the call was.
    assert events(morning)[-1] != "appointment.cancelled"
