"""What tests need to exist, made through the models and with nothing hidden."""

import itertools
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from argon2 import PasswordHasher

from appointments.blocks.models import AppointmentBlock, AppointmentCap
from appointments.calls.models import Call, CallAct
from appointments.groups.models import AppointmentGroup
from appointments.models import Appointment, HeldTime, Hold, Slot
from appointments.waitlist.models import WaitlistEntry, WaitlistOffer, WaitlistOpening
from integrations.clients.models import ApiClient
from integrations.clients.scopes import CLIENT_SCOPES
from integrations.clients.services import add_certificate, create_client
from integrations.models import (
    CalendarFeed,
    CrmConnection,
    DailyCount,
    Import,
    InboundMessage,
    Message,
    MessageTemplate,
    MessagingConnection,
    Notice,
    WebhookEndpoint,
)
from integrations.webhooks.signing import new_secret
from mybcat.events import EventType, publish
from mybcat.ids import new_uuid, public_id
from mybcat.models import Delivery, DeliveryAttempt, Event
from mybcat.operators.trace import Operator
from mybcat.principal import Principal, Role
from mybcat.tenancy import practice_scope
from patients.models import Patient, PatientMerge, RelatedPerson
from practices.models import (
    FOREVER,
    AppointmentType,
    Location,
    Membership,
    Practice,
    Practitioner,
    ProtocolVersion,
    TimeOff,
    User,
    WorkingHours,
)
from practices.protocols import definition
from practices.resources.models import Resource
from realtime.models import Visit
from tests.certificates import Issued, issued

PASSWORD = "correct horse battery"
# The least that Argon2 takes.
CHEAP = {"time_cost": 1, "memory_cost": 8, "parallelism": 1}
_numbers = itertools.count(1)


@dataclass
class Clinic:
    """A practice with one of everything."""

    practice: Practice
    location: Location
    practitioner: Practitioner
    exam: AppointmentType
    patient: Patient
    agent: User
    slots: list[Slot]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.location.time_zone)

    @property
    def principal(self) -> Principal:
        """The agent as a service sees her."""
        return Principal.member(
            user_id=self.agent.id,
            practice_id=self.practice.id,
            role=Role.SCHEDULING_AGENT,
            plan=self.practice.plan,
            entitled_until=self.practice.entitled_until,
            time_zone=self.practice.time_zone,
            session_id=None,
        )


def make_practice(
    *, name: str = "Bright Eyes Optometry", time_zone: str = "America/New_York", **fields: Any
) -> Practice:
    # Tests book at times of their own, long after a trial would have ended.
    practice = Practice(
        name=name, time_zone=time_zone, **{"trial_ends_at": FOREVER, "entitled_until": FOREVER, **fields}
    )
    with practice_scope(practice.id):
        practice.save()
    return practice


@cache
def hashed_password() -> str:
    """PASSWORD as the product keeps it, but in a thousandth of the time: Argon2's cost stands in the hash itself."""
    return "argon2" + PasswordHasher(**CHEAP).hash(PASSWORD)


def make_user(*, email: str | None = None, **fields: Any) -> User:
    number = next(_numbers)
    fields = {"name": f"User {number}", "password": hashed_password(), **fields}
    return User.objects.create(email=email or f"user{number}@mybcat.example", **fields)


def make_member(*, practice: Practice, user: User | None = None, role: Role = Role.SCHEDULING_AGENT) -> User:
    user = user or make_user()
    with practice_scope(practice.id):
        Membership.objects.create(user=user, role=role)
    return user


def make_invited(clinic: Clinic, **fields: Any) -> Membership:
    """Somebody who has no password yet."""
    user = User.objects.create_user(f"invited{next(_numbers)}@mybcat.example", name="Invited")
    made = {"role": Role.SCHEDULING_AGENT, "invited_at": datetime.now(UTC), **fields}
    with practice_scope(clinic.practice.id):
        return Membership.objects.create(user=user, **made)


def _phone() -> str:
    """A number of New York's. More tests than numbers: they come round."""
    return f"+1212555{next(_numbers) % 10_000:04d}"


def make_patient(*, practice: Practice, **fields: Any) -> Patient:
    fields = {
        "first_name": "Ada",
        "last_name": "Okafor",
        "date_of_birth": date(1984, 3, 9),
        "phone": _phone(),
        "email": "ada@patients.example",
        "insurance_provider": "VSP",
        "sms_consent": True,
        "sms_consent_at": datetime(2026, 1, 1, tzinfo=UTC),
        **fields,
    }
    with practice_scope(practice.id):
        return Patient.objects.create(**fields)


def make_hours(clinic: Clinic, **fields: Any) -> WorkingHours:
    """The practitioner's Monday morning; no slots come of it."""
    fields = {"weekday": 0, "starts": time(9), "ends": time(12), "valid_from": date(2026, 1, 1), **fields}
    with practice_scope(clinic.practice.id):
        return WorkingHours.objects.create(practitioner=clinic.practitioner, location=clinic.location, **fields)


def make_time_off(clinic: Clinic, **fields: Any) -> TimeOff:
    """The practitioner's next Christmas but one, and nothing is closed by it."""
    start = datetime(datetime.now(UTC).year + 1, 12, 25, 5, tzinfo=UTC)
    made = {
        "practitioner": clinic.practitioner, "starts_at": start, "ends_at": start + timedelta(days=1),
        "reason": "vacation", **fields,
    }  # fmt: skip
    with practice_scope(clinic.practice.id):
        return TimeOff.objects.create(**made)


def make_feed(clinic: Clinic, **fields: Any) -> CalendarFeed:
    """Of the clinic's practitioner."""
    fields = {"shows_patients": False, "created_at": datetime.now(UTC), "created_by": new_uuid(), **fields}
    with practice_scope(clinic.practice.id):
        return CalendarFeed.objects.create(practitioner=clinic.practitioner, **fields)


def make_import(*, practice: Practice, **fields: Any) -> Import:
    """A file with a bad line."""
    fields = {"kind": "patients", "status": "failed", "code": "invalid_lines", "ended_at": datetime.now(UTC), **fields}
    with practice_scope(practice.id):
        return Import.objects.create(
            dry_run=True, dates="iso", even_if_alike=False, lines=1, errors=[[2, "phone", "bad_phone"]],
            principal_kind="member", principal_id=new_uuid(), created_at=datetime.now(UTC), **fields,
        )  # fmt: skip


def make_related_person(*, patient: Patient, **fields: Any) -> RelatedPerson:
    fields = {"name": "Uche Okafor", "relationship": "parent", "phone": _phone(), **fields}
    with practice_scope(patient.practice_id):
        return RelatedPerson.objects.create(patient=patient, **fields)


def make_merge(*, practice: Practice) -> PatientMerge:
    """Of two new patients."""
    kept, merged = make_patient(practice=practice), make_patient(practice=practice)
    with practice_scope(practice.id):
        Patient.objects.filter(id=merged.id).update(merged_into=kept)
        return PatientMerge.objects.create(
            kept=kept, merged=merged, moved={}, merged_at=datetime.now(UTC), merged_by=new_uuid()
        )


def make_type(*, practice: Practice, **fields: Any) -> AppointmentType:
    number = next(_numbers)
    fields = {"code": f"type_{number}", "name": f"Type {number}", "duration_minutes": 15, **fields}
    with practice_scope(practice.id):
        return AppointmentType.objects.create(**fields)


def make_api_client(*, practice: Practice, **fields: Any) -> tuple[ApiClient, str | None]:
    """An API client with all scopes, as an operator makes one, and its secret."""
    made: Any = {"name": f"Partner {next(_numbers)}", "scopes": list(CLIENT_SCOPES), **fields}
    with practice_scope(practice.id):
        return create_client(fields=made, by=Operator(new_uuid()), now=datetime.now(UTC))


def make_bound_client(*, practice: Practice) -> ApiClient:
    """An API client that must come with the certificate `issued("partner")`."""
    client, _ = make_api_client(practice=practice)
    return bind_client(client, issued("partner"))


def bind_client(client: ApiClient, certificate: Issued) -> ApiClient:
    with practice_scope(client.practice_id):
        by, now = Operator(new_uuid()), datetime.now(UTC)
        return add_certificate(client_id=client.id, pem=certificate.pem, by=by, now=now)


def make_customer(*, practice: Practice, customer: str = "cus_1") -> str:
    """What Stripe calls the practice."""
    with practice_scope(practice.id):
        Practice.objects.update(stripe_customer_id=customer)
    return customer


def make_crm_connection(*, practice: Practice, **fields: Any) -> CrmConnection:
    """A connection that shares all there is to share, by the token that the stand-in takes."""
    terms = {
        "access_token": "pat-na1-good-token",
        "business_associate_agreement": True,
        "share_name": True,
        "share_email": True,
        "share_phone": True,
        "created_at": datetime.now(UTC),
        **fields,
    }
    with practice_scope(practice.id):
        return CrmConnection.objects.create(**terms)


def make_daily_count(*, practice: Practice, **fields: Any) -> DailyCount:
    """Something that was counted, on the clinic's tomorrow."""
    with practice_scope(practice.id):
        made = {
            "day": tomorrow_at("09:00", time_zone=practice.time_zone).astimezone(ZoneInfo(practice.time_zone)).date(),
            "counter": "booked",
            "appointment_type_id": AppointmentType.objects.values_list("id", flat=True)[0],
            "practitioner_id": Practitioner.objects.values_list("id", flat=True)[0],
            "source": "member",
            "agent_id": Membership.objects.values_list("user_id", flat=True)[0],
            "count": 1,
            **fields,
        }
        return DailyCount.objects.create(**made)


def by_day(*clinics: Clinic) -> None:
    """Put their practices' clocks to about noon, whenever this runs: at night no patient is texted."""
    # Etc's signs are the other way round.
    east = 12 - datetime.now(UTC).hour
    for clinic in clinics:
        with practice_scope(clinic.practice.id):
            Practice.objects.update(time_zone=f"Etc/GMT{-east:+d}" if east else "Etc/GMT")


def tomorrow_at(clock: str, *, time_zone: str, days: int = 1) -> datetime:
    """An instant `days` days from today at `clock`, as the clock of that zone shows it."""
    zone = ZoneInfo(time_zone)
    day = datetime.now(zone).date() + timedelta(days=days)
    return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(UTC)


def make_slots(*, practitioner: Practitioner, location: Location, start: datetime, count: int) -> list[Slot]:
    """`count` free slots of a quarter of an hour, one after the other."""
    with practice_scope(practitioner.practice_id):
        return Slot.objects.bulk_create(
            Slot(
                practitioner=practitioner,
                location=location,
                starts_at=start + timedelta(minutes=15 * number),
                ends_at=start + timedelta(minutes=15 * (number + 1)),
            )
            for number in range(count)
        )


def make_clinic(*, name: str, time_zone: str) -> Clinic:
    practice = make_practice(name=name, time_zone=time_zone)
    with practice_scope(practice.id):
        location = Location.objects.create(name="Downtown", address="1 Main Street", time_zone=time_zone)
        practitioner = Practitioner.objects.create(name="Dr Alice Lee", qualification="OD")
    exam = make_type(practice=practice, code="comprehensive_exam", name="Comprehensive exam", duration_minutes=30)
    slots = make_slots(
        practitioner=practitioner, location=location, start=tomorrow_at("09:00", time_zone=time_zone), count=8
    )
    return Clinic(
        practice=practice,
        location=location,
        practitioner=practitioner,
        exam=exam,
        patient=make_patient(practice=practice),
        agent=make_member(practice=practice),
        slots=slots,
    )


def optometry() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The platform's protocol and its examples, as stored."""
    stored = orjson.loads((Path(definition.__file__).parent / "optometry.json").read_bytes())
    return stored["definition"], stored["examples"]


def make_protocol(*, practice: Practice, **fields: Any) -> ProtocolVersion:
    """A draft of the platform's protocol; with `effective_from`, published."""
    content, examples = optometry()
    now = datetime.now(UTC)
    if "effective_from" in fields:
        fields = {"status": "published", "published_at": now, "published_by": new_uuid(), **fields}
    fields = {"number": 1, "definition": content, "examples": examples, **fields}
    with practice_scope(practice.id):
        return ProtocolVersion.objects.create(created_at=now, created_by=new_uuid(), **fields)


def make_endpoint(*, practice: Practice, **fields: Any) -> WebhookEndpoint:
    """An endpoint of the practice's that hears of everything."""
    fields = {"url": "https://hooks.example.com/in", "enabled_events": ["*"], "secret": new_secret(), **fields}
    endpoint = WebhookEndpoint(created_at=datetime.now(UTC), **fields)
    with practice_scope(practice.id):
        endpoint.save()
    return endpoint


def make_dead_delivery(*, practice: Practice, endpoint: WebhookEndpoint | None = None) -> Delivery:
    """A webhook that was given up after its last attempt, which is on record; to the practice's first endpoint."""
    now = datetime.now(UTC)
    with practice_scope(practice.id):
        endpoint = endpoint or WebhookEndpoint.objects.first()
    endpoint = endpoint or make_endpoint(practice=practice)
    fields = {"practice_id": practice.id, "subject_id": new_uuid()}
    with practice_scope(practice.id):
        event = Event.objects.create(
            type="patient.updated", data={}, principal_kind="member", correlation_id="a-test", occurred_at=now, **fields
        )
        delivery = Delivery.objects.create(
            event=event, listener="webhooks", target_id=endpoint.id, seq=1, status="dead", attempts=12,
            first_attempt_at=now, next_attempt_at=now, last_error="http_500", created_at=now, **fields,
        )  # fmt: skip
        DeliveryAttempt.objects.create(
            delivery=delivery, attempt=12, trigger="scheduled", succeeded=False, error="http_500",
            response_status=500, started_at=now, duration_ms=7,
        )  # fmt: skip
    return delivery


def make_visit(clinic: Clinic, *, status: str = "planned", **fields: Any) -> Visit:
    """Of an appointment at the end of the clinic's slots."""
    now, slot = datetime.now(UTC), clinic.slots[6]
    with practice_scope(clinic.practice.id):
        appointment = Appointment.objects.create(
            patient=clinic.patient,
            practitioner=clinic.practitioner,
            location=clinic.location,
            appointment_type=clinic.exam,
            slot=slot,
            starts_at=slot.starts_at,
            ends_at=slot.starts_at + timedelta(minutes=30),
            occupied_from=slot.starts_at,
            occupied_until=slot.starts_at + timedelta(minutes=30),
            booked_by=clinic.agent.id,
            booked_at=now,
        )
        return Visit.objects.create(
            appointment=appointment,
            practitioner=clinic.practitioner,
            status=status,
            planned_at=now,
            ended_at=now if status == "done" else None,
            **fields,
        )


def make_change(clinic: Clinic) -> Event:
    """A change that asks for nothing but an id, committed and not yet relayed."""
    patient_id = new_uuid()
    with practice_scope(clinic.practice.id):
        return publish(
            type=EventType.PATIENT_UPDATED,
            subject_id=patient_id,
            data={"patientId": public_id("pat", patient_id)},
            by=clinic.principal,
            now=datetime.now(UTC),
        )


def make_inbound_message(clinic: Clinic, **fields: Any) -> InboundMessage:
    """What the clinic's patient has texted."""
    fields = {"phone": clinic.patient.phone, "body": "running late", "received_at": datetime.now(UTC), **fields}
    reference = {"provider_reference": f"SM{next(_numbers):032x}"}
    with practice_scope(clinic.practice.id):
        return InboundMessage.objects.create(**{**reference, **fields})


def make_message(clinic: Clinic, **fields: Any) -> Message:
    """What the clinic's patient was sent."""
    now = datetime.now(UTC)
    fields = {
        "delivery_id": new_uuid(), "kind": "booked", "to": clinic.patient.phone, "body": "Your appointment is booked.",
        "status": "sent", "provider": "twilio", "provider_reference": f"SM{next(_numbers):032x}", "created_at": now,
        "attempted_at": now, "sent_at": now, **fields,
    }  # fmt: skip
    with practice_scope(clinic.practice.id):
        return Message.objects.create(patient=clinic.patient, **fields)


def make_messaging_connection(*, practice: Practice, **fields: Any) -> MessagingConnection:
    fields = {
        "account_sid": "AC" + "1" * 32, "auth_token": "a-token-of-the-practice",
        "number": f"+1646555{next(_numbers) % 10_000:04d}", "created_at": datetime.now(UTC), **fields,
    }  # fmt: skip
    with practice_scope(practice.id):
        return MessagingConnection.objects.create(**fields)


def make_template(*, practice: Practice, **fields: Any) -> MessageTemplate:
    fields = {
        "kind": "booked", "channel": "sms", "language": "en", "body": "{practice}: see you on {date}.",
        "changed_at": datetime.now(UTC), "changed_by": new_uuid(), **fields,
    }  # fmt: skip
    with practice_scope(practice.id):
        return MessageTemplate.objects.create(**fields)


def make_notice(*, practice: Practice, **fields: Any) -> Notice:
    """What its managers have not acknowledged."""
    endpoint, now = make_endpoint(practice=practice), datetime.now(UTC)
    with practice_scope(practice.id):
        return Notice.objects.create(kind="webhook.dead", endpoint=endpoint, first_at=now, last_at=now, **fields)


def make_group(clinic: Clinic) -> AppointmentGroup:
    """A family of nobody yet."""
    with practice_scope(clinic.practice.id):
        return AppointmentGroup.objects.create(kind="family", booked_by=clinic.agent.id, booked_at=datetime.now(UTC))


def make_resource(clinic: Clinic, **fields: Any) -> Resource:
    """A room of the clinic's."""
    named = {"kind": "room", "category": "lane", "name": f"Lane {next(_numbers)}", **fields}
    with practice_scope(clinic.practice.id):
        return Resource.objects.create(location=clinic.location, **named)


def make_block(clinic: Clinic, *kinds: AppointmentType, **fields: Any) -> AppointmentBlock:
    """From 09:00 to 10:00, every day, of the clinic's practitioner: for these types, else for new patients."""
    made = {
        "name": "New patients",
        "practitioner": clinic.practitioner,
        "weekdays": list(range(7)),
        "starts": time(9),
        "ends": time(10),
        "type_ids": [kind.id for kind in kinds],
        "for_new_patients": not kinds,
        "valid_from": date(2026, 1, 1),
        **fields,
    }
    with practice_scope(clinic.practice.id):
        return AppointmentBlock.objects.create(**made)


def make_cap(clinic: Clinic, *, most: int = 1, **fields: Any) -> AppointmentCap:
    """Of the clinic's exams, of all practitioners together."""
    with practice_scope(clinic.practice.id):
        return AppointmentCap.objects.create(**{"appointment_type": clinic.exam, "most": most, **fields})


def make_hold(slot: Slot, *, holder: User | None = None, lasts: timedelta = timedelta(minutes=5)) -> Hold:
    """Kept by somebody from now on; a negative `lasts`: it has run out, and nobody has noticed."""
    now = datetime.now(UTC)
    with practice_scope(slot.practice_id):
        hold = Hold.objects.create(
            holder_kind="member",
            holder_id=(holder or make_user(name="Colleague")).id,
            placed_at=now,
            expires_at=now + lasts,
        )
        HeldTime.objects.create(
            hold=hold,
            slot=slot,
            practitioner_id=slot.practitioner_id,
            location_id=slot.location_id,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            occupied_from=slot.starts_at,
            occupied_until=slot.ends_at,
        )
        Slot.objects.filter(id=slot.id).update(status=Slot.Status.BUSY_TENTATIVE, hold=hold)
    return hold


def make_held(clinic: Clinic, *, holder: User | None = None) -> Hold:
    """On a time of its own, which nothing else that tests make wants."""
    start = clinic.slots[-1].ends_at + timedelta(days=20)
    slots = make_slots(practitioner=clinic.practitioner, location=clinic.location, start=start, count=1)
    return make_hold(slots[0], holder=holder)


def make_call(clinic: Clinic, *, agent: User | None = None, number: str = "", act: str = "") -> Call:
    """An open call of the clinic's agent, during which something may have been done."""
    now = datetime.now(UTC)
    with practice_scope(clinic.practice.id):
        call = Call.objects.create(agent_id=(agent or clinic.agent).id, caller_number=number, opened_at=now)
        if act:
            CallAct.objects.create(call=call, at=now, act=act)
    return call


def make_waiting(clinic: Clinic, **fields: Any) -> WaitlistEntry:
    """The clinic's patient waits for an exam at any time."""
    made = {
        "patient": clinic.patient,
        "appointment_type": clinic.exam,
        "created_at": datetime.now(UTC),
        "created_by": clinic.agent.id,
        **fields,
    }
    with practice_scope(clinic.practice.id):
        return WaitlistEntry.objects.create(**made)


def make_waitlist_offer(clinic: Clinic) -> WaitlistOffer:
    """The clinic's last slot but one, on offer to its patient."""
    now, slot = datetime.now(UTC), clinic.slots[6]
    entry = make_waiting(clinic, status="offered")
    with practice_scope(clinic.practice.id):
        opening = WaitlistOpening.objects.create(
            slot=slot, practitioner=clinic.practitioner, location=clinic.location, starts_at=slot.starts_at,
            ends_at=slot.starts_at + timedelta(minutes=30), batch=1, freed_at=now, next_at=now + timedelta(minutes=15),
        )  # fmt: skip
        return WaitlistOffer.objects.create(
            opening=opening, entry=entry, batch=1, offered_at=now, expires_at=now + timedelta(minutes=15)
        )
