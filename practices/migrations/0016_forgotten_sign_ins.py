"""To delete a sign-in that is over takes nothing away: nobody's epoch is raised, and no sweep waits for one."""

from django.db import migrations

_DELETED = """
    DROP TRIGGER raise_epoch_deleted ON practices_refreshfamily;
    CREATE TRIGGER raise_epoch_deleted AFTER DELETE ON practices_refreshfamily FOR EACH ROW
        {when} EXECUTE FUNCTION mybcat_raise_epoch('user_id');
"""


class Migration(migrations.Migration):
    dependencies = [("practices", "0015_members_come_in")]

    operations = [
        migrations.RunSQL(_DELETED.format(when="WHEN (OLD.expires_at > now())"), _DELETED.format(when="")),
    ]
