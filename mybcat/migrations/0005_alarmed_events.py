"""Each security event names the alarm that tells of it; that, and nothing else in it, is written later, once."""

from django.db import migrations, models
from django.db.models import Q

_ONCE = """
    GRANT UPDATE (alarm_id) ON mybcat_securityevent TO mybcat_platform;
    CREATE OR REPLACE FUNCTION mybcat_securityevent_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' AND OLD.alarm_id IS NULL AND NEW.alarm_id IS NOT NULL
           AND to_jsonb(NEW) - 'alarm_id' = to_jsonb(OLD) - 'alarm_id' THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'mybcat_securityevent is append-only' USING ERRCODE = '42501';
    END $$;
"""
_NEVER = """
    REVOKE UPDATE (alarm_id) ON mybcat_securityevent FROM mybcat_platform;
    CREATE OR REPLACE FUNCTION mybcat_securityevent_refuse() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'mybcat_securityevent is append-only' USING ERRCODE = '42501'; END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("mybcat", "0004_sealed_audit")]

    operations = [
        migrations.AddField("securityevent", "alarm_id", models.UUIDField(editable=False, null=True)),
        migrations.AddIndex(
            "securityevent",
            models.Index(fields=("at",), name="security_event_unalarmed", condition=Q(("alarm_id__isnull", True))),
        ),
        migrations.RunSQL(_ONCE, _NEVER),
    ]
