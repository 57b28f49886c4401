"""What the desk opens beside a call: the patient's card, the week, the list, worklists, commands."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Locator, Route, expect

from appointments.models import Appointment
from integrations.messaging.models import InboundMessage
from integrations.models import Message
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from patients.models import Patient
from practices.models import User
from tests.callers import Caller, public
from tests.dashboard.answering import find, looked_for, people
from tests.dashboard.browsing import Screen
from tests.factories import (
    Clinic,
    make_hold,
    make_inbound_message,
    make_member,
    make_message,
    make_patient,
    make_slots,
    tomorrow_at,
)

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


@pytest.fixture
def manager(clinic: Clinic) -> User:
    return make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER)


@pytest.fixture
def screen(chromium: Browser, url: str, manager: User) -> Iterator[Screen]:
    opened = Screen(chromium, url)
    opened.sign_in(manager)
    yield opened
    opened.close()


def card(screen: Screen) -> Locator:
    """The patient's card, opened by its key."""
    screen.press("p")
    opened = screen.page.get_by_role("dialog")
    expect(opened.get_by_role("tab", name="Visits")).to_be_visible()
    return opened


def part(opened: Locator, name: str) -> Locator:
    opened.get_by_role("tab", name=name).click()
    shown = opened.get_by_role("tabpanel", name=name)
    expect(shown.get_by_role("status", name="Loading")).to_have_count(0)
    return shown


class TestThePatientCard:
    def test_visits_to_come_and_past_lead_to_their_day(self, screen: Screen, clinic: Clinic) -> None:
        caller = Caller(clinic.agent, clinic.practice)
        caller.book(clinic, slot=0)
        caller.book(clinic, slot=4)
        with practice_scope(clinic.practice.id):
            first, other = Appointment.objects.order_by("starts_at")
            Appointment.objects.filter(id=other.id).update(status="noshow")
        find(screen, clinic.patient)
        visits = part(card(screen), "Visits")
        expect(visits.locator("[data-visit]")).to_have_count(2)
        expect(visits.locator("[data-visit]").first).to_contain_text("Booked")
        expect(visits.locator("[data-visit]").last).to_contain_text("No show")
        assert screen.violations() == []
        visits.get_by_role("button", name="Show in the day").first.click()
        # The appointment itself, and from it the card again.
        expect(screen.page.get_by_role("dialog")).to_contain_text(clinic.patient.last_name)
        expect(screen.page.locator(f'.appointment[data-start^="{first.starts_at:%Y-%m-%dT%H:%M}"]')).to_have_count(1)
        screen.press("p")
        expect(screen.page.get_by_role("dialog").get_by_role("tab", name="Visits")).to_be_visible()
        assert screen.errors == []

    def test_what_a_patient_does_not_want_is_kept(self, screen: Screen, clinic: Clinic) -> None:
        find(screen, clinic.patient)
        shown = part(card(screen), "Texts and e-mail")
        expect(shown.get_by_text("A reminder would go out as a text.")).to_be_visible()
        shown.get_by_label("Reminders").check()
        expect(shown.get_by_text("A reminder would not go out")).to_be_visible()
        shown.get_by_label("Language of messages").select_option("es")
        expect(shown.get_by_text("Saved")).to_be_visible()
        expect(shown.get_by_label("Language of messages")).to_have_value("es")
        assert screen.violations() == []
        with practice_scope(clinic.practice.id):
            patient = Patient.objects.get(id=clinic.patient.id)
        assert (patient.language, patient.declined_kinds) == ("es", ["reminder"])

    def test_messages_and_who_looked(self, screen: Screen, clinic: Clinic, manager: User) -> None:
        make_message(clinic, status="suppressed", reason="no_consent", sent_at=None)
        find(screen, clinic.patient)
        opened = card(screen)
        message = part(opened, "Messages").locator("[data-message]")
        expect(message).to_contain_text("Held back")
        expect(message).to_contain_text("they have not agreed to texts")
        trail = part(opened, "Who looked").get_by_role("table")
        expect(trail.get_by_role("row").nth(1)).to_contain_text(manager.name)
        expect(trail).to_contain_text("message.list")
        assert screen.violations() == []

    def test_a_second_record_is_merged_and_that_is_undone(self, screen: Screen, clinic: Clinic) -> None:
        patient = clinic.patient
        double = make_patient(practice=clinic.practice, phone=patient.phone, first_name=patient.first_name)
        with practice_scope(clinic.practice.id):
            Patient.objects.filter(id=double.id).update(last_name="Okafor-Bell")
        looked_for(screen, patient.last_name)
        people(screen).filter(has_not_text="Bell").first.click()
        expect(screen.page.get_by_role("region", name="Patient")).to_be_visible()
        shown = part(card(screen), "Possible second records")
        copy = shown.locator("[data-copy]")
        expect(copy).to_contain_text("Okafor-Bell")
        copy.get_by_role("button", name="Merge into this record").click()
        expect(copy).to_contain_text("Everything of")
        assert screen.violations() == []
        copy.get_by_role("button", name="Merge into this record").click()
        expect(shown.get_by_text("Merged.")).to_be_visible()
        expect(copy).to_have_count(0)
        shown.get_by_role("button", name="Undo the merge").click()
        expect(shown.get_by_text("The merge is undone.")).to_be_visible()
        expect(copy).to_have_count(1)

    def test_agents_neither_merge_nor_see_who_looked(self, chromium: Browser, url: str, clinic: Clinic) -> None:
        make_patient(practice=clinic.practice, phone=clinic.patient.phone, last_name="Okafor-Bell")
        screen = Screen(chromium, url)
        screen.sign_in(clinic.agent)
        looked_for(screen, clinic.patient.last_name)
        people(screen).filter(has_not_text="Bell").first.click()
        expect(screen.page.get_by_role("region", name="Patient")).to_be_visible()
        opened = card(screen)
        expect(opened.get_by_role("tab", name="Who looked")).to_have_count(0)
        expect(part(opened, "Possible second records")).to_contain_text("A manager can merge them.")
        expect(opened.get_by_role("button", name="Merge into this record")).to_have_count(0)
        screen.close()


class TestTheCalendar:
    def test_a_week_of_one_practitioner_moves_by_keys_and_by_hand(self, screen: Screen, clinic: Clinic) -> None:
        after = tomorrow_at("09:00", time_zone=clinic.practice.time_zone, days=2)
        make_slots(practitioner=clinic.practitioner, location=clinic.location, start=after, count=4)
        Caller(clinic.agent, clinic.practice).book(clinic, slot=0)
        page = screen.page
        screen.press("]", "v")
        expect(page.get_by_role("heading", level=2)).to_contain_text("Week of")
        days = page.locator(".column")
        booked = page.locator(".appointment")
        expect(booked).to_have_count(1)
        assert screen.violations() == []
        # On Saturdays its neighbour stands in the next week.
        if days.count() == 2:
            booked.drag_to(days.last.locator(".slot.free").first)
            expect(page.locator("footer")).to_contain_text("Moved:")
            expect(days.last.locator(".appointment")).to_have_count(1)
            screen.press("u")
            expect(days.first.locator(".appointment")).to_have_count(1)
        # What a colleague does is seen here, too.
        colleague = Caller(make_member(practice=clinic.practice), clinic.practice)
        assert colleague.book(clinic, slot=4).status_code == 201
        expect(booked).to_have_count(2)
        screen.press("]")
        expect(booked).to_have_count(0)
        assert screen.errors == []

    def test_who_is_overbooked_stands_beside_whom_the_time_is_given_to(
        self, screen: Screen, clinic: Clinic, manager: User
    ) -> None:
        caller = Caller(manager, clinic.practice)
        slot = public("slot", clinic.slots[0].id)
        wish = {"patientId": public("pat", clinic.patient.id), "slotId": slot, "type": clinic.exam.code}
        caller.book(clinic, slot=0)
        answer = caller.post("/api/v2/overbookings", {**wish, "reason": "cannot_wait"}, key="a-key")
        screen.page.get_by_role("button", name="Next day").click()
        beside = screen.page.locator(f"[data-appointment={answer.json()['appointmentId']}]")
        expect(beside).to_contain_text("Overbooked")
        other = screen.page.locator(".appointment:not(.overbooked)")
        shown, covered = beside.bounding_box(), other.bounding_box()
        assert shown and covered and shown["x"] > covered["x"] + 20
        assert screen.violations() == []

    def test_the_day_as_a_list_and_on_paper(self, screen: Screen, clinic: Clinic) -> None:
        caller = Caller(clinic.agent, clinic.practice)
        caller.book(clinic, slot=4)
        caller.book(clinic, slot=0)
        page = screen.page
        screen.press("]", "v", "v")
        rows = page.locator("tr[data-appointment]")
        expect(rows).to_have_count(2)
        expect(rows.first).to_contain_text("9:00 AM")
        expect(rows.first).to_contain_text("Dr Alice Lee")
        assert screen.violations() == []
        rows.first.get_by_role("button").click()
        expect(page.get_by_role("dialog")).to_contain_text(clinic.patient.last_name)
        page.keyboard.press("Escape")
        page.emulate_media(media="print")
        expect(rows.first).to_be_visible()
        for gone in (".callbar", "footer", "section[aria-label='New call']"):
            expect(page.locator(gone)).to_be_hidden()
        page.emulate_media(media="screen")
        screen.press("v")
        page.emulate_media(media="print")
        expect(page.locator(".appointment")).to_have_count(2)
        expect(page.locator(".board-head button").first).to_be_hidden()


class TestTheWorklists:
    def test_what_patients_wrote_is_taken_and_handled(self, screen: Screen, clinic: Clinic) -> None:
        make_inbound_message(clinic, body="Can I come later?")
        page = screen.page
        screen.press("w")
        written = page.locator("[data-inbound=open]")
        expect(written).to_contain_text("Can I come later?")
        assert screen.violations() == []
        written.get_by_role("button", name="I see to it").click()
        expect(written).to_contain_text("taken by")
        written.get_by_role("button", name=clinic.patient.last_name).click()
        expect(page.get_by_role("region", name="Patient")).to_contain_text(clinic.patient.last_name)
        written.get_by_role("button", name="Handled").click()
        expect(page.get_by_text("Nothing here.")).to_be_visible()
        with practice_scope(clinic.practice.id):
            assert InboundMessage.objects.get().status == "handled"
        page.get_by_label("Show what was handled").check()
        page.get_by_role("button", name="Open again").click()
        expect(page.get_by_text("Nothing here.")).to_be_visible()
        assert screen.errors == []

    def test_what_patients_wrote_is_answered_by_enter_once(self, screen: Screen, clinic: Clinic) -> None:
        make_inbound_message(clinic, body="Can I come later?")
        with practice_scope(clinic.practice.id):
            Patient.objects.filter(id=clinic.patient.id).update(sms_consent=False, sms_consent_at=None)
        page = screen.page
        screen.press("w")
        written = page.locator("[data-inbound=open]")
        written.get_by_role("button", name="Answer").click()
        expect(written.locator("[data-said=in]")).to_contain_text("Can I come later?")
        assert screen.violations() == []
        field = written.get_by_label("Your answer")
        # Whoever asked for it writes at once: elsewhere these letters are the desk's keys.
        expect(field).to_be_focused()
        screen.type("Of course, until five.")
        screen.press("Enter")
        expect(written.get_by_role("alert")).to_be_visible()
        expect(field).to_have_value("Of course, until five.")
        with practice_scope(clinic.practice.id):
            assert not Message.objects.filter(kind="reply").exists()
            Patient.objects.filter(id=clinic.patient.id).update(sms_consent=True, sms_consent_at=datetime.now(UTC))
        field.press("Shift+Enter")
        field.press_sequentially("See you")
        field.press("Enter")
        expect(field).to_have_value("")
        expect(written.locator("[data-said=out]")).to_contain_text("See you")
        with practice_scope(clinic.practice.id):
            assert [each.body for each in Message.objects.filter(kind="reply")] == [
                f"{clinic.practice.name}: Of course, until five.\nSee you"
            ]
        with practice_scope(clinic.practice.id):
            Message.objects.filter(kind="reply").update(status="sent", sent_at=datetime.now(UTC), receipt="undelivered")
        expect(written.locator("[data-state=reply_failed]")).to_contain_text("not delivered")

    def test_who_is_to_be_called_and_what_is_being_offered(self, screen: Screen, clinic: Clinic) -> None:
        caller = Caller(clinic.agent, clinic.practice)
        caller.book(clinic, slot=0)
        make_hold(clinic.slots[4], holder=clinic.agent)
        page = screen.page
        screen.press("w")
        page.get_by_role("tab", name="To confirm").click()
        rows = page.locator("tr[data-appointment]")
        expect(rows).to_have_count(1)
        rows.get_by_role("button", name="Call").click()
        expect(page.get_by_role("region", name="Patient")).to_contain_text(clinic.patient.last_name)
        page.get_by_role("tab", name="Offers under way").click()
        expect(page.locator("tr[data-hold]")).to_contain_text(f"Held by {clinic.agent.name}")
        assert screen.violations() == []
        # Missed meanwhile: the list hears of it.
        page.get_by_role("tab", name="Missed visits").click()
        expect(page.get_by_text("Nothing to do here.")).to_be_visible()
        screen.press("w")
        expect(page.get_by_role("heading", level=2)).not_to_have_text("Worklists")


def command(screen: Screen, text: str) -> None:
    """What is found by these letters, chosen by Enter."""
    screen.page.keyboard.press("Control+k")
    expect(screen.page.get_by_role("dialog", name="Commands").get_by_role("textbox")).to_be_focused()
    screen.type(text)
    expect(screen.page.locator("[data-action]").first).to_contain_text(re.compile(text, re.IGNORECASE))
    screen.press("Enter")


class TestThePalette:
    def test_commands_screens_and_patients_are_found_by_name(self, screen: Screen, clinic: Clinic) -> None:
        page = screen.page
        command(screen, "worklists")
        expect(page.get_by_role("heading", level=2)).to_have_text("Worklists")
        command(screen, clinic.patient.last_name.lower())
        expect(page.get_by_role("region", name="Patient")).to_contain_text(clinic.patient.last_name)
        command(screen, "find pat")
        expect(page.get_by_role("textbox", name="Find patient")).to_be_focused()
        page.keyboard.press("Control+k")
        expect(page.get_by_role("dialog")).to_contain_text("Next available")
        assert screen.violations() == []
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        command(screen, "bulk texts")
        expect(page.get_by_role("heading", level=2, name="Bulk texts")).to_be_visible()
        assert screen.errors == []

    def test_it_works_where_single_keys_are_off(self, screen: Screen) -> None:
        page = screen.page
        screen.press("?")
        page.get_by_role("switch", name="Single-key shortcuts").uncheck()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        screen.press("w")
        expect(page.get_by_role("heading", level=2)).not_to_have_text("Worklists")
        command(screen, "worklists")
        expect(page.get_by_role("heading", level=2)).to_have_text("Worklists")


class TestEveryState:
    def test_without_a_connection_what_is_done_waits_and_is_sent_or_given_up(
        self, screen: Screen, clinic: Clinic
    ) -> None:
        page = screen.page
        for send in (False, True):
            find(screen, clinic.patient)
            screen.press("n")
            expect(page.locator(".offer").first).to_be_focused()
            screen.press("Enter")
            screen.context.set_offline(True)
            notices = page.locator(".notices")
            expect(notices).to_contain_text("No connection.")
            screen.press("b")
            expect(notices).to_contain_text("Not sent yet")
            assert screen.violations() == []
            if not send:
                notices.get_by_role("button", name="Do not send it").click()
            screen.context.set_offline(False)
            expect(notices).not_to_contain_text("Not sent yet")
            if send:
                expect(page.locator("footer")).to_contain_text("Booked:")
            with practice_scope(clinic.practice.id):
                assert Appointment.objects.count() == int(send)

    def test_a_session_that_is_about_to_end_is_said_in_time(self, screen: Screen) -> None:
        page = screen.page

        def soon(route: Route) -> None:
            answer = route.fetch()
            route.fulfill(response=answer, json={**answer.json(), "sessionEndsIn": 300})

        page.route("**/api/auth/refresh", soon)
        page.reload()
        notice = page.locator(".notices")
        expect(notice).to_contain_text("Your session ends at")
        assert screen.violations() == []
        notice.get_by_role("button", name="Sign in again now").click()
        expect(page.get_by_label("E-mail")).to_be_visible()

    def test_at_200_percent_nothing_is_cut_off_and_nothing_moves_by_itself(
        self, chromium: Browser, url: str, clinic: Clinic
    ) -> None:
        # At 200 % a screen of 1280 by 800 has the room of half of that.
        small = Screen(chromium, url, viewport={"width": 640, "height": 400}, reduced_motion="reduce")
        small.sign_in(clinic.agent)
        page = small.page
        for keys in ("]", "v", "v", "w"):
            small.press(keys)
            expect(page.get_by_role("heading", level=2)).to_be_visible()
            expect(page.get_by_role("status", name="Loading")).to_have_count(0)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), keys
        find(small, clinic.patient)
        opened = card(small)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        moving = "document.getAnimations().filter(each => each.playState === 'running').length"
        opened.get_by_role("tab", name="Possible second records").click()
        assert page.evaluate(moving) == 0
        small.close()


def test_at_1280_the_call_bar_takes_one_line(screen: Screen) -> None:
    for language in ("en", "es"):
        screen.page.get_by_role("combobox", name="Language").or_(screen.page.get_by_label("Idioma")).select_option(
            language
        )
        height = screen.page.evaluate("document.querySelector('.callbar').getBoundingClientRect().height")
        assert height < 60, language
