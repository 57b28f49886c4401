"""Celery tasks of practices and their people."""

from datetime import UTC, datetime
from typing import Any

from celery import shared_task

from practices import retention
from practices.members.forgotten import mail_links
from practices.members.invitations import mail_invitations


@shared_task(name="practices.tasks.mail_invitations")  # type: ignore[untyped-decorator]
def send_invitations(**kwargs: Any) -> None:
    """Tell new members what they have not been told yet."""
    mail_invitations(now=datetime.now(UTC))


@shared_task(name="practices.tasks.mail_forgotten_passwords")  # type: ignore[untyped-decorator]
def send_password_links(**kwargs: Any) -> None:
    """Send links to those who forgot their passwords."""
    mail_links(now=datetime.now(UTC))


@shared_task(name="practices.tasks.forget_old_sign_ins")  # type: ignore[untyped-decorator]
def forget_old_sign_ins(**kwargs: Any) -> None:
    """Delete members' sign-ins that ended long ago."""
    retention.forget_old_sign_ins(now=datetime.now(UTC))
