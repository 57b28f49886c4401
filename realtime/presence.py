"""Who looks at which day of a practice: in memory alone, told among processes, and forgotten with whoever told it."""

from dataclasses import dataclass, field

from realtime.frames import text_of
from realtime.sockets import Socket

# A process says again what its own sockets look at; one that has not for a while is taken to be gone.
REPEATED_SECONDS, FORGOTTEN_SECONDS = 3.0, 8.0

# By day: names by member.
Days = dict[str, dict[str, str]]


@dataclass(eq=False)
class Looking:
    """Of one practice, as one process knows it."""

    own: dict[Socket, tuple[str, str, str]] = field(default_factory=dict)
    _elsewhere: dict[str, tuple[float, Days]] = field(default_factory=dict)
    _told: Days = field(default_factory=dict)

    def begin(self, socket: Socket, *, day: str, name: str) -> None:
        """The socket's member looks at that day, and at no other."""
        self.own[socket] = (day, socket.principal.id.hex, name)
        # Who begins is told, whether or not that changes anything.
        self._told.pop(day, None)

    def end(self, socket: Socket) -> bool:
        """Whether it looked at any."""
        return self.own.pop(socket, None) is not None

    def heard(self, process: str, days: Days, *, at: float) -> None:
        """Another process says what its sockets look at."""
        self._elsewhere[process] = (at, days)

    def own_days(self) -> Days:
        """What this process tells the others."""
        days: Days = {}
        for day, member, name in self.own.values():
            days.setdefault(day, {})[member] = name
        return days

    def tell(self, *, at: float) -> None:
        """Say to each socket who looks at its day, where that has changed."""
        self._elsewhere = {
            process: (heard, days)
            for process, (heard, days) in self._elsewhere.items()
            if at - heard < FORGOTTEN_SECONDS
        }
        now = self.own_days()
        for _, days in self._elsewhere.values():
            for day, names in days.items():
                now[day] = {**now.get(day, {}), **names}
        changed = {day for day in now.keys() | self._told.keys() if now.get(day) != self._told.get(day)}
        self._told = now
        texts = {day: _text(day, now.get(day, {})) for day in changed}
        for socket, (day, _, _) in tuple(self.own.items()):
            if day in texts:
                socket.push(texts[day])


def _text(day: str, names: dict[str, str]) -> str:
    return text_of({"type": "presence", "date": day, "members": [{"name": name} for name in sorted(names.values())]})
