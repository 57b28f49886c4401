"""Policy is declared: every route says what it asks for, and what is open to all is listed here."""

from typing import Any

import pytest
from django.test import Client

from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.tiers import Tier
from mybcat.principal import Permission, Role
from practices.auth_views import PublicEndpoint
from tests.api.refusals import assert_forbidden, assert_refused
from tests.api.rows import REFUSED, changes
from tests.callers import Caller, public
from tests.factories import Clinic, make_member
from tests.isolation.places import path_of
from tests.isolation.routes import Route, routes, unversioned

# What anyone may ask, and why.
OPEN = {
    "": "the dashboard's page, without anybody's data",
    "manage/<path:rest>": "likewise",
    "settings/<path:rest>": "likewise",
    "welcome": "likewise",
    ".well-known/jwks.json": "public keys",
    ".well-known/oauth-authorization-server": "public addresses",
    "api/auth/logout": "acts on the cookie or the token that comes with it",
    "api/auth/logout/everywhere": "reads the token by itself: it belongs to no practice yet",
    "api/auth/password": "whoever has the link from their invitation, or for a forgotten password",
    "api/auth/password/forgotten": "whoever cannot sign in",
    "api/auth/practice": "reads the token by itself: it belongs to no practice yet",
    "api/auth/refresh": "acts on the cookie that comes with it",
    "api/auth/token": "signing in",
    "api/docs": "documentation",
    "api/oauth/token": "signing in of API clients",
    "api/schema/v1": "documentation",
    "api/schema/v2": "documentation",
    "calendar/<str:token>.ics": "whoever has the secret address",
    "healthz": "probes",
    "metrics": "this machine only",
    "readyz": "probes",
    "a/<str:token>": "whoever has the patient's link",
    "a/<str:token>/appointment.ics": "whoever has the patient's link",
    "unsubscribe/<str:token>": "whoever has the link from their e-mail",
    "visit/<str:token>": "whoever has the patient's link",
    "visit/<str:token>/state": "likewise",
    "webhooks/stripe": "Stripe, by its signature",
    "webhooks/twilio/messages": "Twilio, by its signature",
    "webhooks/twilio/status": "likewise",
}
# What each route asks for, and how often it may be asked, by method. {v} is each version, v2 what it has alone.
ASKED = {
    ("GET", "api/{v}/practitioners"): (Permission.REFERENCE_READ, Tier.T4),
    ("GET", "api/{v}/locations"): (Permission.REFERENCE_READ, Tier.T4),
    ("GET", "api/{v}/appointment-types"): (Permission.REFERENCE_READ, Tier.T4),
    ("GET", "api/{v}/patients"): (Permission.PATIENT_READ, Tier.T4),
    ("POST", "api/{v}/patients"): (Permission.PATIENT_WRITE, Tier.T3),
    ("GET", "api/{v}/patients/<str:patient_id>"): (Permission.PATIENT_READ, Tier.T4),
    ("PATCH", "api/{v}/patients/<str:patient_id>"): (Permission.PATIENT_WRITE, Tier.T3),
    ("GET", "api/{v}/patients/<str:patient_id>/appointments"): (Permission.PATIENT_READ, Tier.T4),
    ("GET", "api/{v}/appointments"): (Permission.APPOINTMENT_READ, Tier.T4),
    ("POST", "api/{v}/appointments"): (Permission.APPOINTMENT_WRITE, Tier.BOOKING),
    ("GET", "api/{v}/appointments/<str:appointment_id>"): (Permission.APPOINTMENT_READ, Tier.T4),
    ("POST", "api/{v}/appointments/<str:appointment_id>/cancel"): (Permission.APPOINTMENT_WRITE, Tier.BOOKING),
    ("POST", "api/v2/appointments/<str:appointment_id>/move"): (Permission.APPOINTMENT_WRITE, Tier.BOOKING),
    ("POST", "api/v2/appointments/<str:appointment_id>/status"): (Permission.APPOINTMENT_WRITE, Tier.BOOKING),
    ("POST", "api/v2/appointments/<str:appointment_id>/undo"): (Permission.APPOINTMENT_WRITE, Tier.BOOKING),
    ("POST", "api/v2/appointments/<str:appointment_id>/swap"): (Permission.APPOINTMENT_WRITE, Tier.BOOKING),
    ("POST", "api/v2/overbookings"): (Permission.APPOINTMENT_WRITE, Tier.BOOKING),
    ("POST", "api/v2/appointment-groups"): (Permission.APPOINTMENT_WRITE, Tier.BOOKING),
    ("POST", "api/v2/appointment-groups/offers"): (Permission.APPOINTMENT_READ, Tier.T4),
    ("GET", "api/v2/appointment-groups/<str:group_id>"): (Permission.APPOINTMENT_READ, Tier.T4),
    ("POST", "api/v2/appointment-groups/<str:group_id>/cancel"): (Permission.APPOINTMENT_WRITE, Tier.BOOKING),
    ("POST", "api/v2/appointment-groups/<str:group_id>/undo"): (Permission.APPOINTMENT_WRITE, Tier.BOOKING),
    ("POST", "api/v2/appointment-series"): (Permission.APPOINTMENT_WRITE, Tier.BOOKING),
    ("GET", "api/v2/appointment-blocks"): (Permission.REFERENCE_READ, Tier.T4),
    ("POST", "api/v2/appointment-blocks"): (Permission.PRACTICE_MANAGE, Tier.T2),
    ("PATCH", "api/v2/appointment-blocks/<str:block_id>"): (Permission.PRACTICE_MANAGE, Tier.T2),
    ("DELETE", "api/v2/appointment-blocks/<str:block_id>"): (Permission.PRACTICE_MANAGE, Tier.T2),
    ("GET", "api/v2/appointment-caps"): (Permission.REFERENCE_READ, Tier.T4),
    ("POST", "api/v2/appointment-caps"): (Permission.PRACTICE_MANAGE, Tier.T2),
    ("DELETE", "api/v2/appointment-caps/<str:cap_id>"): (Permission.PRACTICE_MANAGE, Tier.T2),
    ("GET", "api/v2/resources"): (Permission.REFERENCE_READ, Tier.T4),
    ("POST", "api/v2/resources"): (Permission.PRACTICE_MANAGE, Tier.T2),
    ("PATCH", "api/v2/resources/<str:resource_id>"): (Permission.PRACTICE_MANAGE, Tier.T2),
    ("PUT", "api/v2/appointment-types/<str:type_code>/resources"): (Permission.PRACTICE_MANAGE, Tier.T2),
    ("GET", "api/v2/members"): (Permission.PRACTICE_MANAGE, Tier.T4),
    ("POST", "api/v2/members"): (Permission.PRACTICE_MANAGE, Tier.T2),
    ("PATCH", "api/v2/members/<str:member_id>"): (Permission.PRACTICE_MANAGE, Tier.T2),
    ("POST", "api/v2/members/<str:member_id>/invite"): (Permission.PRACTICE_MANAGE, Tier.T2),
    ("POST", "api/v2/appointment-types"): (Permission.PRACTICE_MANAGE, Tier.T3),
    ("PATCH", "api/v2/appointment-types/<str:type_code>"): (Permission.PRACTICE_MANAGE, Tier.T3),
    ("POST", "api/v2/practitioners"): (Permission.PRACTICE_MANAGE, Tier.T3),
    ("PATCH", "api/v2/practitioners/<str:practitioner_id>"): (Permission.PRACTICE_MANAGE, Tier.T3),
    ("POST", "api/v2/locations"): (Permission.PRACTICE_MANAGE, Tier.T3),
    ("PATCH", "api/v2/locations/<str:location_id>"): (Permission.PRACTICE_MANAGE, Tier.T3),
    ("GET", "api/v2/self-service-settings"): (Permission.PRACTICE_MANAGE, Tier.T4),
    ("PUT", "api/v2/self-service-settings"): (Permission.PRACTICE_MANAGE, Tier.T3),
    ("GET", "api/v2/working-hours"): (Permission.REFERENCE_READ, Tier.T4),
    ("POST", "api/v2/working-hours"): (Permission.PRACTICE_MANAGE, Tier.T3),
    ("PATCH", "api/v2/working-hours/<str:hours_id>"): (Permission.PRACTICE_MANAGE, Tier.T3),
    ("DELETE", "api/v2/working-hours/<str:hours_id>"): (Permission.PRACTICE_MANAGE, Tier.T3),
    ("GET", "api/v2/time-off"): (Permission.PRACTICE_MANAGE, Tier.T4),
    ("POST", "api/v2/time-off"): (Permission.PRACTICE_MANAGE, Tier.T3),
    ("DELETE", "api/v2/time-off/<str:time_off_id>"): (Permission.PRACTICE_MANAGE, Tier.T3),
    ("GET", "api/v2/holds"): (Permission.APPOINTMENT_READ, Tier.T4),
    ("POST", "api/v2/holds"): (Permission.APPOINTMENT_WRITE, Tier.BOOKING),
    ("GET", "api/v2/workspace"): (Permission.REFERENCE_READ, Tier.T4),
    ("PUT", "api/v2/workspace/front-desk"): (Permission.PRACTICE_MANAGE, Tier.T3),
    ("GET", "api/v2/waitlist"): (Permission.APPOINTMENT_READ, Tier.T4),
    ("POST", "api/v2/waitlist"): (Permission.APPOINTMENT_WRITE, Tier.T3),
    ("GET", "api/v2/waitlist/<str:waitlist_entry_id>"): (Permission.APPOINTMENT_READ, Tier.T4),
    ("POST", "api/v2/waitlist/<str:waitlist_entry_id>/withdraw"): (Permission.APPOINTMENT_WRITE, Tier.T3),
    ("GET", "api/v2/waitlist-offers"): (Permission.APPOINTMENT_READ, Tier.T4),
    ("GET", "api/v2/waitlist-settings"): (Permission.APPOINTMENT_READ, Tier.T4),
    ("PUT", "api/v2/waitlist-settings"): (Permission.PRACTICE_MANAGE, Tier.T3),
    ("GET", "api/v2/calls"): (Permission.APPOINTMENT_READ, Tier.T4),
    ("POST", "api/v2/calls"): (Permission.APPOINTMENT_WRITE, Tier.T3),
    ("GET", "api/v2/calls/<str:call_id>"): (Permission.APPOINTMENT_READ, Tier.T4),
    ("POST", "api/v2/calls/<str:call_id>/end"): (Permission.APPOINTMENT_WRITE, Tier.T3),
    ("GET", "api/v2/reports/calls"): (Permission.ANALYTICS_READ, Tier.T4),
    ("GET", "api/v2/reports/fill-rate"): (Permission.ANALYTICS_READ, Tier.T4),
    ("GET", "api/v2/reports/fill-rate.csv"): (Permission.ANALYTICS_READ, Tier.T2),
    ("GET", "api/v2/reports/lead-times"): (Permission.ANALYTICS_READ, Tier.T4),
    ("GET", "api/v2/reports/lead-times.csv"): (Permission.ANALYTICS_READ, Tier.T2),
    ("GET", "api/v2/reports/third-next-available"): (Permission.ANALYTICS_READ, Tier.T3),
    ("GET", "api/v2/reports/third-next-available.csv"): (Permission.ANALYTICS_READ, Tier.T2),
    ("GET", "api/v2/reports/call-bookings"): (Permission.ANALYTICS_READ, Tier.T4),
    ("GET", "api/v2/reports/call-bookings.csv"): (Permission.ANALYTICS_READ, Tier.T2),
    ("DELETE", "api/v2/holds/<str:hold_id>"): (Permission.APPOINTMENT_WRITE, Tier.T3),
    ("GET", "api/{v}/slots"): (Permission.APPOINTMENT_READ, Tier.T4),
    ("GET", "api/{v}/slots/next"): (Permission.APPOINTMENT_READ, Tier.T4),
    ("GET", "api/v2/slots/why-not"): (Permission.APPOINTMENT_READ, Tier.T4),
    ("GET", "api/v2/exports/appointments.csv"): (Permission.PATIENT_EXPORT, Tier.T2),
    ("GET", "api/v2/exports/working-hours.csv"): (Permission.PRACTICE_MANAGE, Tier.T2),
    ("GET", "api/v2/calendar-feeds"): (Permission.PRACTICE_MANAGE, Tier.T4),
    ("POST", "api/v2/calendar-feeds"): (Permission.PRACTICE_MANAGE, Tier.T3),
    ("DELETE", "api/v2/calendar-feeds/<str:feed_id>"): (Permission.PRACTICE_MANAGE, Tier.T3),
    ("POST", "api/v2/calendar-feeds/<str:feed_id>/rotate"): (Permission.PRACTICE_MANAGE, Tier.T3),
    ("GET", "api/v2/imports"): (Permission.DATA_IMPORT, Tier.T4),
    ("POST", "api/v2/imports"): (Permission.DATA_IMPORT, Tier.T2),
    ("GET", "api/v2/imports/<str:import_id>"): (Permission.DATA_IMPORT, Tier.T4),
    ("GET", "api/v2/imports/<str:import_id>/errors.csv"): (Permission.DATA_IMPORT, Tier.T2),
    ("GET", "api/v2/patients/export.csv"): (Permission.PATIENT_EXPORT, Tier.T2),
    ("POST", "api/v2/patients/matches"): (Permission.PATIENT_READ, Tier.T4),
    ("POST", "api/v2/patients/<str:patient_id>/merge"): (Permission.PATIENT_MERGE, Tier.T3),
    ("GET", "api/v2/patient-merges"): (Permission.PATIENT_MERGE, Tier.T4),
    ("POST", "api/v2/patient-merges/<str:merge_id>/undo"): (Permission.PATIENT_MERGE, Tier.T3),
    ("GET", "api/v2/patients/<str:patient_id>/related-persons"): (Permission.PATIENT_READ, Tier.T4),
    ("POST", "api/v2/patients/<str:patient_id>/related-persons"): (Permission.PATIENT_WRITE, Tier.T3),
    ("PATCH", "api/v2/related-persons/<str:related_person_id>"): (Permission.PATIENT_WRITE, Tier.T3),
    ("DELETE", "api/v2/related-persons/<str:related_person_id>"): (Permission.PATIENT_WRITE, Tier.T3),
    ("GET", "api/v2/patients/<str:patient_id>/audit"): (Permission.AUDIT_READ, Tier.T2),
    ("GET", "api/v2/access"): (Permission.AUDIT_READ, Tier.T2),
    ("GET", "api/v2/protocol"): (Permission.REFERENCE_READ, Tier.T4),
    ("POST", "api/v2/protocol/evaluations"): (Permission.REFERENCE_READ, Tier.BOOKING),
    ("GET", "api/v2/protocol-versions"): (Permission.PRACTICE_MANAGE, Tier.T4),
    ("POST", "api/v2/protocol-versions"): (Permission.PRACTICE_MANAGE, Tier.T3),
    ("GET", "api/v2/protocol-versions/<str:protocol_id>"): (Permission.PRACTICE_MANAGE, Tier.T4),
    ("PUT", "api/v2/protocol-versions/<str:protocol_id>"): (Permission.PRACTICE_MANAGE, Tier.T3),
    ("DELETE", "api/v2/protocol-versions/<str:protocol_id>"): (Permission.PRACTICE_MANAGE, Tier.T3),
    ("POST", "api/v2/protocol-versions/<str:protocol_id>/check"): (Permission.PRACTICE_MANAGE, Tier.T3),
    ("POST", "api/v2/protocol-versions/<str:protocol_id>/publish"): (Permission.PRACTICE_MANAGE, Tier.T3),
    ("GET", "api/v2/api-clients"): (Permission.CLIENT_MANAGE, Tier.T4),
    ("POST", "api/v2/api-clients"): (Permission.CLIENT_MANAGE, Tier.T3),
    ("GET", "api/v2/api-clients/<str:client_id>"): (Permission.CLIENT_MANAGE, Tier.T4),
    ("PATCH", "api/v2/api-clients/<str:client_id>"): (Permission.CLIENT_MANAGE, Tier.T3),
    ("POST", "api/v2/api-clients/<str:client_id>/rotate-secret"): (Permission.CLIENT_MANAGE, Tier.T3),
    ("POST", "api/v2/api-clients/<str:client_id>/revoke"): (Permission.CLIENT_MANAGE, Tier.T3),
    ("POST", "api/v2/api-clients/<str:client_id>/certificates"): (Permission.CLIENT_MANAGE, Tier.T3),
    ("POST", "api/v2/api-clients/<str:client_id>/certificates/revoke"): (Permission.CLIENT_MANAGE, Tier.T3),
    ("GET", "api/v2/webhook-endpoints"): (Permission.WEBHOOK_MANAGE, Tier.T4),
    ("POST", "api/v2/webhook-endpoints"): (Permission.WEBHOOK_MANAGE, Tier.T3),
    ("GET", "api/v2/webhook-endpoints/<str:webhook_endpoint_id>"): (Permission.WEBHOOK_MANAGE, Tier.T4),
    ("PATCH", "api/v2/webhook-endpoints/<str:webhook_endpoint_id>"): (Permission.WEBHOOK_MANAGE, Tier.T3),
    ("DELETE", "api/v2/webhook-endpoints/<str:webhook_endpoint_id>"): (Permission.WEBHOOK_MANAGE, Tier.T3),
    ("POST", "api/v2/webhook-endpoints/<str:webhook_endpoint_id>/rotate-secret"): (Permission.WEBHOOK_MANAGE, Tier.T3),
    ("POST", "api/v2/webhook-endpoints/<str:webhook_endpoint_id>/test"): (Permission.WEBHOOK_MANAGE, Tier.T2),
    ("POST", "api/v2/webhook-endpoints/<str:webhook_endpoint_id>/replay"): (Permission.DELIVERY_MANAGE, Tier.T2),
    ("GET", "api/v2/webhook-deliveries"): (Permission.WEBHOOK_MANAGE, Tier.T4),
    ("GET", "api/v2/webhook-deliveries/<str:delivery_id>"): (Permission.WEBHOOK_MANAGE, Tier.T4),
    ("GET", "api/v2/webhook-deliveries/<str:delivery_id>/attempts"): (Permission.WEBHOOK_MANAGE, Tier.T4),
    ("POST", "api/v2/webhook-deliveries/<str:delivery_id>/replay"): (Permission.DELIVERY_MANAGE, Tier.T3),
    ("GET", "api/v2/visits"): (Permission.APPOINTMENT_READ, Tier.T4),
    ("POST", "api/v2/visits"): (Permission.APPOINTMENT_WRITE, Tier.T3),
    ("GET", "api/v2/visits/<str:visit_id>"): (Permission.APPOINTMENT_READ, Tier.T4),
    ("POST", "api/v2/visits/<str:visit_id>/status"): (Permission.VISIT_CONDUCT, Tier.T3),
    ("POST", "api/v2/visits/<str:visit_id>/link"): (Permission.APPOINTMENT_WRITE, Tier.T3),
    ("GET", "api/v2/visit-policy"): (Permission.PRACTICE_MANAGE, Tier.T4),
    ("PUT", "api/v2/visit-policy"): (Permission.PRACTICE_MANAGE, Tier.T3),
    ("GET", "api/v2/reminder-settings"): (Permission.PRACTICE_MANAGE, Tier.T4),
    ("PUT", "api/v2/reminder-settings"): (Permission.PRACTICE_MANAGE, Tier.T3),
    ("POST", "api/v2/live/tickets"): (Permission.APPOINTMENT_READ, Tier.T3),
    ("GET", "api/v2/changes"): (Permission.APPOINTMENT_READ, Tier.BOOKING),
    ("GET", "api/v2/dead-letters"): (Permission.DELIVERY_MANAGE, Tier.T4),
    ("POST", "api/v2/dead-letters/replay"): (Permission.DELIVERY_MANAGE, Tier.T3),
    ("POST", "api/v2/dead-letters/discard"): (Permission.DELIVERY_MANAGE, Tier.T3),
    ("GET", "api/v2/notices"): (Permission.WEBHOOK_MANAGE, Tier.T4),
    ("POST", "api/v2/notices/<str:notice_id>/acknowledge"): (Permission.WEBHOOK_MANAGE, Tier.T3),
    ("GET", "api/v2/analytics/daily"): (Permission.ANALYTICS_READ, Tier.T4),
    ("GET", "api/v2/analytics/daily.csv"): (Permission.ANALYTICS_READ, Tier.T2),
    ("GET", "api/v2/crm-connection"): (Permission.PRACTICE_MANAGE, Tier.T4),
    ("PUT", "api/v2/crm-connection"): (Permission.PRACTICE_MANAGE, Tier.T2),
    ("DELETE", "api/v2/crm-connection"): (Permission.PRACTICE_MANAGE, Tier.T2),
    ("POST", "api/v2/crm-connection/test"): (Permission.PRACTICE_MANAGE, Tier.T2),
    ("GET", "api/v2/billing/subscription"): (Permission.BILLING_MANAGE, Tier.T4),
    ("GET", "api/v2/billing/usage"): (Permission.BILLING_MANAGE, Tier.T4),
    ("POST", "api/v2/billing/checkout-session"): (Permission.BILLING_MANAGE, Tier.T2),
    ("POST", "api/v2/billing/portal-session"): (Permission.BILLING_MANAGE, Tier.T2),
    ("GET", "api/v2/patients/<str:patient_id>/messages"): (Permission.MESSAGE_READ, Tier.T4),
    ("GET", "api/v2/patients/<str:patient_id>/communication"): (Permission.PATIENT_READ, Tier.T4),
    ("PATCH", "api/v2/patients/<str:patient_id>/communication"): (Permission.PATIENT_WRITE, Tier.T3),
    ("GET", "api/v2/messaging-connection"): (Permission.MESSAGE_MANAGE, Tier.T4),
    ("PUT", "api/v2/messaging-connection"): (Permission.MESSAGE_MANAGE, Tier.T2),
    ("DELETE", "api/v2/messaging-connection"): (Permission.MESSAGE_MANAGE, Tier.T2),
    ("POST", "api/v2/messaging-connection/test"): (Permission.MESSAGE_MANAGE, Tier.T2),
    ("GET", "api/v2/message-templates"): (Permission.MESSAGE_MANAGE, Tier.T4),
    ("PUT", "api/v2/message-templates/<str:template_name>"): (Permission.MESSAGE_MANAGE, Tier.T3),
    ("DELETE", "api/v2/message-templates/<str:template_name>"): (Permission.MESSAGE_MANAGE, Tier.T3),
    ("POST", "api/v2/message-templates/<str:template_name>/preview"): (Permission.MESSAGE_MANAGE, Tier.T3),
    ("GET", "api/v2/inbox"): (Permission.MESSAGE_READ, Tier.T4),
    ("GET", "api/v2/inbox/<str:inbound_message_id>"): (Permission.MESSAGE_READ, Tier.T4),
    ("PATCH", "api/v2/inbox/<str:inbound_message_id>"): (Permission.MESSAGE_WRITE, Tier.T3),
    ("GET", "api/v2/inbox/<str:inbound_message_id>/thread"): (Permission.MESSAGE_READ, Tier.T4),
    ("POST", "api/v2/inbox/<str:inbound_message_id>/replies"): (Permission.MESSAGE_WRITE, Tier.T3),
    ("GET", "api/v2/bulk-jobs"): (Permission.MESSAGE_READ, Tier.T4),
    ("POST", "api/{v}/bulk-messages"): (Permission.MESSAGE_WRITE, Tier.T2),
    ("GET", "api/{v}/bulk-messages/<str:job_id>/status"): (Permission.MESSAGE_READ, Tier.T4),
    ("GET", "api/v2/bulk-messages/<str:job_id>/failures"): (Permission.MESSAGE_READ, Tier.T2),
    ("POST", "api/v2/bulk-messages/<str:job_id>/pause"): (Permission.MESSAGE_WRITE, Tier.T3),
    ("POST", "api/v2/bulk-messages/<str:job_id>/resume"): (Permission.MESSAGE_WRITE, Tier.T3),
    ("POST", "api/v2/bulk-messages/<str:job_id>/cancel"): (Permission.MESSAGE_WRITE, Tier.T3),
}
READS = {Permission.REFERENCE_READ, Permission.PATIENT_READ, Permission.APPOINTMENT_READ}
ON_THE_PHONE = {
    *READS,
    Permission.PATIENT_WRITE,
    Permission.APPOINTMENT_WRITE,
    Permission.MESSAGE_READ,
    Permission.MESSAGE_WRITE,
}
GRANTED = {
    Role.SCHEDULING_AGENT: ON_THE_PHONE,
    Role.PRACTICE_MANAGER: {
        *ON_THE_PHONE,
        Permission.PATIENT_MERGE,
        Permission.PATIENT_EXPORT,
        Permission.DATA_IMPORT,
        Permission.PRACTICE_MANAGE,
        Permission.CLIENT_MANAGE,
        Permission.ANALYTICS_READ,
        Permission.BILLING_MANAGE,
        Permission.AUDIT_READ,
        Permission.WEBHOOK_MANAGE,
        Permission.DELIVERY_MANAGE,
        Permission.MESSAGE_MANAGE,
        Permission.VISIT_CONDUCT,
    },
    Role.PRACTITIONER: {*READS, Permission.VISIT_CONDUCT},
}

CLOSED = [(route, method) for route in routes() if route.path not in OPEN for method in route.methods]


def ask(caller: Any, route: Route, method: str, clinic: Clinic, **headers: str) -> Any:
    """Asks for the clinic's patient, or for what nobody has, with nothing in the body."""
    path = path_of(route.path, {"patient_id": public("pat", clinic.patient.id)})
    headers = {"X-Idempotency-Key": "a-key", **headers}
    return caller.generic(method, f"/{path}", b"", content_type="application/json", headers=headers)


def test_what_is_open_to_all_is_listed() -> None:
    asking = {route.path for route in routes() if isinstance(route.view, type) and issubclass(route.view, Endpoint)}
    assert {route.path for route in routes()} - asking == set(OPEN)


def test_every_other_route_declares_a_permission_and_a_tier_for_each_of_its_methods() -> None:
    declared = {}
    for route in routes():
        if route.path in OPEN:
            continue
        assert sorted(route.view.permissions) == sorted(route.view.tiers) == sorted(route.methods), route.path
        for method in route.methods:
            permission, tier = route.view.permissions[method], route.view.tiers[method]
            declared[method, unversioned(route.path, method)] = permission, tier
    assert declared == ASKED


def test_no_operation_is_counted_with_another() -> None:
    """Limits go by the view's name, so that both versions of an operation are one: two views of a version are not."""
    named: dict[tuple[str, str, str], set[str]] = {}
    for route in routes():
        if route.path not in OPEN:
            for method in route.methods:
                version = route.path.split("/")[1]
                named.setdefault((version, route.view.__name__, method), set()).add(route.path)
    assert {operation: paths for operation, paths in named.items() if len(paths) > 1} == {}


def test_a_public_endpoint_is_no_endpoint_by_mistake() -> None:
    """The two kinds check different things; a view of both would check neither."""
    for route in routes():
        if isinstance(route.view, type):
            assert not issubclass(route.view, Endpoint) or not issubclass(route.view, PublicEndpoint)


def test_nobody_gets_in_without_a_token(client: Client, clinic: Clinic) -> None:
    with changes():
        for route, method in CLOSED:
            nobody = ask(client, route, method, clinic)
            assert_refused(nobody, status=401, code="unauthenticated", sentence="Authentication is required")
            forger = ask(client, route, method, clinic, Authorization="Bearer x.y.z")
            assert_refused(forger, status=401, code="unauthenticated", sentence="Invalid or expired access token")


@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_what_it_is_granted_and_no_more(clinic: Clinic, role: Role) -> None:
    caller = Caller(make_member(practice=clinic.practice, role=role), clinic.practice)
    for route, method in CLOSED:
        wanted, _ = ASKED[method, unversioned(route.path, method)]
        if wanted in GRANTED[role]:
            # 409: there is nothing yet that it could be done to.
            assert ask(caller.http, route, method, clinic, **caller.headers).status_code in (
                200,
                201,
                204,
                400,
                404,
                409,
            )
        else:
            with changes(**REFUSED):
                assert_forbidden(ask(caller.http, route, method, clinic, **caller.headers))
