"""API clients, their credentials, and the practice's fence around them."""

import django.contrib.postgres.fields
import django.db.models.deletion
import mybcat.ids
import mybcat.tenancy
from django.db import migrations, models

from mybcat import row_security


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0004_inbound_events"),
        ("practices", "0003_country"),
    ]

    operations = [
        migrations.CreateModel(
            name="ApiClient",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(max_length=120)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None),
                ),
                (
                    "plan",
                    models.CharField(
                        blank=True,
                        choices=[("standard", "Standard"), ("enterprise", "Enterprise")],
                        max_length=20,
                        null=True,
                    ),
                ),
                ("jwks", models.JSONField(blank=True, null=True)),
                ("created_at", models.DateTimeField(editable=False)),
                ("revoked_at", models.DateTimeField(editable=False, null=True)),
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
            options={
                "verbose_name": "API client",
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="ApiClientCertificate",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False),
                ),
                ("thumbprint", models.CharField(max_length=43)),
                ("subject", models.CharField(max_length=250)),
                ("not_after", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "client",
                    mybcat.tenancy.PracticeForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="certificates",
                        to="integrations.apiclient",
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
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="ApiClientSecret",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False),
                ),
                ("digest", models.BinaryField()),
                ("hint", models.CharField(max_length=4)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(null=True)),
                (
                    "client",
                    mybcat.tenancy.PracticeForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="secrets",
                        to="integrations.apiclient",
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
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="ClientAssertion",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False),
                ),
                ("jti", models.BinaryField()),
                ("expires_at", models.DateTimeField()),
                (
                    "client",
                    mybcat.tenancy.PracticeForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="assertions",
                        to="integrations.apiclient",
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
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.AddConstraint(
            model_name="apiclient",
            constraint=models.UniqueConstraint(fields=("practice", "id"), name="api_client_practice_id"),
        ),
        migrations.AddConstraint(
            model_name="apiclientcertificate",
            constraint=models.UniqueConstraint(fields=("practice", "id"), name="api_client_certificate_practice_id"),
        ),
        migrations.AddConstraint(
            model_name="apiclientcertificate",
            constraint=models.UniqueConstraint(
                fields=("practice", "client", "thumbprint"), name="api_client_certificate_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="apiclientsecret",
            constraint=models.UniqueConstraint(fields=("practice", "id"), name="api_client_secret_practice_id"),
        ),
        migrations.AddConstraint(
            model_name="apiclientsecret",
            constraint=models.UniqueConstraint(fields=("practice", "client", "digest"), name="api_client_secret_once"),
        ),
        migrations.AddIndex(
            model_name="clientassertion",
            index=models.Index(fields=["expires_at"], name="client_assertion_expires_at"),
        ),
        migrations.AddConstraint(
            model_name="clientassertion",
            constraint=models.UniqueConstraint(fields=("practice", "id"), name="client_assertion_practice_id"),
        ),
        migrations.AddConstraint(
            model_name="clientassertion",
            constraint=models.UniqueConstraint(fields=("practice", "client", "jti"), name="client_assertion_once"),
        ),
        row_security.tenant_table("integrations_apiclient"),
        row_security.tenant_table("integrations_apiclientsecret"),
        row_security.tenant_table("integrations_apiclientcertificate"),
        row_security.tenant_table("integrations_clientassertion"),
        row_security.reference("integrations_apiclientsecret", "client_id", "integrations_apiclient"),
        row_security.reference("integrations_apiclientcertificate", "client_id", "integrations_apiclient"),
        row_security.reference("integrations_clientassertion", "client_id", "integrations_apiclient"),
    ]
