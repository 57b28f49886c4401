"""Decisions about text messages, and the language of the messages."""

import django.db.models.deletion
from django.db import migrations, models

import mybcat.ids
import mybcat.tenancy
from mybcat import row_security


class Migration(migrations.Migration):
    dependencies = [("patients", "0003_likeness_merges_related_persons"), ("practices", "0003_country")]

    operations = [
        migrations.AddField(
            "patient",
            "language",
            models.CharField(
                choices=[("en", "English"), ("es", "Spanish")], db_default="en", default="en", max_length=2
            ),
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False),
                ),
                ("phone", models.CharField(max_length=16)),
                ("decision", models.CharField(choices=[("permit", "Permit"), ("deny", "Deny")], max_length=6)),
                (
                    "source",
                    models.CharField(
                        choices=[("staff", "Staff"), ("reply", "Reply"), ("provider", "Provider")], max_length=8
                    ),
                ),
                ("principal_kind", models.CharField(max_length=20)),
                ("principal_id", models.UUIDField(null=True)),
                ("at", models.DateTimeField()),
                (
                    "patient",
                    mybcat.tenancy.PracticeForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="patients.patient",
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="practices.practice",
                    ),
                ),
            ],
            options={"abstract": False, "base_manager_name": "objects"},
        ),
        migrations.AddConstraint(
            "consent", models.UniqueConstraint(fields=("practice", "id"), name="consent_practice_id")
        ),
        migrations.AddIndex("consent", models.Index(fields=["practice", "phone", "-at", "-id"], name="consent_newest")),
        row_security.tenant_table("patients_consent"),
        row_security.reference("patients_consent", "patient_id", "patients_patient"),
    ]
