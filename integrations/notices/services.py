"""Noting what managers should know, and telling them by e-mail."""

from datetime import datetime
from functools import partial
from uuid import UUID

from django.core.mail import EmailMessage
from django.db import connection

from integrations.notices.models import Notice
from mybcat import audit, mailing
from mybcat.errors import UnknownId
from mybcat.ids import new_uuid
from mybcat.principal import Principal, Role
from mybcat.tenancy import platform_scope
from practices.models import Membership

# What each kind means, and what to do.
TEXTS = {
    "webhook.dead": (
        "Webhooks could not be delivered",
        "Deliveries were given up after the last of 12 attempts. Look at these, mend the receiver, then replay.",
    ),
    "webhook.disabled": (
        "A webhook endpoint was disabled",
        "It answered 410, or has taken nothing for 5 days. It gets no more events until it is enabled again.",
    ),
}
_NOTIFY = """
    INSERT INTO integrations_notice (id, practice_id, kind, endpoint_id, count, first_at, last_at)
    VALUES (%s, %s, %s, %s, %s, now(), now())
    ON CONFLICT (practice_id, kind, endpoint_id) WHERE acknowledged_at IS NULL
    DO UPDATE SET count = integrations_notice.count + EXCLUDED.count, last_at = EXCLUDED.last_at
"""


def notify(*, kind: str, practice_id: UUID, endpoint_id: UUID, count: int) -> None:
    """Tell the practice's managers, or add to what they have been told and not acknowledged; in platform scope."""
    with connection.cursor() as cursor:
        cursor.execute(_NOTIFY, [new_uuid(), practice_id, kind, endpoint_id, count])


def acknowledge(*, notice_id: UUID, by: Principal, now: datetime) -> Notice:
    """A manager has seen it: the next trouble of its kind is told anew. Raises UnknownId."""
    notice: Notice | None = Notice.objects.select_related("endpoint").filter(id=notice_id).first()
    if notice is None:
        raise UnknownId(prefix="notc", value=notice_id)
    if notice.acknowledged_at is None:
        notice.acknowledged_at = now
        notice.save(update_fields=("acknowledged_at",))
        audit.record(principal=by, action="notice.acknowledged", object_kind="notc", object_ids=[notice.id], now=now)
    return notice


def mail_notices(*, now: datetime) -> int:
    """Send what managers have not been mailed yet; how many notices. What cannot be sent is tried again."""
    with platform_scope(reason="notices to mail"):
        waiting = list(
            Notice.objects.filter(mailed_at__isnull=True).select_related("practice", "endpoint").order_by("first_at")
        )
        managers: dict[UUID, list[str]] = {}
        members = Membership.objects.filter(
            practice_id__in={notice.practice_id for notice in waiting},
            role=Role.PRACTICE_MANAGER,
            user__is_active=True,
        )
        for practice_id, email in members.values_list("practice_id", "user__email"):
            managers.setdefault(practice_id, []).append(email)
    return mailing.send_each(
        waiting,
        written=lambda notice: _message(notice, managers.get(notice.practice_id, [])),
        sent=partial(_mailed, now=now),
        failure="Notice could not be mailed",
        named="noticeId",
    )


def _mailed(notice: Notice, *, now: datetime) -> None:
    with platform_scope(reason="notice mailed"):
        Notice.objects.filter(id=notice.id).update(mailed_at=now)


def _message(notice: Notice, to: list[str]) -> EmailMessage:
    subject, text = TEXTS[notice.kind]
    # The path of the address may be the receiver's secret.
    place = notice.endpoint.url.split("/")[2]
    return EmailMessage(
        subject=f"{notice.practice.name}: {subject}",
        body=f"{text}\n\nEndpoint: {place}\nSince: {notice.first_at:%Y-%m-%d %H:%M} UTC\nSo far: {notice.count}\n",
        to=to,
    )
