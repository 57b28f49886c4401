"""What single cells mean."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mybcat.gateway.inputs import YEARS

_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_US = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::00)?(?: ?([ap])\.?m\.?)?", re.ASCII | re.IGNORECASE)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)
_DAY_AND_CLOCK = re.compile(r"(\S+?)(?: |T)(\S+(?: ?[ap]\.?m\.?)?)", re.ASCII | re.IGNORECASE)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, "": False}


def read_day(text: str, *, order: str) -> date | None:
    """YYYY-MM-DD, and where the file's order is `us` also month/day/year; None for all else."""
    if found := _ISO.fullmatch(text):
        year, month, day = map(int, found.groups())
    elif order == "us" and (found := _US.fullmatch(text)):
        month, day, year = map(int, found.groups())
    else:
        return None
    try:
        value = date(year, month, day)
    except ValueError:
        return None
    return value if value.year in YEARS else None


def read_flag(text: str) -> bool | None:
    """True, false, yes, no, 1, 0; nothing is false; None for all else."""
    return _FLAGS.get(text.casefold())


def read_weekday(text: str) -> int | None:
    """0 for monday or mon; numbers are refused, since some count from Sunday."""
    name = text.casefold()
    return next((number for number, day in enumerate(WEEKDAYS) if name in (day, day[:3])), None)


def read_clock(text: str) -> time | None:
    """09:00, 9:00 or 5:30 PM; 24:00 is 00:00, as the end of a day."""
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    hour, minute, half = int(found[1]), int(found[2]), (found[3] or "").casefold()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    if (hour, minute) == (24, 0):
        hour = 0
    return time(hour, minute) if hour < 24 and minute < 60 else None


class BadStart(ValueError):
    """The text is no instant; `code` says why, as reasons.py has it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_start(text: str, *, order: str, zone: ZoneInfo) -> datetime:
    """An instant with its offset, or a day and a time on the clock of `zone`, as UTC. Raises BadStart."""
    if _INSTANT.fullmatch(text):
        try:
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise BadStart("bad_start") from error
    found = _DAY_AND_CLOCK.fullmatch(text)
    day, clock = (read_day(found[1], order=order), read_clock(found[2])) if found else (None, None)
    if day is None or clock is None:
        raise BadStart("bad_start")
    return _resolved(datetime.combine(day, clock), zone)


def _resolved(wall: datetime, zone: ZoneInfo) -> datetime:
    early, late = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early == late:
        return early
    raise BadStart("ambiguous_time" if late - early > timedelta() else "skipped_time")
