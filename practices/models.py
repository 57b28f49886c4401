"""Practices, their places and people, and when those people work."""

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from mybcat.ids import new_uuid
from mybcat.principal import Role
from mybcat.tenancy import PracticeForeignKey, PracticeManager, PracticeQuerySet, TenantModel, current_scope

# What has no end. PostgreSQL's 'infinity' is no datetime of Python's.
FOREVER = datetime(9999, 12, 31, tzinfo=UTC)
TRIAL = timedelta(days=14)


def end_of_trial() -> datetime:
    """When the trial of a practice that is made now ends."""
    return timezone.now() + TRIAL


class Practices(models.Manager["Practice"]):
    """The practice in scope; all of them in platform scope; raises outside both."""

    def get_queryset(self) -> models.QuerySet["Practice"]:
        scope = current_scope()
        rows = super().get_queryset()
        return rows if scope.practice_id is None else rows.filter(id=scope.practice_id)


class Practice(models.Model):
    """A tenant. Its row, too, is visible in its own scope only."""

    class Plan(models.TextChoices):
        STANDARD = "standard"
        ENTERPRISE = "enterprise"

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    name = models.CharField(max_length=120)
    # An IANA name. Messages speak the location's zone; this one is v1's, and serves where no location is meant.
    time_zone = models.CharField(max_length=64)
    plan = models.CharField(max_length=20, choices=Plan.choices, default=Plan.STANDARD)
    phone = models.CharField(max_length=16, blank=True)
    # ISO 3166-1 alpha-2: how numbers without a country code are meant.
    country = models.CharField(max_length=2, default="US")
    slot_minutes = models.PositiveSmallIntegerField(default=15)
    horizon_days = models.PositiveSmallIntegerField(default=90)
    # For programs, by which patients book themselves: from how soon, and how many days from today on. Null: as anybody.
    self_service_lead_hours = models.PositiveSmallIntegerField(null=True, blank=True)
    self_service_horizon_days = models.PositiveSmallIntegerField(null=True, blank=True)
    # Ours, before anyone pays. Null: none.
    trial_ends_at = models.DateTimeField(default=end_of_trial, null=True, blank=True)
    # Until when appointments may be booked: what trial and subscriptions come to (`subscriptions.settle`).
    # Kept here, beside the plan, because every request reads this row. Null: they may not.
    entitled_until = models.DateTimeField(default=end_of_trial, null=True, editable=False)
    stripe_customer_id = models.CharField(max_length=255, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = Practices()

    class Meta:
        base_manager_name = "objects"
        constraints = (
            models.CheckConstraint(
                condition=Q(slot_minutes__in=(5, 10, 15, 20, 30, 60)), name="practice_slot_minutes_divide_an_hour"
            ),
            models.CheckConstraint(condition=Q(country__regex="^[A-Z]{2}$"), name="practice_country_code"),
            models.CheckConstraint(condition=Q(horizon_days__range=(1, 366)), name="practice_horizon_within_a_year"),
            models.CheckConstraint(
                condition=Q(self_service_lead_hours__isnull=True) | Q(self_service_lead_hours__lte=720),
                name="practice_self_service_lead_within_a_month",
            ),
            models.CheckConstraint(
                condition=Q(self_service_horizon_days__isnull=True) | Q(self_service_horizon_days__range=(1, 366)),
                name="practice_self_service_horizon_within_a_year",
            ),
            models.UniqueConstraint(fields=("stripe_customer_id",), name="practice_stripe_customer_once"),
        )

    def __str__(self) -> str:
        return self.name


class Subscription(TenantModel):
    """What a practice has agreed to pay for, as Stripe's events have told it so far.

    One row for each of Stripe's subscriptions, so that the end of an old one never touches a new one.
    """

    class Status(models.TextChoices):
        """Stripe's."""

        TRIALING = "trialing"
        ACTIVE = "active"
        PAST_DUE = "past_due"
        UNPAID = "unpaid"
        PAUSED = "paused"
        INCOMPLETE = "incomplete"
        INCOMPLETE_EXPIRED = "incomplete_expired"
        CANCELED = "canceled"

    stripe_id = models.CharField(max_length=255)
    status = models.CharField(max_length=20, choices=Status.choices)
    # Empty until an event has named a price that we know.
    plan = models.CharField(max_length=20, choices=Practice.Plan.choices, blank=True)
    grace_until = models.DateTimeField(null=True)
    current_period_end = models.DateTimeField(null=True)
    cancel_at_period_end = models.BooleanField(default=False)
    # How new the events were that status and the rest come from: see `integrations/stripe/life_cycle.py`.
    status_clock = models.BigIntegerField(default=0)
    details_clock = models.BigIntegerField(default=0)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="subscription_practice_id"),
            models.UniqueConstraint(fields=("practice", "stripe_id"), name="subscription_once"),
            models.CheckConstraint(
                condition=Q(status="past_due", grace_until__isnull=False)
                | ~Q(status="past_due") & Q(grace_until__isnull=True),
                name="subscription_grace_while_past_due",
            ),
        )

    def __str__(self) -> str:
        return f"{self.status} {self.stripe_id}"

    @property
    def entitled_until(self) -> datetime | None:
        """Until when this subscription alone lets the practice book."""
        if self.status in (self.Status.ACTIVE, self.Status.TRIALING):
            return FOREVER
        return self.grace_until


class Users(BaseUserManager["User"]):
    """Users are people, and people work for several practices: this table belongs to none."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A user who can sign in with `password`; None: only through an external issuer."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str, **fields: Any) -> "User":
        """A platform operator: Django admin, no practice."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    # `sub` of the external issuer (JWT_ISSUER), where there is one.
    external_subject = models.CharField(max_length=255, unique=True, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # When anybody last said that this person forgot their password, and when the link went out.
    forgotten_at = models.DateTimeField(null=True, editable=False)
    forgotten_mailed_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[Users] = Users()

    EMAIL_FIELD = USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(email=models.functions.Lower("email")), name="user_email_is_lower_case"),
        )
        indexes = (
            models.Index(fields=("forgotten_at",), name="user_forgotten", condition=Q(forgotten_at__isnull=False)),
        )

    def __str__(self) -> str:
        return self.email


class Membership(TenantModel):
    """What a user is in one practice."""

    user = models.ForeignKey(User, models.CASCADE)
    role = models.CharField(max_length=30, choices=[(role.value, role.value) for role in Role])
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # By a manager; null: by an operator, who has told them by other means.
    invited_at = models.DateTimeField(null=True, editable=False)
    invitation_mailed_at = models.DateTimeField(null=True, editable=False)
    # When they came in here for the first time. Null: a manager has invited them, and knows no more than the address.
    joined_at = models.DateTimeField(null=True, db_default=Now(), editable=False)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="membership_practice_id"),
            models.UniqueConstraint(fields=("practice", "user"), name="membership_once_per_practice"),
        )
        indexes = (
            models.Index(
                fields=("invited_at",),
                name="membership_unmailed",
                condition=Q(invitation_mailed_at__isnull=True, invited_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.role} {self.user_id}"


class RefreshFamily(models.Model):
    """One sign-in on one device, and all the refresh tokens that followed from it.

    It belongs to the user, not to a practice: `current_practice_id` is what the next access token is for.
    Tokens are kept as their SHA-256 alone.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    user = models.ForeignKey(User, models.CASCADE)
    current_practice_id = models.UUIDField()
    # The operator who looks at what the user sees: such a family has no refresh token that anyone knows.
    viewed_by = models.ForeignKey(User, models.CASCADE, null=True, related_name="+")
    client = models.BinaryField(help_text="SHA-256 of what the browser sends of itself")
    # Digest of the password in force at sign-in: a changed password ends the family.
    credentials = models.CharField(max_length=64)
    current = models.BinaryField()
    previous = models.BinaryField(null=True)
    rotated_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_because = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "refresh families"
        constraints = (
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_because="")
                | (Q(revoked_at__isnull=False) & ~Q(revoked_because="")),
                name="refresh_family_revoked_with_reason",
            ),
        )

    def __str__(self) -> str:
        return str(self.id)


class ActiveQuerySet(PracticeQuerySet[Any]):
    def active(self) -> "ActiveQuerySet":
        return self.filter(is_active=True)


class Location(TenantModel):
    """A place where patients are seen, with its own clock."""

    name = models.CharField(max_length=120)
    address = models.CharField(max_length=250, blank=True)
    # Empty: patients ring the practice's.
    phone = models.CharField(max_length=16, blank=True, default="", db_default="")
    time_zone = models.CharField(max_length=64)
    is_active = models.BooleanField(default=True)

    objects = PracticeManager.of(ActiveQuerySet)

    class Meta(TenantModel.Meta):
        constraints = (models.UniqueConstraint(fields=("practice", "id"), name="location_practice_id"),)

    def __str__(self) -> str:
        return self.name


class Practitioner(TenantModel):
    """A clinician of one practice; `user` where they sign in themselves."""

    user = models.ForeignKey(User, models.SET_NULL, null=True, blank=True)
    name = models.CharField(max_length=120)
    qualification = models.CharField(max_length=40, blank=True)
    is_active = models.BooleanField(default=True)
    # How many appointments a day they see beside what the calendar has room for.
    overbookings_a_day = models.PositiveSmallIntegerField(default=2, db_default=2)

    objects = PracticeManager.of(ActiveQuerySet)

    class Meta(TenantModel.Meta):
        constraints = (models.UniqueConstraint(fields=("practice", "id"), name="practitioner_practice_id"),)

    def __str__(self) -> str:
        return self.name


class AppointmentType(TenantModel):
    """What a patient comes for, and how much of the practitioner's time it takes."""

    class Audience(models.TextChoices):
        ANY = "any"
        NEW = "new"
        RETURNING = "returning"

    code = models.CharField(max_length=60)
    name = models.CharField(max_length=120)
    duration_minutes = models.PositiveSmallIntegerField()
    # Time of the practitioner before and after, which the patient does not see.
    buffer_before_minutes = models.PositiveSmallIntegerField(default=0)
    buffer_after_minutes = models.PositiveSmallIntegerField(default=0)
    audience = models.CharField(max_length=10, choices=Audience.choices, default=Audience.ANY)
    is_active = models.BooleanField(default=True)
    # Categories of the resources that it needs, one of each.
    resource_categories = ArrayField(models.CharField(max_length=40), default=list, db_default=[], blank=True)

    objects = PracticeManager.of(ActiveQuerySet)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="appointment_type_practice_id"),
            models.UniqueConstraint(fields=("practice", "code"), name="appointment_type_code_once"),
            models.CheckConstraint(condition=Q(duration_minutes__range=(5, 480)), name="appointment_type_duration"),
            models.CheckConstraint(
                condition=Q(buffer_before_minutes__lte=120, buffer_after_minutes__lte=120),
                name="appointment_type_buffers",
            ),
        )

    def __str__(self) -> str:
        return self.name


class WorkingHours(TenantModel):
    """A weekly period, on the location's clock, in which a practitioner sees patients there.

    Wall-clock times: 09:00 stays 09:00 when the clocks change.
    """

    practitioner = PracticeForeignKey(Practitioner, models.CASCADE)
    location = PracticeForeignKey(Location, models.CASCADE)
    # 0 is Monday, as in datetime.date.weekday().
    weekday = models.PositiveSmallIntegerField()
    starts = models.TimeField()
    # Exclusive; 00:00 is the end of the day, so that a 24-hour location can say so.
    ends = models.TimeField()
    valid_from = models.DateField()
    # Exclusive; null: until further notice.
    valid_until = models.DateField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name_plural = "working hours"
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="working_hours_practice_id"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="working_hours_weekday"),
            models.CheckConstraint(
                condition=Q(ends__gt=F("starts")) | Q(ends="00:00"), name="working_hours_end_after_start"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="working_hours_validity",
            ),
        )
        indexes = (models.Index(fields=("practice", "practitioner", "weekday"), name="working_hours_practitioner"),)

    def __str__(self) -> str:
        return f"{self.weekday} {self.starts:%H:%M}-{self.ends:%H:%M}"


class TimeOff(TenantModel):
    """A period without appointments: of one practitioner, of one location (a closure), or of the practice."""

    practitioner = PracticeForeignKey(Practitioner, models.CASCADE, null=True, blank=True)
    location = PracticeForeignKey(Location, models.CASCADE, null=True, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(
        max_length=20,
        choices=[(code, code) for code in ("holiday", "vacation", "sick", "training", "maintenance", "other")],
    )

    class Meta(TenantModel.Meta):
        verbose_name_plural = "time off"
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="time_off_practice_id"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="time_off_end_after_start"),
        )
        indexes = (models.Index(fields=("practice", "ends_at"), name="time_off_practice_ends_at"),)

    def __str__(self) -> str:
        return f"{self.reason} {self.starts_at:%Y-%m-%d}"


# Django finds an application's models through this module.
from practices.protocols.models import ProtocolVersion  # noqa: E402, F401
from practices.resources.models import Resource  # noqa: E402, F401
from practices.workspace.models import FrontDesk  # noqa: E402, F401
