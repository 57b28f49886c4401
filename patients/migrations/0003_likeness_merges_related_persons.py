"""Names by sound and skeleton, merged records, and those who call for a patient."""

import django.db.models.deletion
import mybcat.ids
import mybcat.tenancy
from django.db import migrations, models

from mybcat import row_security
from patients.likeness import name_keys


def fill_keys(apps, schema_editor):
    """Of records that are there already. The one way of folding names is the application's own."""
    patients = apps.get_model("patients", "Patient")._base_manager.using(schema_editor.connection.alias)
    batch = []
    for row in patients.only("first_name", "last_name").iterator(chunk_size=2000):
        _, row.first_name_sound, row.first_name_skeleton = name_keys(row.first_name)
        _, row.last_name_sound, row.last_name_skeleton = name_keys(row.last_name)
        batch.append(row)
        if len(batch) == 2000:
            patients.bulk_update(batch, KEYS)
            batch = []
    patients.bulk_update(batch, KEYS)


KEYS = ["first_name_sound", "first_name_skeleton", "last_name_sound", "last_name_skeleton"]


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0002_row_security"),
        ("practices", "0004_protocols"),
    ]

    operations = [
        migrations.CreateModel(
            name="PatientMerge",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False),
                ),
                ("moved", models.JSONField()),
                ("merged_at", models.DateTimeField()),
                ("merged_by", models.UUIDField(editable=False)),
                ("undone_at", models.DateTimeField(null=True)),
                ("undone_by", models.UUIDField(editable=False, null=True)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="RelatedPerson",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(max_length=160)),
                (
                    "relationship",
                    models.CharField(
                        choices=[
                            ("parent", "Parent"),
                            ("guardian", "Guardian"),
                            ("spouse", "Spouse"),
                            ("child", "Child"),
                            ("sibling", "Sibling"),
                            ("caregiver", "Caregiver"),
                            ("other", "Other"),
                        ],
                        max_length=20,
                    ),
                ),
                ("phone", models.CharField(blank=True, help_text="E.164", max_length=16)),
                ("may_schedule", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.AddField(
            model_name="patient",
            name="first_name_skeleton",
            field=models.CharField(db_collation="C", default="", editable=False, max_length=160),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="patient",
            name="first_name_sound",
            field=models.CharField(db_collation="C", default="", editable=False, max_length=160),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="patient",
            name="last_name_skeleton",
            field=models.CharField(db_collation="C", default="", editable=False, max_length=160),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="patient",
            name="last_name_sound",
            field=models.CharField(db_collation="C", default="", editable=False, max_length=160),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="patient",
            name="merged_into",
            field=mybcat.tenancy.PracticeForeignKey(
                db_constraint=False,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="patients.patient",
            ),
        ),
        # The owner, too, is fenced: the fence is opened for this statement's transaction alone.
        migrations.RunSQL("ALTER TABLE patients_patient NO FORCE ROW LEVEL SECURITY", migrations.RunSQL.noop),
        migrations.RunPython(fill_keys, migrations.RunPython.noop),
        migrations.RunSQL("ALTER TABLE patients_patient FORCE ROW LEVEL SECURITY", migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="patient",
            index=models.Index(fields=["practice", "last_name_sound"], name="patient_last_name_sound"),
        ),
        migrations.AddIndex(
            model_name="patient",
            index=models.Index(fields=["practice", "first_name_sound"], name="patient_first_name_sound"),
        ),
        migrations.AddIndex(
            model_name="patient",
            index=models.Index(fields=["practice", "last_name_skeleton"], name="patient_last_name_skeleton"),
        ),
        migrations.AddIndex(
            model_name="patient",
            index=models.Index(fields=["practice", "first_name_skeleton"], name="patient_first_name_skeleton"),
        ),
        migrations.AddField(
            model_name="patientmerge",
            name="kept",
            field=mybcat.tenancy.PracticeForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="patients.patient",
            ),
        ),
        migrations.AddField(
            model_name="patientmerge",
            name="merged",
            field=mybcat.tenancy.PracticeForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="patients.patient",
            ),
        ),
        migrations.AddField(
            model_name="patientmerge",
            name="practice",
            field=models.ForeignKey(
                db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, to="practices.practice"
            ),
        ),
        migrations.AddField(
            model_name="relatedperson",
            name="patient",
            field=mybcat.tenancy.PracticeForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="related_persons",
                to="patients.patient",
            ),
        ),
        migrations.AddField(
            model_name="relatedperson",
            name="practice",
            field=models.ForeignKey(
                db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, to="practices.practice"
            ),
        ),
        migrations.AddIndex(
            model_name="patientmerge",
            index=models.Index(fields=["practice", "kept"], name="patient_merge_kept"),
        ),
        migrations.AddConstraint(
            model_name="patientmerge",
            constraint=models.UniqueConstraint(fields=("practice", "id"), name="patient_merge_practice_id"),
        ),
        migrations.AddConstraint(
            model_name="patientmerge",
            constraint=models.UniqueConstraint(
                condition=models.Q(("undone_at__isnull", True)),
                fields=("practice", "merged"),
                name="patient_merge_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="patientmerge",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("undone_at__isnull", True), ("undone_by__isnull", True)),
                    models.Q(("undone_at__isnull", False), ("undone_by__isnull", False)),
                    _connector="OR",
                ),
                name="patient_merge_undone_by_someone",
            ),
        ),
        migrations.AddIndex(
            model_name="relatedperson",
            index=models.Index(fields=["practice", "patient"], name="related_person_patient"),
        ),
        migrations.AddIndex(
            model_name="relatedperson",
            index=models.Index(fields=["practice", "phone"], name="related_person_phone"),
        ),
        migrations.AddConstraint(
            model_name="relatedperson",
            constraint=models.UniqueConstraint(fields=("practice", "id"), name="related_person_practice_id"),
        ),
        migrations.AddConstraint(
            model_name="relatedperson",
            constraint=models.CheckConstraint(
                condition=models.Q(("phone", ""), ("phone__regex", "^\\+[1-9][0-9]{6,14}$"), _connector="OR"),
                name="related_person_phone_is_e164",
            ),
        ),
        row_security.tenant_table("patients_relatedperson"),
        row_security.tenant_table("patients_patientmerge"),
        row_security.reference("patients_patient", "merged_into_id", "patients_patient"),
        row_security.reference("patients_relatedperson", "patient_id", "patients_patient"),
        row_security.reference("patients_patientmerge", "kept_id", "patients_patient"),
        row_security.reference("patients_patientmerge", "merged_id", "patients_patient"),
    ]
