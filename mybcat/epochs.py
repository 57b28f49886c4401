"""How the gateway notices that what it remembers of a caller no longer holds.

Each user, API client and practice has an epoch, a number that PostgreSQL's triggers raise in the very
transaction that changes what they may do, whoever writes. Redis holds copies for the gateway to read
at each request. A copy that was lost on its way is sent again by the relay's process.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.migrations.operations.special import RunSQL
from redis import Redis

from mybcat.volatile import Away, Volatile, volatile

# How long the gateway remembers a caller at most.
REMEMBERED = timedelta(minutes=5)
# Sent again for as long as somebody may remember what was before; a transaction may take 10 s to commit.
RECENT = REMEMBERED + timedelta(seconds=30)
# Between two rounds of the relay's process.
ROUND = timedelta(milliseconds=250)
# Longer than anybody remembers a caller: a copy that is missing is read from PostgreSQL.
_KEPT_SECONDS = 3600

_RECENT = "SELECT subject, value FROM mybcat_epoch WHERE bumped_at > clock_timestamp() - make_interval(secs => %s)"
# Never lowered: two senders may overtake each other.
_RAISE = """
for i = 1, #KEYS do
    local known = redis.call('GET', KEYS[i])
    if not known or tonumber(known) < tonumber(ARGV[i]) then
        redis.call('SET', KEYS[i], ARGV[i], 'EX', ARGV[#KEYS + 1])
    end
end
"""


def functions() -> RunSQL:
    """For a migration: what `raised_by` and the loaders of principals use.

    A row is locked while it is raised, so numbers become visible in the order of the commits.
    """
    return RunSQL(
        """
        CREATE FUNCTION mybcat_epoch_of(uuid) RETURNS bigint LANGUAGE sql STABLE
        AS $$ SELECT coalesce((SELECT value FROM mybcat_epoch WHERE subject = $1), 0) $$;
        CREATE FUNCTION mybcat_raise_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO mybcat_epoch AS known (subject, value, bumped_at)
            VALUES (
                (CASE TG_OP WHEN 'INSERT' THEN to_jsonb(NEW) ELSE to_jsonb(OLD) END ->> TG_ARGV[0])::uuid,
                1, clock_timestamp()
            )
            ON CONFLICT (subject) DO UPDATE SET value = known.value + 1, bumped_at = EXCLUDED.bumped_at;
            RETURN NULL;
        END $$;
        """,
        "DROP FUNCTION mybcat_raise_epoch(); DROP FUNCTION mybcat_epoch_of(uuid)",
    )


def raised_by(table: str, *, subject: str, changes: Sequence[str] = (), added: bool = False) -> RunSQL:
    """For a migration: a row of `table` that is deleted or changes raises the epoch that its column `subject` names.

    `changes` are the columns that matter; none: all of them. `added`: a new row takes something away as well.
    """
    old, new = (
        ("OLD.*", "NEW.*")
        if not changes
        else tuple(f"({', '.join(f'{row}.{column}' for column in changes)})" for row in ("OLD", "NEW"))
    )
    return RunSQL(
        f"""
        CREATE TRIGGER raise_epoch_changed AFTER UPDATE ON {table} FOR EACH ROW
            WHEN ({old} IS DISTINCT FROM {new}) EXECUTE FUNCTION mybcat_raise_epoch('{subject}');
        CREATE TRIGGER raise_epoch_deleted AFTER {"INSERT OR " * added}DELETE ON {table} FOR EACH ROW
            EXECUTE FUNCTION mybcat_raise_epoch('{subject}');
        """,
        f"DROP TRIGGER raise_epoch_changed ON {table}; DROP TRIGGER raise_epoch_deleted ON {table}",
    )


def key(subject: UUID) -> str:
    """Where Redis has the copy."""
    return f"mybcat:epoch:{subject}"


def announce() -> None:
    """Copy every epoch raised lately to Redis. Called after a commit, outside any transaction.

    Never raises for Redis's absence: the relay's process repeats it four times a second, and who
    cannot read Redis reads PostgreSQL.
    """
    raised = raised_lately()
    if raised:
        try:
            send(raised, store=volatile())
        except Away:
            return


def raised_lately() -> list[tuple[UUID, int]]:
    """Every epoch that was raised for as long as somebody may remember what was before."""
    with connection.cursor() as cursor:
        cursor.execute(_RECENT, [RECENT.total_seconds()])
        rows: list[tuple[UUID, int]] = cursor.fetchall()
    return rows


def send(epochs: Collection[tuple[UUID, int]], *, store: Volatile) -> None:
    """Raise Redis's copies to these. Raises Away."""
    keys = [key(subject) for subject, _ in epochs]
    values = [value for _, value in epochs]
    store.call(lambda client: _raised(client, keys, values))


def _raised(client: Redis, keys: list[str], values: list[int]) -> None:
    client.eval(_RAISE, len(keys), *keys, *values, _KEPT_SECONDS)


class Announcing:
    """A chore of the relay's process: what a process that died after its commit did not announce is made good."""

    def __call__(self, *, now: datetime) -> timedelta:
        announce()
        return ROUND
