"""A worker's processes are killed while Twilio takes their messages: the job ends, and no number is texted twice."""

from collections import Counter

import pytest

from integrations.bulk.tasks import send_bulk
from mybcat.celery import app
from tests.callers import Caller
from tests.factories import Clinic, by_day
from tests.integrations.bulk.jobs import counts, hurry, number, statuses, submitted, texts
from tests.mybcat.processes import Valkey, valkey, wait_for, worker
from tests.standins.twilio import ACCOUNT, SENDER, TOKEN, Twilio

pytestmark = pytest.mark.processes

COUNT = 150


def ask_for_work(broker: Valkey) -> None:
    """As beat does."""
    with app.connection_for_write(broker.url) as connection:
        send_bulk.apply_async(queue="bulk", connection=connection)


def test_killed_in_the_midst_of_a_batch_and_replaced(agent: Caller, clinic: Clinic) -> None:
    by_day(clinic)
    twilio = Twilio()
    twilio.delay = 0.02
    job_id = submitted(agent, texts(COUNT))
    with twilio.running(), valkey() as broker:
        surroundings = {
            "REDIS_URL": broker.url,
            "MESSAGE_PROVIDER": "twilio",
            "TWILIO_API_URL": twilio.url,
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_FROM": SENDER,
        }
        with worker(queue="bulk", **surroundings) as first:
            ask_for_work(broker)
            wait_for(lambda: len(twilio.messages) >= COUNT // 3, what="some of the messages")
            first.kill()
        taken = {str(message["to"]) for message in twilio.messages}
        assert len(taken) < COUNT
        # Killed between Twilio's word and ours: what it took is not all known to be sent.
        known = {phone for phone, status in statuses().items() if status == "sent"}
        assert known < taken
        hurry()
        with worker(queue="bulk", **surroundings):
            ask_for_work(broker)
            wait_for(lambda: counts(agent, job_id)[0] == "COMPLETED", what="the job's end")
    assert Counter(str(message["to"]) for message in twilio.messages) == {number(place): 1 for place in range(COUNT)}
    assert counts(agent, job_id) == ("COMPLETED", COUNT, COUNT, 0)
