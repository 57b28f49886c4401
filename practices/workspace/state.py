"""What the workspace follows from, in one statement: browsers ask at each call whether anything of it has changed."""

from datetime import datetime
from typing import Any

from django.db import connection

from mybcat.tenancy import current_scope
from practices.workspace.services import AHEAD

_COUNTED = "SELECT concat_ws(' ', count(*), sum(hash_record_extended((t.id, t.xmin::text), 0))) FROM"
# The last two change by the clock, too: closures that are over, and versions that come into force.
_VERSIONS = f"""
    SELECT ({_COUNTED} practices_practice t WHERE t.id = %(practice)s),
           ({_COUNTED} practices_location t WHERE t.practice_id = %(practice)s),
           ({_COUNTED} practices_practitioner t WHERE t.practice_id = %(practice)s),
           ({_COUNTED} practices_appointmenttype t WHERE t.practice_id = %(practice)s),
           ({_COUNTED} practices_frontdesk t WHERE t.practice_id = %(practice)s),
           ({_COUNTED} practices_protocolversion t WHERE t.practice_id = %(practice)s),
           ({_COUNTED} practices_timeoff t
            WHERE t.practice_id = %(practice)s AND t.practitioner_id IS NULL AND t.ends_at > %(now)s
              AND t.starts_at < %(ahead)s),
           (SELECT v.id FROM practices_protocolversion v
            WHERE v.practice_id = %(practice)s AND v.status = 'published' AND v.effective_from <= %(now)s
            ORDER BY v.effective_from DESC, v.number DESC LIMIT 1)
"""  # noqa: S608 - our own text


def versions(*, now: datetime) -> tuple[Any, ...]:
    """Of all rows that it shows, in the practice in scope."""
    parameters = {"practice": current_scope().practice_id, "now": now, "ahead": now + AHEAD}
    with connection.cursor() as cursor:
        cursor.execute(_VERSIONS, parameters)
        found: tuple[Any, ...] = cursor.fetchone()
    return found
