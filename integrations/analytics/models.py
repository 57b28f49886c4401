"""Figures of a day, and which events are in them."""

from django.db import models
from django.db.models import Q

from mybcat.models import PracticeRecord


class DailyCount(PracticeRecord):
    """How often something happened on one day of the practice's clock, to what, and by whom."""

    day = models.DateField()
    counter = models.CharField(max_length=20)
    appointment_type_id = models.UUIDField()
    practitioner_id = models.UUIDField()
    # The kind of whoever acted (member, client …), and who that was where it is known.
    source = models.CharField(max_length=20)
    agent_id = models.UUIDField(null=True)
    count = models.PositiveIntegerField()

    class Meta(PracticeRecord.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=(
                    "practice_id", "day", "counter", "appointment_type_id", "practitioner_id", "source", "agent_id"
                ),
                name="daily_count_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(count__gt=0), name="daily_count_of_something"),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.day} {self.counter} {self.count}"


class CountedEvent(PracticeRecord):
    """An event that is in the figures; its id is the event's, so that none is counted twice."""

    class Meta(PracticeRecord.Meta):
        indexes = (models.Index(fields=("practice_id", "id"), name="counted_event_practice"),)

    def __str__(self) -> str:
        return str(self.id)
