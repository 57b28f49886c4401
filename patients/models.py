"""Patients as the practice's front desk knows them."""

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Reverse

from mybcat.tenancy import PracticeManager, TenantModel
from patients.search import PatientQuerySet, search_key


class Patient(TenantModel):
    """A person whom the practice treats. What leaves the API is an allow-list, not this class."""

    first_name = models.CharField(max_length=80)
    last_name = models.CharField(max_length=80)
    date_of_birth = models.DateField()
    phone = models.CharField(max_length=16, blank=True, help_text="E.164")
    email = models.EmailField(blank=True)
    insurance_provider = models.CharField(max_length=120, blank=True)
    sms_consent = models.BooleanField(default=False)
    sms_consent_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    # Folded names in byte order, so that a type-ahead is one range of a B-tree: LIKE is not
    # leakproof, and under row-level security it would not use the index.
    first_name_key = models.CharField(max_length=160, editable=False, db_collation="C")
    last_name_key = models.CharField(max_length=160, editable=False, db_collation="C")
    # Callers give the last digits; a reversed number makes a suffix a prefix.
    phone_reversed = models.GeneratedField(
        expression=Reverse("phone"), output_field=models.CharField(max_length=16, db_collation="C"), db_persist=True
    )

    objects = PracticeManager.of(PatientQuerySet)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="patient_practice_id"),
            models.CheckConstraint(
                condition=Q(phone="") | Q(phone__regex=r"^\+[1-9][0-9]{6,14}$"), name="patient_phone_is_e164"
            ),
            models.CheckConstraint(
                condition=Q(sms_consent=Value(False)) | Q(sms_consent_at__isnull=False),
                name="patient_consent_has_a_date",
            ),
        )
        indexes = (
            models.Index(fields=("practice", "last_name_key", "first_name_key"), name="patient_last_name"),
            models.Index(fields=("practice", "first_name_key", "last_name_key"), name="patient_first_name"),
            models.Index(fields=("practice", "phone_reversed"), name="patient_phone_reversed"),
            models.Index(fields=("practice", "date_of_birth"), name="patient_date_of_birth"),
        )

    def __str__(self) -> str:
        return str(self.id)

    def save(self, *args: object, **kwargs: object) -> None:
        # Cut to the columns: some characters fold into many (U+FDFA into 18).
        self.first_name_key = search_key(self.first_name)[:160]
        self.last_name_key = search_key(self.last_name)[:160]
        super().save(*args, **kwargs)
