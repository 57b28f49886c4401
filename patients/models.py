"""Patients as the practice's front desk knows them."""

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Reverse

from mybcat.tenancy import PracticeForeignKey, PracticeManager, TenantModel
from patients.likeness import name_keys
from patients.search import PatientQuerySet


class Language(models.TextChoices):
    """ISO 639-1."""

    ENGLISH = "en"
    SPANISH = "es"


class Patient(TenantModel):
    """A person whom the practice treats. What leaves the API is an allow-list, not this class."""

    class PreferredChannel(models.TextChoices):
        SMS = "sms"
        EMAIL = "email"
        # Leave me alone.
        NONE = "none"

    first_name = models.CharField(max_length=80)
    last_name = models.CharField(max_length=80)
    date_of_birth = models.DateField()
    phone = models.CharField(max_length=16, blank=True, help_text="E.164")
    email = models.EmailField(blank=True)
    insurance_provider = models.CharField(max_length=120, blank=True)
    # In which messages are written; shown by the communication resource alone.
    language = models.CharField(
        max_length=2, choices=Language.choices, default=Language.ENGLISH, db_default=Language.ENGLISH
    )
    preferred_channel = models.CharField(
        max_length=5, choices=PreferredChannel.choices, default=PreferredChannel.SMS, db_default=PreferredChannel.SMS
    )
    # Codes of messages that they do not want; which there are, is known where messages are made.
    declined_kinds = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    # Since when they want no e-mail.
    email_declined_at = models.DateTimeField(null=True, editable=False)
    sms_consent = models.BooleanField(default=False)
    sms_consent_at = models.DateTimeField(null=True, blank=True)
    # Since when carriers have said that texts do not arrive at this number.
    sms_unreachable_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    # Folded names in byte order, so that a type-ahead is one range of a B-tree: LIKE is not
    # leakproof, and under row-level security it would not use the index.
    first_name_key = models.CharField(max_length=160, editable=False, db_collation="C")
    last_name_key = models.CharField(max_length=160, editable=False, db_collation="C")
    # For names that were misheard or mistyped: see likeness.py.
    first_name_sound = models.CharField(max_length=160, editable=False, db_collation="C")
    last_name_sound = models.CharField(max_length=160, editable=False, db_collation="C")
    first_name_skeleton = models.CharField(max_length=160, editable=False, db_collation="C")
    last_name_skeleton = models.CharField(max_length=160, editable=False, db_collation="C")
    # The record that this one turned out to be a second copy of; see merging.py.
    merged_into = PracticeForeignKey("self", models.PROTECT, null=True, editable=False, related_name="+")
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
            models.Index(fields=("practice", "last_name_sound"), name="patient_last_name_sound"),
            models.Index(fields=("practice", "first_name_sound"), name="patient_first_name_sound"),
            models.Index(fields=("practice", "last_name_skeleton"), name="patient_last_name_skeleton"),
            models.Index(fields=("practice", "first_name_skeleton"), name="patient_first_name_skeleton"),
        )

    def __str__(self) -> str:
        return str(self.id)

    def save(self, *args: object, **kwargs: object) -> None:
        self.fold_names()
        super().save(*args, **kwargs)

    def fold_names(self) -> None:
        """Bring what names are found by up to date; `save()` does, `bulk_create()` does not."""
        self.first_name_key, self.first_name_sound, self.first_name_skeleton = name_keys(self.first_name)
        self.last_name_key, self.last_name_sound, self.last_name_skeleton = name_keys(self.last_name)


class RelatedPerson(TenantModel):
    """Who calls for a patient: a parent, a guardian, a carer (FHIR RelatedPerson)."""

    class Relationship(models.TextChoices):
        PARENT = "parent"
        GUARDIAN = "guardian"
        SPOUSE = "spouse"
        CHILD = "child"
        SIBLING = "sibling"
        CAREGIVER = "caregiver"
        OTHER = "other"

    patient = PracticeForeignKey(Patient, models.CASCADE, related_name="related_persons")
    name = models.CharField(max_length=160)
    relationship = models.CharField(max_length=20, choices=Relationship.choices)
    phone = models.CharField(max_length=16, blank=True, help_text="E.164")
    # May book, move and cancel for the patient.
    may_schedule = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="related_person_practice_id"),
            models.CheckConstraint(
                condition=Q(phone="") | Q(phone__regex=r"^\+[1-9][0-9]{6,14}$"), name="related_person_phone_is_e164"
            ),
        )
        indexes = (
            models.Index(fields=("practice", "patient"), name="related_person_patient"),
            models.Index(fields=("practice", "phone"), name="related_person_phone"),
        )

    def __str__(self) -> str:
        return str(self.id)


class PatientMerge(TenantModel):
    """That one record was a second copy of another, what moved over, and whether it was taken back."""

    kept = PracticeForeignKey(Patient, models.PROTECT, related_name="+")
    merged = PracticeForeignKey(Patient, models.PROTECT, related_name="+")
    # By table: the ids of the rows that named the merged record.
    moved = models.JSONField()
    merged_at = models.DateTimeField()
    merged_by = models.UUIDField(editable=False)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.UUIDField(null=True, editable=False)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="patient_merge_practice_id"),
            models.UniqueConstraint(
                fields=("practice", "merged"), name="patient_merge_once", condition=Q(undone_at__isnull=True)
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by__isnull=True)
                | Q(undone_at__isnull=False, undone_by__isnull=False),
                name="patient_merge_undone_by_someone",
            ),
        )
        indexes = (models.Index(fields=("practice", "kept"), name="patient_merge_kept"),)

    def __str__(self) -> str:
        return f"{self.merged_id} into {self.kept_id}"


class Consent(TenantModel):
    """One decision about text messages, never changed: the newest one is in force.

    Without a patient, it is the decision of whoever holds the number, who may be no patient at all.
    """

    class Decision(models.TextChoices):
        """FHIR's ConsentProvisionType."""

        PERMIT = "permit"
        DENY = "deny"

    class Source(models.TextChoices):
        STAFF = "staff"
        # A text that said STOP or START.
        REPLY = "reply"
        # The provider refused, because it knows of a STOP that we do not.
        PROVIDER = "provider"

    patient = PracticeForeignKey(Patient, models.CASCADE, null=True)
    phone = models.CharField(max_length=16)
    decision = models.CharField(max_length=6, choices=Decision.choices)
    source = models.CharField(max_length=8, choices=Source.choices)
    principal_kind = models.CharField(max_length=20)
    principal_id = models.UUIDField(null=True)
    at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (models.UniqueConstraint(fields=("practice", "id"), name="consent_practice_id"),)
        indexes = (models.Index(fields=("practice", "phone", "-at", "-id"), name="consent_newest"),)

    def __str__(self) -> str:
        return f"{self.decision} {self.id}"
