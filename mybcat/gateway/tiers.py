"""How often one caller may ask for one kind of operation, in Slack's terms."""

from enum import Enum


class Tier(Enum):
    """The value is requests a minute."""

    T1 = 1
    T2 = 20
    T3 = 50
    T4 = 100
    # An agent books as fast as patients call; no other limit may starve that.
    BOOKING = 300
