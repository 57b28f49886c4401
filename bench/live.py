"""How soon, how fast and how cheaply open sockets hear: changes of a practice, and where clinicians are."""

import argparse
import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import orjson
import redis
from channels.layers import get_channel_layer
from django.conf import settings
from django.utils import timezone

from appointments.models import Appointment
from bench.devices import driving
from bench.practice import BenchPractice, make_practice
from bench.sockets import Heard, watching
from mybcat.embedded import ports, processes
from mybcat.embedded.child import Command, start_process
from mybcat.embedded.home import Home
from mybcat.events import EventType, publish
from mybcat.ids import new_uuid, public_id
from mybcat.principal import Principal, Role
from mybcat.tenancy import practice_scope
from patients.models import Patient
from practices.models import Membership, Practitioner
from realtime.broadcasting import group_of
from realtime.models import Visit
from realtime.visits.links import token_of

SOCKETS = 1000
_PATIENCE = 180.0


@dataclass(frozen=True)
class Figure:
    """What was measured, and what it must be."""

    what: str
    seen: str
    limit: str
    met: bool


def main(arguments: list[str]) -> int:
    """Prints the figures; 1 if one misses its limit."""
    options = _options(arguments)
    missed = 0
    for measured in (changes, visits):
        for figure in measured(options):
            missed += not figure.met
            print(f"{figure.what}: {figure.seen} ({figure.limit}{'' if figure.met else ', missed'})", flush=True)
    return 1 if missed else 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.live", description=__doc__)
    parser.add_argument("--sockets", type=int, default=SOCKETS)
    parser.add_argument("--rate", type=int, default=10, help="changes a second")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--burst", type=int, default=200, help="changes at once, for the comparison")
    parser.add_argument("--visits", type=int, default=500, help="each sends every 4 s and has two watchers")
    return parser.parse_args(arguments)


def changes(options: argparse.Namespace) -> Iterator[Figure]:
    """Sockets of one practice: from the commit to the frame, memory, and frames a second against a bare server's."""
    practice = make_practice(name="Bench: live")
    handshakes = [
        f"Sec-WebSocket-Protocol: mybcat.v1\r\nAuthorization: Bearer {practice.tokens[n % len(practice.tokens)]}"
        for n in range(options.sockets)
    ]
    with _running("live", "relay") as (port, process_id):
        # The process's first socket makes what it needs once.
        with watching(port=port, handshakes=handshakes[:1], member="seq") as watchers:
            watchers.stop()
        empty = _memory(process_id)
        with watching(port=port, handshakes=handshakes, member="seq") as watchers:
            each = (_memory(process_id) - empty) / options.sockets
            committed = _change(practice, rate=options.rate, seconds=options.seconds)
            # So that one that came twice is seen.
            time.sleep(1.5)
            wanted = len(committed) * options.sockets
            heard = watchers.stop(after=wanted)
        waits = sorted(1000 * (frame.at - committed[int(frame.value) - 1]) for frame in heard)
        yield Figure("frames of those sent", f"{len(waits):,} of {wanted:,}", "all", len(waits) == wanted)
        yield _percentiles(f"commit → frame, {options.sockets:,} sockets, {options.rate} changes/s", waits, most=150)
        yield Figure("KiB a socket", f"{each:.0f}", "≤ 60", each <= 60)
        ours = _burst_of_ours(practice, port, handshakes, first=len(committed) + 1, count=options.burst)
    bare = _burst_of_bare(handshakes, count=options.burst)
    yield Figure(
        f"frames a second, ours / a bare server's ({ours:,.0f} / {bare:,.0f})", f"{ours / bare:.2f}",
        "≥ 0.5", ours >= bare / 2,
    )  # fmt: skip


def visits(options: argparse.Namespace) -> Iterator[Figure]:
    """Visits that send every 4 s, two watchers each: from the device to the watcher, and what it costs."""
    practice = make_practice(name="Bench: visits", callers=20)
    made = _visits(practice, options.visits)
    expires_at = timezone.now() + timedelta(hours=1)
    handshakes = [
        f"Sec-WebSocket-Protocol: mybcat.v1, visit.{token_of(visit, expires_at=expires_at)}\r\n"
        f"Origin: {settings.PUBLIC_URL}"
        for visit in made
        for _ in range(2)
    ]
    by_driver: dict[UUID, list[str]] = {}
    for visit in made:
        by_driver.setdefault(visit.practitioner_id, []).append(public_id("visit", visit.id))
    drivers = list(zip(practice.tokens, by_driver.values(), strict=False))
    with (
        _running("live") as (port, process_id),
        watching(port=port, handshakes=handshakes, member="lat") as watchers,
    ):
        before, begun = _seconds(process_id), time.monotonic()
        sent = driving(port=port, drivers=drivers, seconds=options.seconds)
        spent = (_seconds(process_id) - before) / (time.monotonic() - begun)
        time.sleep(1)
        heard = watchers.stop(after=2 * len(sent))
    waits = sorted(1000 * (frame.at - sent[float(frame.value)]) for frame in heard)
    yield Figure(
        "positions heard of those sent", f"{len(waits):,} of {2 * len(sent):,}", "all", len(waits) == 2 * len(sent)
    )
    yield _percentiles(f"device → watcher, {options.visits} visits every 4 s, 2 watchers each", waits, most=200)
    yield Figure("of one core", f"{spent:.0%}", "≤ 40%", spent <= 0.4)


def _percentiles(what: str, waits: list[float], *, most: float) -> Figure:
    p99 = waits[int(len(waits) * 0.99)] if waits else float("inf")
    middle = waits[len(waits) // 2] if waits else float("inf")
    return Figure(f"{what}, p50 / p99 ms", f"{middle:.0f} / {p99:.0f}", f"p99 ≤ {most:.0f}", p99 <= most)


def _change(practice: BenchPractice, *, rate: int, seconds: float) -> list[float]:
    """Commits changes; when each was committed."""
    by, committed, begun = _principal(practice), [], time.monotonic()
    for number in range(int(rate * seconds)):
        time.sleep(max(0.0, begun + number / rate - time.monotonic()))
        patient_id = practice.patient_id(number)
        with practice_scope(practice.id):
            publish(
                type=EventType.PATIENT_UPDATED,
                subject_id=patient_id,
                data={"patientId": public_id("pat", patient_id)},
                by=by,
                now=timezone.now(),
            )
        committed.append(time.monotonic())
    return committed


def _principal(practice: BenchPractice) -> Principal:
    return Principal.member(
        user_id=practice.callers[0].user_id,
        practice_id=practice.id,
        role=Role.SCHEDULING_AGENT,
        plan="enterprise",
        entitled_until=None,
        time_zone="UTC",
        session_id=None,
    )


def _text(seq: int) -> str:
    about = {"type": "appointment.booked", "id": public_id("appt", new_uuid()), "date": "2026-04-24"}
    return orjson.dumps(
        {"stream": "calendar", "seq": seq, **about, "practitionerId": public_id("pract", new_uuid())}
    ).decode()


def _burst_of_ours(practice: BenchPractice, port: int, handshakes: list[str], *, first: int, count: int) -> float:
    """Frames a second when the layer brings many messages at once, one change each."""

    async def send() -> None:
        layer = get_channel_layer()
        for seq in range(first, first + count):
            message = {"type": "changes", "practice": practice.id.hex, "frames": [(seq, _text(seq))]}
            await layer.group_send(group_of(practice.id), message)
        await layer.flush()

    with watching(port=port, handshakes=handshakes, member="seq") as watchers:
        asyncio.run(send())
        return _rate(watchers.stop(after=count * len(handshakes)), count * len(handshakes))


def _burst_of_bare(handshakes: list[str], *, count: int) -> float:
    """The same by a server that does nothing else."""
    port, channel = ports.free_ports(), f"bench:{new_uuid()}"
    command = [sys.executable, "-m", "bench.bare", str(port), settings.REDIS_URL, channel]
    process = subprocess.Popen(command, env={**os.environ, "LOG_LEVEL": "WARNING"})
    try:
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            _wait(lambda: client.pubsub_numsub(channel)[0][1])
            with watching(port=port, handshakes=handshakes, member="seq") as watchers:
                for seq in range(1, count + 1):
                    client.publish(channel, _text(seq))
                return _rate(watchers.stop(after=count * len(handshakes)), count * len(handshakes))
    finally:
        process.kill()
        process.wait()


def _rate(heard: list[Heard], wanted: int) -> float:
    if len(heard) < wanted:
        raise RuntimeError(f"{len(heard)} of {wanted} frames came")
    times = [frame.at for frame in heard]
    return len(times) / (max(times) - min(times))


def _visits(practice: BenchPractice, count: int) -> list[Visit]:
    """Under way, by practitioners whose users are the practice's callers."""
    practice.add_slots(start=0, stop=count)
    now = timezone.now()
    with practice_scope(practice.id):
        Membership.objects.update(role=Role.PRACTITIONER)
        practitioners = list(Practitioner.objects.order_by("id"))
        for practitioner, caller in zip(practitioners, practice.callers, strict=True):
            practitioner.user_id = caller.user_id
            practitioner.save(update_fields=("user_id",))
        patient_id = Patient.objects.values_list("id", flat=True)[0]
        appointments = [_appointment(practice, number, patient_id, now) for number in range(count)]
        Appointment.objects.bulk_create(appointments)
        made = [
            Visit(
                appointment=each,
                practitioner_id=each.practitioner_id,
                status=Visit.Status.UNDER_WAY,
                planned_at=now,
                started_at=now,
                destination_latitude=51.5,
                destination_longitude=-0.1,
            )
            for each in appointments
        ]
        return Visit.objects.bulk_create(made)


def _appointment(practice: BenchPractice, number: int, patient_id: UUID, now: Any) -> Appointment:
    starts_at = practice.first + timedelta(minutes=15) * (number // len(practice.practitioner_ids))
    ends_at = starts_at + timedelta(minutes=15)
    return Appointment(
        patient_id=patient_id,
        practitioner_id=practice.practitioner_ids[number % len(practice.practitioner_ids)],
        location_id=practice.location_id,
        appointment_type_id=practice.type_id,
        slot_id=practice.slot_id(number),
        starts_at=starts_at,
        ends_at=ends_at,
        occupied_from=starts_at,
        occupied_until=ends_at,
        booked_by=practice.callers[0].user_id,
        booked_at=now,
    )


@contextmanager
def _running(*names: str) -> Iterator[tuple[int, int]]:
    """Processes as `make up` starts them: where `live` listens, and its id."""
    home = Home.of(os.environ)
    home.prepare()
    port = ports.free_ports()
    commands = processes.processes(home=home, port=port, environment=os.environ)
    children: list[tuple[Command, subprocess.Popen[bytes]]] = []
    try:
        for name in names:
            command = next(each for each in commands if each.name == name)
            with home.log(f"bench-{name}").open("wb") as log:
                children.append((command, start_process(command, output=log.fileno(), session=True)))
        _wait(lambda: _answers(port + 1))
        yield port + 1, children[0][1].pid
    finally:
        for command, process in reversed(children):
            process.terminate()
            try:
                process.wait(timeout=command.grace)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def _wait(condition: Any) -> None:
    end = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError("a process did not start: its log says why")
        time.sleep(0.05)


def _memory(process_id: int) -> float:
    """KiB that are its own."""
    line = next(
        line for line in Path(f"/proc/{process_id}/status").read_text().splitlines() if line.startswith("VmRSS")
    )
    return float(line.split()[1])


def _seconds(process_id: int) -> float:
    """Of a processor, that it has used."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
