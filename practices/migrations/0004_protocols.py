"""Versioned scheduling protocols; what is published stays as it is, whoever writes."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

import mybcat.ids
from mybcat import row_security

_IMMUTABLE = migrations.RunSQL(
    """
    CREATE FUNCTION practices_protocolversion_refuse() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'a published protocol never changes' USING ERRCODE = '42501'; END $$;
    CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON practices_protocolversion
        FOR EACH ROW WHEN (OLD.status = 'published') EXECUTE FUNCTION practices_protocolversion_refuse();
    """,
    """
    DROP TRIGGER refuse_change ON practices_protocolversion;
    DROP FUNCTION practices_protocolversion_refuse();
    """,
)


class Migration(migrations.Migration):
    dependencies = [("practices", "0003_country")]

    operations = [
        migrations.CreateModel(
            name="ProtocolVersion",
            fields=[
                (
                    "id",
                    models.UUIDField(default=mybcat.ids.new_uuid, editable=False, primary_key=True, serialize=False),
                ),
                ("number", models.PositiveIntegerField()),
                (
                    "status",
                    models.CharField(
                        choices=[("draft", "Draft"), ("published", "Published")], default="draft", max_length=10
                    ),
                ),
                ("definition", models.JSONField()),
                ("examples", models.JSONField(default=list)),
                ("effective_from", models.DateTimeField(null=True)),
                ("published_at", models.DateTimeField(null=True)),
                ("published_by", models.UUIDField(editable=False, null=True)),
                ("created_at", models.DateTimeField()),
                ("created_by", models.UUIDField(editable=False)),
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
                "indexes": [models.Index(fields=["practice", "effective_from"], name="protocol_version_in_force")],
                "constraints": [
                    models.UniqueConstraint(fields=("practice", "id"), name="protocol_version_practice_id"),
                    models.UniqueConstraint(fields=("practice", "number"), name="protocol_version_number_once"),
                    models.UniqueConstraint(
                        condition=Q(status="draft"), fields=("practice",), name="protocol_version_one_draft"
                    ),
                    models.CheckConstraint(
                        condition=Q(
                            status="published",
                            effective_from__isnull=False,
                            published_at__isnull=False,
                            published_by__isnull=False,
                        )
                        | Q(
                            status="draft",
                            effective_from__isnull=True,
                            published_at__isnull=True,
                            published_by__isnull=True,
                        ),
                        name="protocol_version_published_by_someone",
                    ),
                ],
            },
        ),
        row_security.tenant_table("practices_protocolversion"),
        _IMMUTABLE,
    ]
