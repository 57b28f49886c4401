"""PostgreSQL's catalogue: no table, index, key, view or function is outside the fence without a reason given here."""

from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import ForeignKey

from tests.isolation.filled import PRACTICES, tenant_models, tenant_tables

# Tables of no practice.
SHARED = {
    "auth_group": "Django's",
    "auth_group_permissions": "Django's",
    "auth_permission": "Django's",
    "django_admin_log": "Django's: what operators did",
    "django_content_type": "Django's",
    "django_migrations": "Django's",
    "django_session": "Django's: operators' sessions",
    "mybcat_listenerstate": "how fast all deliveries of a listener may go, whose ever they are",
    "mybcat_targetpause": "which receivers asked for patience, by id alone",
    "integrations_inboundevent": "what Stripe sent, before anyone knows whose it is; for platform scope alone",
    "mybcat_auditcursor": "how far the sealing of all practices' audit entries has come",
    "mybcat_passkey": "operators' passkeys",
    "otp_static_staticdevice": "operators' recovery codes",
    "otp_static_statictoken": "operators' recovery codes",
    "otp_totp_totpdevice": "operators' authenticators",
    "mybcat_failedsignins": "digests of accounts and addresses that could not sign in",
    "mybcat_epoch": "numbers of users and practices; says nothing about either",
    "practices_user": "people, who work for several practices",
    "practices_user_groups": "operators' groups",
    "practices_user_user_permissions": "operators' rights",
    "practices_refreshfamily": "sign-ins of people, before any practice is chosen",
}
# Indexes that do not lead with the practice, primary keys apart.
ACROSS = {
    "appointment_no_overlap": "a practitioner is of one practice, and the constraint compares practitioners",
    "held_time_no_overlap": "likewise",
    "resource_use_no_overlap": "a resource is of one practice, and the constraint compares resources",
    "call_with_number": "numbers are forgotten after a while, whose ever they are",
    "messaging_connection_number": "texts name our number, and nobody knows yet whose it is",
    "waitlist_opening_due": "the sweep looks at what is due, whose ever it is",
    "hold_expires_at": "the relay ends what has run out, whose ever it is",
    "import_waiting": "workers take what waits, whose ever it is",
    "client_assertion_expires_at": "the sweep forgets what has expired, whose ever it is",
    "alarm_untold": "operators hear of what is due, by whose caller ever",
    "audit_entry_txid": "sealing takes what is new, whose ever it is",
    "bulk_job_active": "workers take turns between practices",
    "bulk_job_to_erase": "the sweep erases what ended long ago, whose ever it is",
    "delivery_due": "workers take what is due, whose ever it is",
    "notice_unmailed": "the mailer takes what is new, whose ever it is",
    "delivery_in_order": "a subject is of one practice",
    "delivery_leased": "workers count what is being tried, whose ever it is",
    "event_unrelayed": "the relay takes what is new, whose ever it is",
    "idempotency_key_expires_at": "the sweep forgets what has expired, whose ever it is",
    "practice_stripe_customer_once": "Stripe's events name their customer, and nobody knows yet whose it is",
    "security_event_unalarmed": "alarms collect what is new, whose ever it is",
    "membership_unmailed": "the mailer takes what is new, whose ever it is",
    "practices_membership_user_id_5f879272": "signing in asks for a user's practices",
    "practices_practitioner_user_id_711c85cb": "deleting a user asks who they are",
}

_TABLES = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'f') ORDER BY 1
"""
_POLICIES = """
    SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,
           coalesce(array_agg(p.polname::text ORDER BY p.polname) FILTER (WHERE p.oid IS NOT NULL), '{}'),
           min(pg_get_expr(p.polqual, c.oid)), min(pg_get_expr(p.polwithcheck, c.oid)), min(p.polcmd::text),
           min(array_to_string(p.polroles, ','))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_policy p ON p.polrelid = c.oid
    WHERE n.nspname = 'public' AND c.relname = ANY(%s) GROUP BY c.oid ORDER BY 1
"""
_INDEXES = """
    SELECT i.relname, a.attname
    FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
    LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]
    WHERE t.relname = ANY(%s) AND NOT x.indisprimary
"""
_FOREIGN_KEYS = """
    SELECT conrelid::regclass::text, confrelid::regclass::text, conname,
           ARRAY(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY k(n, o)
                 JOIN pg_attribute ON attrelid = conrelid AND attnum = k.n ORDER BY o),
           ARRAY(SELECT attname::text FROM unnest(confkey) WITH ORDINALITY k(n, o)
                 JOIN pg_attribute ON attrelid = confrelid AND attnum = k.n ORDER BY o),
           convalidated
    FROM pg_constraint WHERE contype = 'f'
"""
_NOT_OF_AN_EXTENSION = "NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"


def rows(owner: psycopg.Connection, query: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    return owner.execute(query, parameters).fetchall()


def test_every_table_belongs_to_practices_or_says_why_not(owner: psycopg.Connection) -> None:
    tables = {row[0] for row in rows(owner, _TABLES)}
    assert tables - set(tenant_tables()) == set(SHARED)


def test_every_table_of_practices_has_its_fence_and_no_gate_in_it(owner: psycopg.Connection) -> None:
    """Row-level security, for the owner too, by one policy for all commands and all roles."""
    fences = {}
    for table, key in tenant_tables().items():
        condition = f"({key} = ( SELECT mybcat_practice() AS mybcat_practice))"
        fences[table] = (True, True, ["practice_isolation"], condition, condition, "*", "0")
    assert {row[0]: row[1:] for row in rows(owner, _POLICIES, [list(fences)])} == fences


def test_no_table_of_practices_has_a_practice_that_may_be_missing(owner: psycopg.Connection) -> None:
    query = """
        SELECT table_name FROM information_schema.columns
        WHERE table_schema = 'public' AND column_name = 'practice_id' AND is_nullable = 'YES'
    """
    # An operator's act that concerns no single practice; no practice sees it.
    assert rows(owner, query) == [("mybcat_auditentry",)]


def test_every_index_leads_with_the_practice_or_says_why_not(owner: psycopg.Connection) -> None:
    across = {name for name, first in rows(owner, _INDEXES, [list(tenant_tables())]) if first != "practice_id"}
    assert across == set(ACROSS)


def test_every_reference_between_rows_of_practices_holds_the_practice(owner: psycopg.Connection) -> None:
    tenant = set(tenant_tables())
    loose = [
        name
        for table, target, name, columns, referred, valid in rows(owner, _FOREIGN_KEYS)
        if table in tenant
        and target in tenant - {PRACTICES}
        and not (len(columns) == 2 and columns[0] == "practice_id" and referred == ["practice_id", "id"] and valid)
    ]
    assert loose == []


@pytest.fixture
def references(owner: psycopg.Connection) -> set[tuple[str, str, str]]:
    """Table, column and target of each composite key."""
    return {
        (table, columns[1], target)
        for table, target, _, columns, _, _ in rows(owner, _FOREIGN_KEYS)
        if len(columns) == 2
    }


def test_every_foreign_key_of_a_model_has_its_constraint(references: set[tuple[str, str, str]]) -> None:
    """Django makes none for PracticeForeignKey: the migration must call row_security.reference()."""
    models = tenant_models()
    declared = {
        (model._meta.db_table, field.column, field.related_model._meta.db_table)
        for model in models
        for field in model._meta.local_fields
        if isinstance(field, ForeignKey) and field.related_model in models and field.name != "practice"
    }
    assert declared == references


def test_no_view_shows_rows_with_its_owner_s_eyes(owner: psycopg.Connection) -> None:
    views = f"""
        SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND {_NOT_OF_AN_EXTENSION}
          AND (c.relkind = 'm' OR c.relkind = 'v' AND NOT coalesce(c.reloptions @> '{{security_invoker=true}}', false))
    """
    assert rows(owner, views) == []


def test_no_function_runs_with_its_owner_s_rights(owner: psycopg.Connection) -> None:
    functions = f"""
        SELECT c.proname FROM pg_proc c JOIN pg_namespace n ON n.oid = c.pronamespace
        WHERE n.nspname = 'public' AND c.prosecdef AND {_NOT_OF_AN_EXTENSION}
    """
    assert rows(owner, functions) == []


def test_the_roles_that_serve_have_no_right_but_to_rows(owner: psycopg.Connection) -> None:
    query = """
        SELECT DISTINCT grantee, privilege_type FROM information_schema.role_table_grants
        WHERE table_schema = 'public' AND table_name = ANY(%s) AND grantee <> 'mybcat_owner' ORDER BY 1, 2
    """
    rights = ["DELETE", "INSERT", "SELECT", "UPDATE"]
    assert rows(owner, query, [list(tenant_tables())]) == [
        (role, right) for role in ("mybcat_app", "mybcat_platform") for right in rights
    ]


def test_records_can_be_read_and_added_and_no_more(owner: psycopg.Connection) -> None:
    query = """
        SELECT DISTINCT table_name, privilege_type FROM information_schema.role_table_grants
        WHERE table_name = ANY(%s) AND grantee <> 'mybcat_owner' ORDER BY 1, 2
    """
    records = ["mybcat_auditentry", "mybcat_auditseal", "mybcat_securityevent"]
    assert rows(owner, query, [records]) == [(table, right) for table in records for right in ("INSERT", "SELECT")]


def test_every_public_id_names_a_table_of_practices() -> None:
    named = {apps.get_model(label)._meta.db_table for label in settings.PUBLIC_IDS.values()}
    assert named - set(tenant_tables()) == set()
