"""What managers write for their practice, and whom everybody sees on the way: messages, the protocol, home visits."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from playwright.sync_api import Browser, Locator, expect

from integrations.models import MessageTemplate
from mybcat.ids import public_id
from mybcat.principal import Role
from mybcat.tenancy import practice_scope
from practices.models import Practitioner, ProtocolVersion, User
from realtime.models import Visit
from tests.callers import Caller
from tests.dashboard.browsing import Screen
from tests.factories import Clinic, make_member, make_protocol, make_template, make_visit, optometry
from tests.realtime.test_positions import says
from tests.realtime.watcher import Watcher

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


@pytest.fixture
def manager(clinic: Clinic) -> User:
    return make_member(practice=clinic.practice, role=Role.PRACTICE_MANAGER)


@pytest.fixture
def screen(chromium: Browser, url: str, manager: User) -> Iterator[Screen]:
    opened = Screen(chromium, url)
    opened.sign_in(manager)
    opened.page.get_by_role("link", name="Manage").click()
    yield opened
    opened.close()


def go_to(screen: Screen, name: str) -> None:
    screen.page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
    expect(screen.page.get_by_role("heading", level=2, name=name)).to_be_visible()


def templates(clinic: Clinic) -> dict[str, str]:
    with practice_scope(clinic.practice.id):
        return {f"{row.kind}.{row.channel}.{row.language}": row.body for row in MessageTemplate.objects.all()}


def versions(clinic: Clinic) -> list[ProtocolVersion]:
    with practice_scope(clinic.practice.id):
        return list(ProtocolVersion.objects.order_by("number"))


class TestMessages:
    def test_a_message_is_worded_tried_out_saved_and_given_up(self, screen: Screen, clinic: Clinic) -> None:
        page = screen.page
        go_to(screen, "Messages to patients")
        page.get_by_role("button", name="Edit: An appointment is booked, Text message").press("Enter")
        words, reads = page.get_by_label("Words"), page.get_by_role("region", name="How it reads")
        expect(reads).to_contain_text(f"{clinic.practice.name}: your appointment is booked for")
        expect(page.get_by_role("button", name="Save")).to_be_disabled()

        words.fill("See you on {date} at {tiem}.")
        expect(page.get_by_text("{tiem} cannot be filled in.")).to_be_visible()
        expect(reads).to_contain_text("This is how it read before.")
        words.fill("See you on {date}.")
        expect(page.get_by_text("Say who writes: put {practice} in.")).to_be_visible()
        expect(page.get_by_role("button", name="Save")).to_be_disabled()

        words.fill("")
        page.get_by_role("button", name="{practice}", exact=True).press("Enter")
        page.keyboard.type(": see you, dear ñandú €. ")
        expect(reads).to_contain_text(f"{clinic.practice.name}: see you, dear ñandú €.")
        expect(reads).to_contain_text("1 text message (UCS-2")
        assert screen.violations() == []
        assert templates(clinic) == {}
        page.get_by_role("button", name="Save").press("Enter")
        expect(page.get_by_text("Saved. It is sent from now on.")).to_be_visible()
        assert templates(clinic) == {"booked.sms.en": "{practice}: see you, dear ñandú €."}

        page.get_by_role("button", name="Back to the platform's words").click()
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        assert len(templates(clinic)) == 1
        page.get_by_role("button", name="Back to the platform's words").click()
        page.get_by_role("dialog").get_by_role("button", name="Back to the platform's words").click()
        expect(page.get_by_role("table", name="Messages to patients")).to_be_visible()
        expect(page.get_by_text("Your own")).to_have_count(0)
        assert templates(clinic) == {}
        assert screen.errors == []

    def test_an_e_mail_in_spanish_has_a_subject_and_what_is_not_saved_is_not_lost_unasked(
        self, screen: Screen, clinic: Clinic
    ) -> None:
        make_template(practice=clinic.practice, kind="moved", language="es", body="{practice}: su cita cambia.")
        page = screen.page
        go_to(screen, "Messages to patients")
        page.get_by_text("Spanish", exact=True).click()
        expect(page.get_by_role("row", name="It is moved").get_by_text("Your own")).to_have_count(1)
        page.get_by_role("button", name="Edit: It is moved, E-mail").click()
        page.get_by_label("Subject").fill("{date}")
        expect(page.get_by_text("{date} cannot be filled in. Known: {practice}")).to_be_visible()
        page.get_by_label("Subject").fill("")
        expect(page.get_by_text("An e-mail needs a subject.")).to_be_visible()
        page.get_by_label("Subject").fill("{practice}: su visita")
        expect(page.get_by_role("region", name="How it reads")).to_contain_text(f"{clinic.practice.name}: su visita")
        page.get_by_role("button", name="All messages").click()
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        expect(page.get_by_label("Subject")).to_have_value("{practice}: su visita")
        page.get_by_role("button", name="All messages").click()
        page.get_by_role("button", name="Leave without saving").click()
        expect(page.get_by_role("table", name="Messages to patients")).to_be_visible()
        assert templates(clinic) == {"moved.sms.es": "{practice}: su cita cambia."}

    def test_what_the_server_refuses_stands_at_its_field(self, screen: Screen, clinic: Clinic) -> None:
        page = screen.page
        go_to(screen, "Messages to patients")
        page.get_by_role("button", name="Edit: It comes near: the reminder, Text message").click()
        page.get_by_label("Words").fill("{practice}: a\tb")
        expect(page.get_by_label("Words")).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_text("Control characters are not allowed")).to_be_visible()
        screen.errors = [error for error in screen.errors if "400" not in error]
        assert screen.errors == []


class TestProtocol:
    def test_a_draft_is_begun_and_changed(self, screen: Screen, clinic: Clinic) -> None:
        page = screen.page
        go_to(screen, "Protocol")
        expect(page.get_by_text("asks by the platform's protocol")).to_be_visible()
        page.get_by_role("button", name="Start a draft").press("Enter")
        expect(page.get_by_role("heading", level=2, name="Version 1")).to_be_visible()
        (draft,) = versions(clinic)

        # A question that no outcome asks about may go; others say who does.
        page.get_by_role("button", name="1. Is anything wrong").click()
        expect(page.get_by_role("button", name="Remove", exact=True)).to_be_disabled()
        page.get_by_role("button", name="Add a question").press("Enter")
        question = page.get_by_label("Question (English)")
        expect(question).to_be_focused()
        expect(page.get_by_text("Write it in English.")).to_be_visible()
        expect(page.get_by_role("button", name="Save draft")).to_be_disabled()
        question.fill("Do you have a pacemaker?")
        page.get_by_label("Question (Spanish)").fill("¿Lleva marcapasos?")

        page.get_by_role("tab", name="Outcomes").click()
        page.get_by_role("button", name="Add an outcome").click()
        page.get_by_label("Name", exact=False).fill("Pace Maker")
        page.get_by_label("Question", exact=True).select_option(label="Do you have a pacemaker?")
        page.get_by_label("Urgency").first.select_option("urgent")
        page.get_by_label("What to tell the patient (English)").first.fill("Bring your card.")
        page.get_by_role("button", name="Move up").focus()
        for _ in range(3):
            page.keyboard.press("Enter")
            expect(page.get_by_role("button", name="Move up")).to_be_focused()
        assert screen.violations() == []
        page.get_by_role("button", name="Save draft").press("Enter")
        expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
        (draft,) = versions(clinic)
        names = [rule["id"] for rule in draft.definition["rules"]]
        assert names.index("pace_maker") == len(names) - 4
        assert draft.definition["rules"][-4]["when"] == {"question": "question", "is": True}
        assert draft.definition["rules"][-4]["outcome"]["urgency"] == "urgent"

        # Examples that went past it now wait for its question, and say so.
        page.get_by_role("tab", name="Examples").click()
        expect(page.locator("[data-passed=false]").first).to_be_visible()
        assert screen.errors == []

    def test_what_fails_is_not_published_and_what_is_published_is_only_read(
        self, screen: Screen, clinic: Clinic
    ) -> None:
        content, examples = optometry()
        examples[0]["expects"]["rule"] = "injury"
        make_protocol(practice=clinic.practice, definition=content, examples=examples)
        page = screen.page
        go_to(screen, "Protocol")
        page.get_by_role("button", name="Go on with the draft").click()
        page.get_by_role("tab", name="Examples").click()
        expect(page.get_by_text(f"Examples that fail: 1 of {len(examples)}")).to_be_visible()
        page.get_by_role("button", name="Publish", exact=True).click()
        expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("These examples fail")
        expect(page.get_by_role("dialog").get_by_role("button", name="Publish")).to_be_disabled()
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        page.get_by_role("button", name="1. Chemical splash").click()
        expect(page.get_by_text("What came of it instead:")).to_contain_text("Chemical")
        page.get_by_label("Decided by, or asked next").select_option("chemical")
        page.get_by_role("button", name="Save draft").click()
        expect(page.get_by_text("All examples come out")).to_be_visible()
        assert screen.violations() == []

        page.get_by_role("button", name="Publish", exact=True).click()
        page.get_by_label("Later").check()
        page.get_by_role("textbox", name="Day").fill("2030-01-02")
        page.get_by_role("dialog").get_by_role("button", name="Publish").press("Enter")
        expect(page.get_by_role("table", name="Protocol")).to_contain_text("Comes into force")
        (published,) = versions(clinic)
        assert published.status == "published"
        assert published.effective_from == datetime(2030, 1, 2, 8, tzinfo=clinic.zone)

        page.get_by_role("button", name="Version 1").click()
        expect(page.get_by_text("It can be read and not changed")).to_be_visible()
        for name in ("Save draft", "Publish", "Discard draft", "Add a question"):
            expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
        page.get_by_role("button", name="1. Is anything wrong").click()
        expect(page.get_by_label("Question (English)")).to_be_disabled()
        assert screen.errors == []

    def test_an_example_and_a_nested_condition(self, screen: Screen, clinic: Clinic) -> None:
        make_protocol(practice=clinic.practice)
        with practice_scope(clinic.practice.id):
            lee = public_id("pract", Practitioner.objects.get().id)
        page = screen.page
        go_to(screen, "Protocol")
        page.get_by_role("button", name="Go on with the draft").click()
        page.get_by_role("tab", name="Outcomes").click()
        page.get_by_role("button", name="1. Chemical").click()
        page.get_by_label("How answers are put together").select_option("all")
        page.get_by_role("button", name="Add a condition").click()
        second = page.get_by_role("group", name="Condition 2")
        second.get_by_label("Question", exact=True).select_option("age")
        expect(second.get_by_label("At least")).to_have_value("0")
        second.get_by_label("At least").fill("")
        expect(page.get_by_text("Give a lower or an upper bound.")).to_be_visible()
        second.get_by_label("Below").fill("90")
        page.get_by_label("Practitioners").first.click()
        page.get_by_role("option", name="Dr Alice Lee").click()
        page.keyboard.press("Escape")

        page.get_by_role("tab", name="Examples").click()
        expect(page.get_by_text("Save the draft to see")).to_be_visible()
        page.get_by_role("button", name="Add an example").click()
        page.get_by_label("What it is an example of").fill("A child's splash")
        page.get_by_role("checkbox", name="A chemical splashed into the eye").check()
        page.get_by_role("textbox", name="How old is the patient?").fill("9")
        page.get_by_label("Decided by, or asked next").select_option("chemical")
        page.get_by_role("button", name="Save draft").click()
        expect(page.get_by_role("button", name="A child's splash").locator("[data-passed=true]")).to_be_visible()
        (draft,) = versions(clinic)
        assert draft.definition["rules"][0]["when"] == {
            "all": [{"question": "symptoms", "anyOf": ["chemical"]}, {"question": "age", "below": 90}]
        }
        assert draft.definition["rules"][0]["outcome"]["practitioners"] == [lee]
        assert draft.examples[-1] == {
            "name": "A child's splash",
            "answers": {"symptoms": ["chemical"], "age": 9},
            "expects": {"rule": "chemical", "urgency": "emergency", "appointmentType": "urgent_visit"},
        }
        assert screen.errors == []

    def test_a_draft_is_discarded_and_what_is_not_saved_is_asked_about(self, screen: Screen, clinic: Clinic) -> None:
        make_protocol(practice=clinic.practice)
        page = screen.page
        go_to(screen, "Protocol")
        page.get_by_role("button", name="Version 1").click()
        page.get_by_role("button", name="Add a question").click()
        page.get_by_role("button", name="All versions").click()
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        page.get_by_role("button", name="Discard draft").click()
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        assert len(versions(clinic)) == 1
        page.get_by_role("button", name="Discard draft").click()
        page.get_by_role("dialog").get_by_role("button", name="Discard draft").click()
        expect(page.get_by_role("button", name="Start a draft")).to_be_visible()
        assert versions(clinic) == []

    def test_a_practice_with_a_protocol_of_its_own_can_go_back_to_the_platforms(
        self, screen: Screen, clinic: Clinic
    ) -> None:
        content, examples = optometry()
        own = {**content, "rules": content["rules"][:2]}
        begun = datetime(2026, 1, 1, tzinfo=clinic.zone)
        make_protocol(practice=clinic.practice, definition=own, examples=examples[:2], effective_from=begun)
        go_to(screen, "Protocol")
        expect(screen.page.get_by_role("table", name="Protocol")).to_contain_text("In force")
        screen.page.get_by_role("button", name="Start from the platform's").click()
        expect(screen.page.get_by_role("tab", name=f"Outcomes ({len(content['rules']) + 1})")).to_be_visible()
        assert versions(clinic)[1].definition == content

    def test_a_failure_keeps_what_was_written(self, screen: Screen, clinic: Clinic) -> None:
        make_protocol(practice=clinic.practice)
        page = screen.page
        go_to(screen, "Protocol")
        page.get_by_role("button", name="Go on with the draft").click()
        page.get_by_role("button", name="1. Is anything wrong").click()
        page.get_by_label("Question (English)").fill("What is wrong?")
        page.route("**/api/v2/protocol-versions/*", lambda route: route.fulfill(status=503))
        page.get_by_role("button", name="Save draft").click()
        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.get_by_label("Question (English)")).to_have_value("What is wrong?")
        page.unroute("**/api/v2/protocol-versions/*")
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
        assert versions(clinic)[0].definition["questions"][0]["text"]["en"] == "What is wrong?"


class TestHomeVisits:
    @pytest.fixture
    def driver(self, clinic: Clinic) -> Caller:
        user = make_member(practice=clinic.practice, role=Role.PRACTITIONER)
        with practice_scope(clinic.practice.id):
            Practitioner.objects.filter(id=clinic.practitioner.id).update(user=user)
        return Caller(user, clinic.practice)

    @pytest.fixture
    def device(self, url: str, driver: Caller) -> Iterator[Watcher]:
        with Watcher(int(url.rsplit(":", 1)[1]) + 1, driver, origin=url) as opened:
            opened.hears()
            yield opened

    def test_an_agent_sees_a_clinician_come_near(
        self, chromium: Browser, url: str, clinic: Clinic, driver: Caller, device: Watcher
    ) -> None:
        visit: Visit = make_visit(clinic, status="under_way", destination_latitude=40.75, destination_longitude=-74.0)
        agent = Screen(chromium, url)
        agent.sign_in(clinic.agent)
        page = agent.page
        page.get_by_role("link", name="Messages").click()
        go_to(agent, "Home visits")
        row = page.get_by_role("row", name="Dr Alice Lee")
        expect(row).to_contain_text("On the way")
        expect(page.get_by_text("Nobody has told a position yet")).to_be_visible()
        expect(page.locator("main [data-live=live]")).to_be_visible()
        elsewhere: list[str] = []
        page.on("request", lambda request: None if url in request.url else elsewhere.append(request.url))

        says(device, visit, lat=40.72)
        expect(row).to_contain_text("10 min")
        dot = page.locator("[data-clinician='Dr Alice Lee'] circle")
        expect(dot).to_be_visible()
        expect(page.get_by_role("img", name="Plan of where clinicians are, north up: 1 Dr Alice Lee")).to_be_visible()
        assert agent.violations() == []
        page.wait_for_timeout(1100)
        before = _height(dot)
        says(device, visit, lat=40.745)
        expect(row).to_contain_text("2 min")
        # Further north, and so higher; both points of the way are on the plan.
        assert _height(dot) < before
        assert len((page.locator(".plan-trail").get_attribute("points") or "").split()) == 2

        path = f"/api/v2/visits/{public_id('visit', visit.id)}/status"
        assert driver.post(path, {"status": "arrived"}).status_code == 200
        expect(row).to_contain_text("There")
        assert driver.post(path, {"status": "done"}).status_code == 200
        expect(page.get_by_text("No home visit today.")).to_be_visible()
        assert (elsewhere, agent.errors) == ([], [])
        agent.close()

    def test_a_failure_says_what_to_do(self, screen: Screen) -> None:
        page = screen.page
        page.route("**/api/v2/visits*", lambda route: route.fulfill(status=503))
        go_to(screen, "Home visits")
        expect(page.get_by_role("alert")).to_be_visible()
        page.unroute("**/api/v2/visits*")
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_text("No home visit today.")).to_be_visible()


@pytest.mark.parametrize("path", ["templates", "protocols"])
def test_messages_and_the_protocol_are_for_managers(chromium: Browser, url: str, clinic: Clinic, path: str) -> None:
    agent = Screen(chromium, url)
    agent.sign_in(clinic.agent)
    agent.page.goto(f"{url}/manage/{path}")
    expect(agent.page.get_by_role("alert")).to_contain_text("Your role does not include this.")
    agent.close()


def _height(dot: Locator) -> float:
    return float(dot.get_attribute("cy") or 0)
