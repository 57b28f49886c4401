"""Operators see who must still move to v2."""

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from mybcat.models import VersionCall
from mybcat.tenancy import practice_scope
from tests.factories import Clinic

LIST = "/admin/mybcat/versioncall/"


def call(clinic: Clinic, *, days_ago: int, calls: int) -> None:
    at = timezone.now() - timedelta(days=days_ago)
    with practice_scope(clinic.practice.id):
        VersionCall.objects.create(
            version="v1",
            principal_kind="member",
            principal_id=clinic.agent.id,
            day=at.date(),
            calls=calls,
            last_at=at,
        )


def test_a_line_per_caller_with_its_last_30_days(desk: Client, clinic: Clinic, other_clinic: Clinic) -> None:
    for days_ago, calls in ((0, 5), (29, 7), (31, 100)):
        call(clinic, days_ago=days_ago, calls=calls)
    call(other_clinic, days_ago=40, calls=9)
    page = desk.get(LIST)
    lines = {row.practice_name: (row.principal_email, row.recent_calls) for row in page.context["cl"].result_list}
    assert lines == {
        clinic.practice.name: (clinic.agent.email, 12),
        other_clinic.practice.name: (other_clinic.agent.email, None),
    }
    text = page.content.decode()
    assert clinic.practice.name in text
    assert clinic.agent.email in text


def test_it_is_for_reading_alone(desk: Client, clinic: Clinic) -> None:
    call(clinic, days_ago=0, calls=1)
    with practice_scope(clinic.practice.id):
        row = VersionCall.objects.get()
    assert desk.get(f"{LIST}{row.pk}/change/").status_code == 200
    assert desk.post(f"{LIST}{row.pk}/change/", {"calls": 0}).status_code == 403
    assert desk.get(f"{LIST}add/").status_code == 403
