"""The calendar as a few lines of Python have it: what the product must do, without tables, locks or SQL.

Times are slots' numbers on one practitioner's day; everybody acts one after the other. A hold that has run out is
gone at once.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

SLOTS = 10
CAP = 2
MOST_TIMES = 6
# Of the longest there are no more than this a day: so few that the day is often full of them.
LONGEST = 3
MOST_LONGEST = 1

# Practitioner, number of the slot.
Place = tuple[int, int]
# These are for what takes one slot.
RESERVED: frozenset[Place] = frozenset((0, each) for each in range(3))


@dataclass(frozen=True)
class Stand:
    """Where an appointment is."""

    place: Place
    length: int
    overbooked: bool = False

    @property
    def slots(self) -> frozenset[Place]:
        return frozenset() if self.overbooked else span(self.place, self.length)


@dataclass(eq=False)
class Appointment:
    stand: Stand
    by: int
    booked: bool = True
    # Changes since the booking.
    version: int = 0
    # Booked just now, and nothing since.
    fresh: bool = True


@dataclass(eq=False)
class Hold:
    """`times`: spans that it keeps. `of` an undo: the appointment, where it was, and what it changed places with."""

    by: int
    times: list[frozenset[Place]]
    of: tuple[str, Stand, str | None] | None = None
    # The appointment's, when it was placed: nothing came after it while they are the same.
    version: int = 0
    # Of what it is held for; of an undo, the appointment has it.
    length: int = 0

    @property
    def slots(self) -> frozenset[Place]:
        return frozenset().union(*self.times)


def span(place: Place, length: int) -> frozenset[Place]:
    who, start = place
    return frozenset((who, start + each) for each in range(length))


class Refused(Exception):
    """409."""


@dataclass
class Calendar:
    appointments: dict[str, Appointment] = field(default_factory=dict)
    # In the order in which they were placed.
    holds: list[Hold] = field(default_factory=list)

    def taken(self) -> dict[Place, str]:
        return {slot: name for name, each in self.appointments.items() if each.booked for slot in each.stand.slots}

    def free_to(self, by: int, *, besides: Collection[str] = (), only: Hold | None = None) -> frozenset[Place]:
        """Slots that they may have: free ones, their own holds' (or that hold's alone), those of `besides`."""
        day = {(who, start) for who in range(2) for start in range(SLOTS)}
        others = {slot for slot, name in self.taken().items() if name not in besides}
        held = {
            slot
            for each in self.holds
            if (each is not only if only is not None else each.by != by)
            for slot in each.slots
        }
        return frozenset(day - others - held)

    def open_to(self, by: int, length: int, *, besides: Collection[str] = ()) -> frozenset[Place]:
        """Of these, those that are not reserved for others."""
        return self.free_to(by, besides=besides) - (RESERVED if length > 1 else frozenset())

    def full(self, by: int, length: int, *, more: int = 0) -> bool:
        """Whether there are enough of the longest: standing, left by others a moment ago, or held by others."""
        if length != LONGEST:
            return False
        standing = {name for name, each in self.appointments.items() if each.booked and each.stand.length == length}
        others = [each for each in self.holds if each.by != by]
        left = {each.of[0] for each in others if each.of and each.of[1].length == length}
        held = sum(each.of is None and each.length == length for each in others)
        return len(standing | left) + held + more >= MOST_LONGEST

    def book(self, by: int, name: str, place: Place, length: int) -> None:
        self.chain(by, [(name, place, length)])

    def chain(self, by: int, items: Sequence[tuple[str, Place, int]]) -> None:
        used: frozenset[Place] = frozenset()
        # All are one patient's, who is at one place at a time.
        busy: set[int] = set()
        longest = 0
        for _, place, length in items:
            if not span(place, length) <= self.open_to(by, length) - used or self.full(by, length, more=longest):
                raise Refused
            times = {start for _, start in span(place, length)}
            if times & busy:
                raise Refused
            busy |= times
            used |= span(place, length)
            longest += length == LONGEST
        for name, place, length in items:
            self._consume(span(place, length))
            self.appointments[name] = Appointment(Stand(place, length), by)

    def overbook(self, by: int, name: str, place: Place, length: int) -> None:
        if span(place, length) <= self.open_to(by, length) and not self.full(by, length):
            raise Refused
        beside = {key for key, each in self.appointments.items() if each.booked and self._beside(each.stand, place)}
        kept = {each.of[0] for each in self.holds if each.of and self._beside(each.of[1], place)}
        if len(beside | kept) >= CAP:
            raise Refused
        self.appointments[name] = Appointment(Stand(place, length, overbooked=True), by)

    def _beside(self, stand: Stand, place: Place) -> bool:
        return stand.overbooked and stand.place[0] == place[0]

    def hold(self, by: int, places: Sequence[Place], length: int) -> set[Place]:
        """The places that could be had."""
        free = self.open_to(by, length) if not self.full(by, length) else frozenset()
        had = [place for place in dict.fromkeys(places) if span(place, length) <= free]
        if not had:
            raise Refused
        times = [span(place, length) for place in had]
        wanted = frozenset().union(*times)
        before = self._snapshot()
        self._pass_on(wanted)
        self.holds.append(Hold(by, times, length=length))
        if sum(len(each.times) for each in self.holds if each.by == by and each.of is None) > MOST_TIMES:
            self.holds = before
            raise Refused
        return set(had)

    def release(self, hold: Hold) -> None:
        self.holds.remove(hold)

    def move(self, by: int, name: str, place: Place, *, undoable: bool = True) -> None:
        appointment = self._booked(name)
        if undoable and appointment.stand == Stand(place, appointment.stand.length):
            return
        wanted = span(place, appointment.stand.length)
        # Where it stood before, it may stand again.
        free = (
            self.open_to(by, appointment.stand.length, besides=[name]) if undoable else self.free_to(by, besides=[name])
        )
        if not wanted <= free:
            raise Refused
        self._consume(wanted)
        self._put(name, Stand(place, appointment.stand.length), by if undoable else None)

    def swap(self, by: int, first: str, second: str, *, undoable: bool = True) -> None:
        one, other = self._booked(first), self._booked(second)
        if one.stand.overbooked or other.stand.overbooked:
            raise Refused
        stands = {
            first: replace(one.stand, place=other.stand.place),
            second: replace(other.stand, place=one.stand.place),
        }
        free = self.free_to(by, besides=[first, second])
        if undoable and any(stand.slots & RESERVED and stand.length > 1 for stand in stands.values()):
            raise Refused
        if not all(stand.slots <= free for stand in stands.values()) or stands[first].slots & stands[second].slots:
            raise Refused
        self._consume(stands[first].slots | stands[second].slots)
        used = stands[first].slots | stands[second].slots
        for name, partner in ((first, second), (second, first)):
            self._put(name, stands[name], by if undoable else None, swapped_with=partner, used=used)

    def cancel(self, by: int, name: str) -> None:
        appointment = self._booked(name)
        appointment.booked = False
        appointment.version += 1
        times = list(_runs(appointment.stand.slots))
        self.holds.append(Hold(by, times, (name, appointment.stand, None), appointment.version))

    def undo(self, by: int, name: str) -> None:
        appointment = self.appointments[name]
        kept = self._kept(by, name)
        if kept is not None and kept.version != appointment.version:
            raise Refused
        if kept is not None and not appointment.booked:
            self._reinstate(name, kept)
        elif kept is not None:
            self._put_back(by, name, kept)
        elif appointment.booked and appointment.fresh and appointment.by == by:
            self.cancel(by, name)
            # An undone booking frees its time at once.
            self.holds.pop()
        else:
            raise Refused

    def _reinstate(self, name: str, kept: Hold) -> None:
        appointment = self.appointments[name]
        if not appointment.stand.slots <= self.free_to(-1, only=kept):
            raise Refused
        if not appointment.stand.overbooked and self.full(kept.by, appointment.stand.length):
            raise Refused
        appointment.booked, appointment.fresh = True, False
        appointment.version += 1
        self.holds.remove(kept)

    def _put_back(self, by: int, name: str, kept: Hold) -> None:
        assert kept.of is not None
        _, was, partner = kept.of
        if partner is not None:
            theirs = self._kept(by, partner)
            if theirs is None or theirs.of is None or theirs.of[2] != name:
                raise Refused
            if theirs.version != self.appointments[partner].version:
                raise Refused
            self.swap(by, name, partner, undoable=False)
            self.holds = [each for each in self.holds if each not in (kept, theirs)]
        elif was.overbooked:
            self._put(name, was, None)
            self.holds.remove(kept)
        else:
            self.move(by, name, was.place, undoable=False)
            self.holds = [each for each in self.holds if each is not kept]

    def _put(
        self, name: str, stand: Stand, by: int | None, *, swapped_with: str | None = None,
        used: frozenset[Place] = frozenset(),
    ) -> None:  # fmt: skip
        appointment = self.appointments[name]
        was, appointment.stand, appointment.fresh = appointment.stand, stand, False
        appointment.version += 1
        if by is not None:
            left = was.slots - stand.slots - used
            self.holds.append(Hold(by, list(_runs(left)), (name, was, swapped_with), appointment.version))

    def _booked(self, name: str) -> Appointment:
        appointment = self.appointments[name]
        if not appointment.booked:
            raise Refused
        return appointment

    def _kept(self, by: int, name: str) -> Hold | None:
        found = [each for each in self.holds if each.by == by and each.of is not None and each.of[0] == name]
        return found[-1] if found else None

    def _consume(self, wanted: frozenset[Place]) -> None:
        """Whoever books part of a hold has done with all of it."""
        self.holds = [each for each in self.holds if not each.slots & wanted]

    def _pass_on(self, wanted: frozenset[Place]) -> None:
        kept = []
        for each in self.holds:
            left = [time for time in each.times if not time & wanted]
            if left or not each.slots & wanted:
                kept.append(replace(each, times=left))
        self.holds = kept

    def _snapshot(self) -> list[Hold]:
        return [replace(each, times=list(each.times)) for each in self.holds]


def _runs(slots: Collection[Place]) -> Iterator[frozenset[Place]]:
    """Those that follow one another, together."""
    run: list[Place] = []
    for who, start in sorted(slots):
        if run and run[-1] != (who, start - 1):
            yield frozenset(run)
            run = []
        run.append((who, start))
    if run:
        yield frozenset(run)
