"""Count a request against all its limits at once, and read epochs by the way: one trip to Redis.

A script, because Redis runs it as one step: of any number of processes, exactly as many requests pass
as a limit says, and what one limit refuses is counted by none. Time is Redis's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Self
from uuid import UUID

from mybcat import epochs
from mybcat.free_core import BOOKED, BOOKED_SECONDS
from mybcat.gateway.limits import Limit
from mybcat.volatile import Script, Volatile

# KEYS: epochs, one per limit, and what is set while bookings come. ARGV: how many epochs; then per limit its quota,
# microseconds (0: to the end of the UTC day) and burst; then for how many seconds that is set (0: no booking).
# A burst is a bucket (GCRA): its key holds when it will be full again.
_COUNT = Script(b"""
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local skip, answer, limits, refused = tonumber(ARGV[1]), {}, {}, false
for i = 1, skip do answer[i] = redis.call('GET', KEYS[i]) end
for i = 1, #KEYS - skip - 1 do
    local key, quota = KEYS[skip + i], tonumber(ARGV[3*i - 1])
    local period, burst = tonumber(ARGV[3*i]), tonumber(ARGV[3*i + 1])
    local limit = {key = key, bucket = burst > 0}
    if limit.bucket then
        limit.step = period / quota
        limit.full = math.max(tonumber(redis.call('GET', key) or now), now)
        limit.wait = limit.full - now - (burst - 1) * limit.step
        -- Less than a millisecond is rounding; what is let in early still fills the bucket.
        if limit.wait < 1000 then limit.wait = 0 end
        limit.size = burst
    else
        limit.used = tonumber(redis.call('GET', key) or 0)
        if limit.used > 0 then
            limit.ends = redis.call('PTTL', key) * 1000
        else
            limit.ends = period > 0 and period or 86400000000 - now % 86400000000
        end
        limit.wait = limit.used >= quota and limit.ends or 0
        limit.size = quota
    end
    refused = refused or limit.wait > 0
    limits[i] = limit
end
for _, limit in ipairs(limits) do
    if limit.bucket then
        if not refused then
            limit.full = limit.full + limit.step
            redis.call('SET', limit.key, string.format('%.0f', limit.full), 'PX', math.ceil((limit.full - now) / 1000))
        end
        limit.ends = limit.full - now
        limit.left = math.floor(limit.size - limit.ends / limit.step + 0.000001)
    else
        if not refused then
            limit.used = redis.call('INCR', limit.key)
            if limit.used == 1 then redis.call('PEXPIRE', limit.key, math.ceil(limit.ends / 1000)) end
        end
        limit.left = limit.size - limit.used
    end
    answer[#answer + 1] = math.max(limit.left, 0)
    answer[#answer + 1] = math.ceil(limit.wait / 1000)
    answer[#answer + 1] = math.ceil(limit.ends / 1000)
end
local seconds = tonumber(ARGV[#ARGV])
if seconds > 0 and not refused then redis.call('SET', KEYS[#KEYS], 1, 'EX', seconds) end
return answer
""")


# A window that has ended meanwhile has nothing to give back to; decrementing keeps the time that a key has left.
_FORGIVE = """
for i = 1, #KEYS do
    if tonumber(redis.call('GET', KEYS[i]) or 0) > 0 then redis.call('DECR', KEYS[i]) end
end
"""


@dataclass(frozen=True, slots=True)
class Count:
    """One limit after this request: how many are left, and in how many milliseconds there are more."""

    limit: Limit
    left: int
    # Until the same request would pass; 0 where it passed.
    wait: int
    resets: int


@dataclass(frozen=True, slots=True)
class Admission:
    """What the limits said to one request."""

    counts: tuple[Count, ...]

    @classmethod
    def uncounted(cls, limits: Sequence[Limit]) -> Self:
        """While Redis is away everyone passes."""
        return cls(tuple(Count(limit, limit.quota, 0, limit.seconds * 1000) for limit in limits))

    @property
    def refused(self) -> tuple[Count, ...]:
        """Those that stand in the way; empty: admitted."""
        return tuple(count for count in self.counts if count.wait)

    @property
    def tightest(self) -> Count:
        """The one that a caller meets first."""
        return max(self.counts, key=lambda count: (count.wait, -count.left / count.limit.quota))

    @property
    def retry_after(self) -> int:
        """Whole seconds after which the same request can pass."""
        return max(ceil(max(count.wait for count in self.counts) / 1000), 1)


def counted(
    *, subjects: Sequence[UUID], limits: Sequence[Limit], store: Volatile
) -> tuple[tuple[int | None, ...], Admission]:
    """The epochs of `subjects` (None: not known to Redis), and what the limits say. Raises mybcat.volatile.Away."""
    keys = [epochs.key(subject) for subject in subjects] + [_key(limit) for limit in limits] + [BOOKED]
    arguments: list[int] = [len(subjects)]
    for limit in limits:
        arguments += (limit.quota, 0 if limit.daily else limit.seconds * 1_000_000, limit.burst)
    arguments.append(BOOKED_SECONDS if any(limit.books for limit in limits) else 0)
    answer: Any = store.run(_COUNT, keys=keys, arguments=arguments)
    known = tuple(None if epoch is None else int(epoch) for epoch in answer[: len(subjects)])
    figures = answer[len(subjects) :]
    counts = tuple(Count(limit, *figures[3 * place : 3 * place + 3]) for place, limit in enumerate(limits))
    return known, Admission(counts)


def forgiven(*, admission: Admission, store: Volatile) -> None:
    """Give an admitted request back to the limits that do not count failures of ours. Raises mybcat.volatile.Away."""
    keys = [_key(count.limit) for count in admission.counts if count.limit.forgiving]
    if keys and not admission.refused:
        store.call(lambda client: client.eval(_FORGIVE, len(keys), *keys))


def used(*, limit: Limit, store: Volatile) -> int:
    """How many requests count against the limit by now, one without a burst. Raises mybcat.volatile.Away."""
    found: Any = store.call(lambda client: client.get(_key(limit)))
    return int(found or 0)


def _key(limit: Limit) -> str:
    return f"mybcat:limit:{limit.key}"
