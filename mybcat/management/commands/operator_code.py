"""`manage.py operator_code`: the present second factor of a demo operator, where there is no phone at hand."""

import time
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice


class Command(BaseCommand):
    help = "Print a code that the operator may sign in with now; enrols an authenticator. In development alone."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", nargs="?", default="ops@mybcat.example")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEVELOPMENT:
            raise CommandError("Only with MYBCAT_DEVELOPMENT: in production an operator's phone has the code.")
        user = get_user_model()._default_manager.filter(email=options["email"], is_staff=True).first()
        if user is None:
            raise CommandError("There is no such operator.")
        device, _ = TOTPDevice.objects.get_or_create(user_id=user.pk, confirmed=True)
        self.stdout.write(_unused_code(device))


def _unused_code(device: TOTPDevice) -> str:
    """Each code is good once; the next one is accepted half a minute early, and waited for if that is not enough."""
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    totp.time = time.time()
    step = max(totp.t(), device.last_t + 1)
    while step > totp.t() + device.tolerance:
        time.sleep(1)
        totp.time = time.time()
    totp.drift += step - totp.t()
    return f"{totp.token():06}"
