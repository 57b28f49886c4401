"""A worker's work on bulk jobs: one batch after the other, each of the practice that has waited longest."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import structlog

from integrations.bulk import chunks
from integrations.bulk.attempts import WAITS
from integrations.bulk.claiming import Claim, LeaseLost, claim, release, renew, wait_for_morning
from integrations.bulk.jobs import end_finished
from integrations.bulk.rows import make_rows
from integrations.messaging.provider import SETTLING, message_provider
from integrations.messaging.quiet_hours import quiet_until
from mybcat.correlation import correlated
from mybcat.tenancy import practice_scope

logger = structlog.get_logger(__name__)

# As for deliveries (mybcat/deliveries.py): the last chunk must end before the task's soft limit.
WORK_BUDGET = timedelta(seconds=20)
# A slow provider's batch goes back after this, so that another practice's hundred need not wait for its end.
TURN = timedelta(seconds=5)

Clock = Callable[[], datetime]


def work_off(*, clock: Clock) -> bool:
    """Send what is due for as long as the budget lasts; True when there may be more."""
    end = clock() + WORK_BUDGET
    while clock() < end:
        claimed = claim()
        if claimed is None:
            return False
        with correlated(claimed.correlation_id):
            work_on(claimed, clock=clock)
    return True


def work_on(claimed: Claim, *, clock: Clock) -> None:
    """One turn of a batch: until it is settled, its time is over, its job is stopped or night falls."""
    provider = message_provider(practice_id=claimed.practice_id)
    end = clock() + TURN
    try:
        _expand(claimed)
        asking = True
        with ThreadPoolExecutor(provider.concurrency, thread_name_prefix="bulk") as pool:
            while clock() < end:
                morning = quiet_until(now=clock(), time_zone=claimed.time_zone)
                if morning is not None:
                    wait_for_morning(claimed, morning=morning)
                    return
                # What may have left comes first; nothing becomes old enough to be asked about within a turn.
                asking = asking and chunks.ask_about_chunk(claimed, provider=provider, pool=pool, now=clock())
                if not asking and not chunks.send_chunk(claimed, provider=provider, pool=pool, now=clock()):
                    _give_back(claimed)
                    return
        release(claimed)
    except chunks.Stopped:
        # What ended the job may have been this batch.
        left = chunks.left(claimed)
        release(claimed, done=not (left.pending or left.unclear))
    except LeaseLost:
        logger.warning("A bulk batch was overtaken", batchId=str(claimed.batch_id), practiceId=str(claimed.practice_id))


def _expand(claimed: Claim) -> None:
    with practice_scope(claimed.practice_id):
        renew(claimed)
        make_rows(claimed)


def _give_back(claimed: Claim) -> None:
    """Done, or to be tried again: soon for what the provider did not take, later for what it may have taken."""
    left = chunks.left(claimed)
    if left.pending:
        release(claimed, wait=WAITS[min(left.attempts, len(WAITS)) - 1])
    elif left.unclear:
        release(claimed, wait=SETTLING)
    else:
        _finish(claimed)


def _finish(claimed: Claim) -> None:
    release(claimed, done=True)
    # A job whose every number was refused at once has no chunk that could end it.
    with practice_scope(claimed.practice_id):
        end_finished([claimed.job_id])
