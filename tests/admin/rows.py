"""One row of every model that the admin shows."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.utils import timezone

from appointments.calls.models import Call
from appointments.models import Appointment, HeldTime, Hold, Schedule, Slot
from integrations.models import BulkMessageJob, InboundEvent, Message
from mybcat.ids import new_uuid
from mybcat.models import AuditEntry, Delivery, Event, IdempotencyKey, SecurityEvent, VersionCall
from mybcat.tenancy import platform_scope, practice_scope
from practices.models import Membership, RefreshFamily, Subscription, TimeOff, WorkingHours
from practices.workspace.models import FrontDesk
from tests.factories import (
    Clinic,
    make_api_client,
    make_block,
    make_cap,
    make_crm_connection,
    make_feed,
    make_import,
    make_inbound_message,
    make_messaging_connection,
    make_notice,
    make_resource,
    make_template,
    make_waitlist_offer,
)

Rows = dict[type[Model], Any]

SECRET_TEXT = "Your visit with Dr Alice Lee is tomorrow"


def registered() -> list[Any]:
    """Every model of the admin, whoever adds it."""
    return sorted(admin.site._registry, key=lambda model: model._meta.label)


def make_rows(clinic: Clinic) -> Rows:
    with practice_scope(clinic.practice.id):
        made = [
            clinic.practice,
            clinic.location,
            clinic.practitioner,
            clinic.exam,
            clinic.patient,
            clinic.agent,
            Membership.objects.get(user=clinic.agent),
            *_hours(clinic),
            *_booked(clinic),
            *_records(clinic),
            BulkMessageJob.objects.create(
                principal_kind="member",
                principal_id=clinic.agent.id,
                total=1,
                created_at=timezone.now(),
                served_at=timezone.now(),
                not_before=timezone.now(),
            ),
            FrontDesk.objects.create(greeting="Good morning"),
            Subscription.objects.create(stripe_id=f"sub_{clinic.practice.id.hex}", status="active", plan="standard"),
        ]
    notice = make_notice(practice=clinic.practice)
    offer = make_waitlist_offer(clinic)
    made += [
        offer,
        offer.entry,
        notice,
        notice.endpoint,
        make_family(clinic),
        make_inbound_event(),
        make_messaging_connection(practice=clinic.practice),
        make_template(practice=clinic.practice),
        make_feed(clinic),
        make_import(practice=clinic.practice),
        make_resource(clinic),
        make_block(clinic, clinic.exam),
        make_cap(clinic),
        make_inbound_message(clinic, body=SECRET_TEXT),
        make_api_client(practice=clinic.practice)[0],
        make_crm_connection(practice=clinic.practice),
    ]
    return {type(row): row for row in made}


def _hours(clinic: Clinic) -> list[Model]:
    now = timezone.now()
    return [
        Schedule.objects.create(practitioner=clinic.practitioner, generated_until=now.date() + timedelta(days=3)),
        WorkingHours.objects.create(
            practitioner=clinic.practitioner,
            location=clinic.location,
            weekday=0,
            starts=time(9),
            ends=time(12),
            valid_from=date(2026, 1, 1),
        ),
        TimeOff.objects.create(
            practitioner=clinic.practitioner,
            starts_at=now + timedelta(days=1),
            ends_at=now + timedelta(days=2),
            reason="vacation",
        ),
    ]


def _booked(clinic: Clinic) -> list[Model]:
    first, *_, last = clinic.slots[:2]
    times = {"starts_at": first.starts_at, "ends_at": last.ends_at}
    appointment = Appointment.objects.create(
        patient=clinic.patient,
        practitioner=clinic.practitioner,
        location=clinic.location,
        appointment_type=clinic.exam,
        slot=first,
        occupied_from=first.starts_at,
        occupied_until=last.ends_at,
        booked_by=clinic.agent.id,
        booked_at=timezone.now(),
        **times,
    )
    Slot.objects.filter(id=first.id).update(status="busy", appointment=appointment)
    held = HeldTime.objects.create(
        hold=Hold.objects.create(
            holder_kind="member",
            holder_id=clinic.agent.id,
            placed_at=timezone.now(),
            expires_at=timezone.now() + timedelta(minutes=5),
        ),
        slot=clinic.slots[4],
        practitioner=clinic.practitioner,
        location=clinic.location,
        starts_at=clinic.slots[4].starts_at,
        ends_at=clinic.slots[4].ends_at,
        occupied_from=clinic.slots[4].starts_at,
        occupied_until=clinic.slots[4].ends_at,
    )
    call = Call.objects.create(agent_id=clinic.agent.id, caller_number=clinic.patient.phone, opened_at=timezone.now())
    return [Slot.objects.get(id=first.id), appointment, held, call, make_message(clinic)]


def make_message(clinic: Clinic) -> Message:
    return Message.objects.create(
        patient=clinic.patient,
        delivery_id=new_uuid(),
        to=clinic.patient.phone,
        body=SECRET_TEXT,
        status="sent",
        provider="console",
        created_at=timezone.now(),
        sent_at=timezone.now(),
    )


def make_event(**fields: Any) -> Event:
    return Event.objects.create(
        type="appointment.booked",
        subject_id=new_uuid(),
        data={},
        principal_kind="member",
        correlation_id="correlation-of-event",
        occurred_at=timezone.now(),
        **fields,
    )


def make_delivery(event: Event, *, listener: str = "crm", status: str = "dead") -> Delivery:
    return Delivery.objects.create(
        event=event,
        listener=listener,
        subject_id=event.subject_id,
        seq=1,
        status=status,
        attempts=8,
        next_attempt_at=datetime(2026, 1, 1, tzinfo=UTC),
        last_error="http_503",
        created_at=timezone.now(),
    )


def _records(clinic: Clinic) -> list[Model]:
    event = make_event()
    now = timezone.now()
    acted = {"principal_kind": "member", "principal_id": clinic.agent.id, "correlation_id": "correlation-of-act"}
    return [
        event,
        make_delivery(event),
        IdempotencyKey.objects.create(
            principal_id=clinic.agent.id,
            operation="book",
            key="call-17",
            fingerprint=b"fingerprint",
            status=201,
            body=b'{"stored":"answer"}',
            expires_at=now + timedelta(days=1),
        ),
        AuditEntry.objects.create(
            practice_id=clinic.practice.id,
            at=now,
            action="patient.read",
            object_kind="pat",
            object_ids=[str(clinic.patient.id)],
            outcome="success",
            **acted,
        ),
        VersionCall.objects.create(
            version="v1", principal_kind="member", principal_id=clinic.agent.id, day=now.date(), calls=3, last_at=now
        ),
        SecurityEvent.objects.create(
            at=now, kind="cross_practice_access", object_kind="pat", object_id=clinic.patient.id, **acted
        ),
    ]


def make_family(clinic: Clinic) -> RefreshFamily:
    now = timezone.now()
    with platform_scope(reason="test"):
        return RefreshFamily.objects.create(
            user=clinic.agent,
            current_practice_id=clinic.practice.id,
            client=b"browser digest",
            credentials="password digest",
            current=b"token digest",
            rotated_at=now,
            expires_at=now + timedelta(hours=12),
        )


def make_inbound_event(*, status: str = "dead") -> InboundEvent:
    with platform_scope(reason="test"):
        return InboundEvent.objects.create(
            stripe_id=f"evt_{new_uuid().hex}",
            type="invoice.paid",
            occurred_at=timezone.now(),
            body=b'{"id": "evt_1"}',
            received_at=timezone.now(),
            correlation_id="from-stripe-1",
            status=status,
            attempts=7,
            next_attempt_at=timezone.now(),
            last_error="ValueError",
        )
