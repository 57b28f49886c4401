"""A practice with a row in every table that belongs to practices."""

from datetime import date, datetime, time, timedelta
from functools import cache

import psycopg
from django.apps import apps
from django.conf import settings
from django.db.models import Model

from appointments.models import Appointment, HeldTime, Hold, ResourceUse, Schedule
from appointments.waitlist.models import WaitlistEntry
from integrations.models import (
    Alarm,
    BulkMessage,
    BulkMessageBatch,
    BulkMessageJob,
    ClientAssertion,
    CountedEvent,
    ImportedRecord,
    Message,
    ReminderSettings,
    WaitlistSettings,
)
from mybcat.models import (
    AuditEntry,
    AuditSeal,
    Delivery,
    DeliveryAttempt,
    Event,
    EventSequence,
    SecurityEvent,
    VersionCall,
)
from mybcat.tenancy import practice_scope
from patients.models import Consent
from practices.models import Subscription, TimeOff, WorkingHours
from practices.workspace.models import FrontDesk
from realtime.models import Visit, VisitLocation, VisitPolicy, VisitPosition
from tests.callers import Caller
from tests.factories import (
    Clinic,
    make_block,
    make_bound_client,
    make_call,
    make_cap,
    make_crm_connection,
    make_daily_count,
    make_feed,
    make_group,
    make_held,
    make_import,
    make_inbound_message,
    make_merge,
    make_messaging_connection,
    make_notice,
    make_protocol,
    make_related_person,
    make_resource,
    make_template,
    make_waitlist_offer,
    tomorrow_at,
)

PRACTICES = "practices_practice"


@cache
def tenant_tables() -> dict[str, str]:
    """Each table of practices' rows as PostgreSQL has it, and the column that names the practice.

    Asked over a connection of its own: whoever asks first may stand inside a scope, and scopes do not nest.
    """
    with psycopg.connect(settings.ENVIRONMENT.database_owner_url) as owner:
        rows = owner.execute(
            "SELECT table_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND column_name = 'practice_id' ORDER BY 1"
        ).fetchall()
    return {PRACTICES: "id", **{row[0]: "practice_id" for row in rows}}


@cache
def tenant_models() -> list[type[Model]]:
    """Each model whose rows belong to practices."""
    names = set(tenant_tables())
    return [model for model in apps.get_models() if model._meta.db_table in names]


def _by_telephone(clinic: Clinic) -> None:
    """Who called, who waits for a call, and who was known twice."""
    make_merge(practice=clinic.practice)
    make_call(clinic, act="patients.searched")
    make_waitlist_offer(clinic)


def fill(clinic: Clinic) -> Clinic:
    """Books an appointment, and makes what booking does not."""
    answer = Caller(clinic.agent, clinic.practice).book(clinic)
    assert answer.status_code == 201
    now = tomorrow_at("09:00", time_zone="UTC")
    place = {"practitioner": clinic.practitioner, "location": clinic.location}
    make_daily_count(practice=clinic.practice)
    make_crm_connection(practice=clinic.practice)
    make_notice(practice=clinic.practice)
    make_held(clinic)
    make_inbound_message(clinic)
    make_messaging_connection(practice=clinic.practice)
    make_template(practice=clinic.practice)
    with practice_scope(clinic.practice.id):
        WorkingHours.objects.create(**place, weekday=0, starts=time(9), ends=time(17), valid_from=date(2026, 1, 1))
        TimeOff.objects.create(**place, starts_at=now, ends_at=now + timedelta(hours=1), reason="sick")
        Schedule.objects.create(practitioner=clinic.practitioner, generated_until=date(2030, 1, 1))
        Subscription.objects.create(stripe_id="sub_1", status="active")
        CountedEvent.objects.create()
        EventSequence.objects.create(practice_id=clinic.practice.id, last=1)
        event = Event.objects.get()
        delivery = Delivery.objects.create(
            event=event, listener="test", subject_id=event.subject_id, seq=1, next_attempt_at=now, created_at=now
        )
        DeliveryAttempt.objects.create(
            delivery=delivery, attempt=1, trigger="scheduled", succeeded=True, started_at=now, duration_ms=1
        )
        Message.objects.create(patient=clinic.patient, delivery_id=delivery.id, status="sent", created_at=now)
        VersionCall.objects.create(
            version="v1", principal_kind="member", principal_id=clinic.agent.id, day=now.date(), calls=1, last_at=now
        )
        event = SecurityEvent.objects.create(kind="test", at=now, principal_kind="member", correlation_id="a-test")
        Alarm.objects.create(
            kind="test", severity="warning", events=1, first_event_id=event.id, first_at=now, last_at=now, due_at=now,
            next_attempt_at=now,
        )  # fmt: skip
        AuditSeal.objects.create(
            entry_id=AuditEntry.objects.first().id, practice_id=clinic.practice.id, seq=1, previous=b"", hash=b""
        )
        Consent.objects.create(
            patient=clinic.patient, phone=clinic.patient.phone, decision="permit", source="staff", at=now
        )
    _bulk(clinic)
    _import(clinic)
    make_protocol(practice=clinic.practice)
    make_related_person(patient=clinic.patient)
    with practice_scope(clinic.practice.id):
        booked = Appointment.objects.get()
        visit = Visit.objects.create(appointment=booked, practitioner=clinic.practitioner, planned_at=now)
        VisitLocation.objects.create(visit=visit, latitude=40.7, longitude=-74, at=now)
        VisitPosition.objects.create(visit=visit, latitude=40.7, longitude=-74, at=now)
        _decide(now)
        Hold.objects.create(
            kind="undo", holder_kind="member", holder_id=clinic.agent.id, placed_at=now, expires_at=now,
            appointment=booked, slot=clinic.slots[0], swapped_with=booked,
        )  # fmt: skip
    _by_telephone(clinic)
    _group(clinic)
    client = make_bound_client(practice=clinic.practice)
    with practice_scope(clinic.practice.id):
        ClientAssertion.objects.create(client=client, jti=b"a-test", expires_at=now)
    return clinic


def _decide(now: datetime) -> None:
    """What managers of the practice in scope decide."""
    VisitPolicy.objects.create()
    ReminderSettings.objects.create(swept_until=now)
    WaitlistSettings.objects.create()
    FrontDesk.objects.create(greeting="Good morning")


def _import(clinic: Clinic) -> None:
    make_feed(clinic)
    done = make_import(practice=clinic.practice)
    with practice_scope(clinic.practice.id):
        ImportedRecord.objects.create(imported_in=done, kind="patients", external_id="17", object_id=clinic.patient.id)


def _bulk(clinic: Clinic) -> None:
    now = tomorrow_at("09:00", time_zone="UTC")
    with practice_scope(clinic.practice.id):
        job = BulkMessageJob.objects.create(
            principal_kind="member",
            principal_id=clinic.agent.id,
            total=1,
            created_at=now,
            served_at=now,
            not_before=now,
        )
        BulkMessageBatch.objects.create(job=job, number=0, payload=b"", next_attempt_at=now)
        BulkMessage.objects.create(job=job, batch=0, to=clinic.patient.phone, body="open", status="pending")


def _group(clinic: Clinic) -> None:
    """The appointment is one of a family, and has a room."""
    group, room = make_group(clinic), make_resource(clinic)
    make_block(clinic, clinic.exam, location=clinic.location)
    make_cap(clinic, most=100, practitioner=clinic.practitioner, location=clinic.location)
    with practice_scope(clinic.practice.id):
        Appointment.objects.update(group=group)
        HeldTime.objects.update(appointment_type=clinic.exam)
        booked = Appointment.objects.get()
        WaitlistEntry.objects.update(appointment=booked)
        ResourceUse.objects.create(
            resource=room,
            owner_id=booked.id,
            appointment=booked,
            hold=Hold.objects.get(kind="undo"),
            occupied_from=booked.occupied_from,
            occupied_until=booked.occupied_until,
        )
