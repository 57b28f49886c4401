"""What is kept so that somebody can undo a change is theirs to use, rooms and equipment as well as time."""

from importlib import import_module

from django.db import migrations

before = import_module("appointments.migrations.0013_resource_uses").FREE_RESOURCES.replace(
    "CREATE ", "CREATE OR REPLACE ", 1
)


def _replaced(*pairs: tuple[str, str]) -> str:
    text = before
    for old, new in pairs:
        if text.count(old) != 1:
            raise ValueError(f"appointments_free_resources() is not as it was: {old}")
        text = text.replace(old, new)
    return text


after = _replaced(
    (
        "AND (h.id IS NULL OR h.expires_at > clock_timestamp()))\n        ORDER BY r.name, r.id\n",
        """AND (h.id IS NULL OR h.expires_at > clock_timestamp() AND h.holder_id <> _by))
        -- Where there is a choice, what can be undone stays so.
        ORDER BY EXISTS (
            SELECT FROM appointments_resourceuse u
            JOIN appointments_hold h ON h.practice_id = practice AND h.id = u.hold_id
            WHERE u.practice_id = practice AND u.resource_id = r.id
              AND u.occupied_from < _until AND u.occupied_until > _since
              AND u.owner_id <> _owner AND h.kind = 'undo' AND h.expires_at > clock_timestamp()
        ), r.name, r.id
""",
    ),
    (
        "    DELETE FROM appointments_resourceuse u\n",
        """    -- Without its room, an appointment cannot stand again.
    UPDATE appointments_hold h SET expires_at = clock_timestamp()
    WHERE h.practice_id = practice AND h.kind = 'undo' AND h.holder_id = _by AND h.expires_at > clock_timestamp()
      AND EXISTS (
          SELECT FROM appointments_resourceuse u
          WHERE u.practice_id = practice AND u.hold_id = h.id AND u.resource_id = ANY (picked) AND u.owner_id <> _owner
            AND u.occupied_from < _until AND u.occupied_until > _since);
    DELETE FROM appointments_resourceuse u
""",
    ),
    (
        "WHERE h.practice_id = practice AND h.id = u.hold_id AND h.expires_at <= clock_timestamp()));\n",
        """WHERE h.practice_id = practice AND h.id = u.hold_id
            AND (h.holder_id = _by OR h.expires_at <= clock_timestamp())));
""",
    ),
)


class Migration(migrations.Migration):
    dependencies = [("appointments", "0017_blocks_for_who_is_new")]

    operations = [migrations.RunSQL(after, before)]
