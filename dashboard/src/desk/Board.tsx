/** The day by practitioners' columns: what is free, taken and held, as it is now; to choose from and to move on. */

import { Button, Group, Skeleton, Text, Title } from "@mantine/core";
import { memo, useEffect, useMemo, useRef, useState, type DragEvent, type KeyboardEvent, type ReactNode } from "react";

import type { Appointment, HeldTime, Slot } from "../api/client";
import { Failure } from "../Failure";
import { useWords } from "../i18n";
import type { Key } from "../i18n/en";
import { clock, dayOf, minutes, plusDays, date as dateOf } from "../lib/time";
import { useAppointments, useSlots, type Practitioner } from "./data";
import type { Names } from "./names";
import { Remaining } from "./Offers";

// Of a minute. A quarter of an hour is a target of 24 px (WCAG 2.5.8).
const PIXELS = 1.7;
const BOARD = "board";

export function focusBoard(): void {
  const board = document.getElementById(BOARD);
  (board?.querySelector<HTMLElement>(".slot.free:not(.past), .appointment") ?? board)?.focus();
}

interface Props {
  practice: string;
  zone: string;
  date: string;
  today: string;
  onDate: (date: string) => void;
  practitioners: Practitioner[];
  names: Names;
  holds: HeldTime[];
  chosen: Slot | null;
  moving: Appointment | null;
  onSlot: (slot: Slot) => void;
  onAppointment: (appointment: Appointment) => void;
  onDrop: (appointment: Appointment, slot: Slot) => void;
}

export function Board(props: Props): ReactNode {
  const { practice, zone, date, today, onDate, practitioners, holds } = props;
  const { t, language } = useWords();
  const slots = useSlots(practice, date);
  const appointments = useAppointments(practice, date);
  const board = useRef<HTMLDivElement>(null);
  const dragged = useRef<Appointment | null>(null);

  const shown = useMemo(
    () => (appointments.data ?? []).filter((each) => each.status !== "cancelled" && each.status !== "entered-in-error"),
    [appointments.data],
  );
  const columns = useMemo(() => {
    const present = new Set([...(slots.data ?? []), ...shown].map((each) => each.practitionerId));
    return practitioners.filter((each) => present.has(each.id));
  }, [practitioners, slots.data, shown]);
  const [from, until] = useMemo(() => span([...(slots.data ?? []), ...shown], zone), [slots.data, shown, zone]);

  function walk(event: KeyboardEvent<HTMLDivElement>): void {
    const target = step(event.key, board.current);
    if (!target) return;
    event.preventDefault();
    target.focus();
  }

  const loading = slots.isPending || appointments.isPending;
  const error = slots.error ?? appointments.error;
  return (
    <>
      <Group gap="xs" mb="xs" className="board-head">
        <Button size="xs" variant="default" aria-label={t("previousDay")} onClick={() => onDate(plusDays(date, -1))}>
          ‹
        </Button>
        <Button size="xs" variant="default" onClick={() => onDate(today)} disabled={date === today}>
          {t("today")}
        </Button>
        <Button size="xs" variant="default" aria-label={t("nextDay")} onClick={() => onDate(plusDays(date, 1))}>
          ›
        </Button>
        <input
          type="date"
          className="date"
          aria-label={t("day")}
          value={date}
          onChange={(event) => event.currentTarget.value && onDate(event.currentTarget.value)}
        />
        <Title order={2} size="h4">
          {dayOf(date, language)}
        </Title>
        <Button size="xs" variant="subtle" ml="auto" onClick={() => window.print()}>
          {t("print")}
        </Button>
      </Group>
      {error ? (
        <Failure
          error={error}
          retry={() => {
            void slots.refetch();
            void appointments.refetch();
          }}
        />
      ) : null}
      {loading && !error ? <Skeleton height={400} aria-label={t("loading")} /> : null}
      {!loading && columns.length === 0 ? <Text>{t("emptyDay")}</Text> : null}
      {!loading && columns.length > 0 ? (
        <div id={BOARD} className="board" ref={board} role="group" tabIndex={-1} aria-label={dayOf(date, language)} onKeyDown={walk}>
          <Hours from={from} until={until} />
          {columns.map((practitioner) => (
            <Column
              {...props}
              key={practitioner.id}
              practitioner={practitioner}
              slots={(slots.data ?? []).filter((each) => each.practitionerId === practitioner.id)}
              appointments={shown.filter((each) => each.practitionerId === practitioner.id)}
              holds={holds.filter((each) => each.practitionerId === practitioner.id && dateOf(new Date(each.start), zone) === date)}
              from={from}
              until={until}
              dragged={dragged}
            />
          ))}
          {date === today ? <Now zone={zone} from={from} until={until} /> : null}
        </div>
      ) : null}
    </>
  );
}

type ColumnProps = Props & {
  practitioner: Practitioner;
  slots: Slot[];
  appointments: Appointment[];
  from: number;
  until: number;
  dragged: { current: Appointment | null };
};

const Column = memo(function Column(props: ColumnProps): ReactNode {
  const { practitioner, slots, appointments, holds, zone, from, until, names, chosen, moving, dragged } = props;
  const { t, language } = useWords();
  const [over, drag] = useState<string | null>(null);
  const now = Date.now();
  const place = (start: string, end: string): { top: number; height: number } => {
    const begins = minutes(new Date(start), zone);
    const length = (new Date(end).getTime() - new Date(start).getTime()) / 60_000;
    return { top: (begins - from) * PIXELS, height: length * PIXELS - 1 };
  };
  const at = (instant: string): string => clock(new Date(instant), zone, language);

  function dropped(event: DragEvent, slot: Slot): void {
    event.preventDefault();
    drag(null);
    const appointment = dragged.current;
    dragged.current = null;
    if (appointment && appointment.slotId !== slot.id) props.onDrop(appointment, slot);
  }

  return (
    <section className="column" aria-label={practitioner.name} data-practitioner={practitioner.id}>
      <h3>{practitioner.name}</h3>
      <div className="lane" style={{ height: (until - from) * PIXELS }}>
        {slots.map((slot) => {
          const past = new Date(slot.start).getTime() <= now;
          if (slot.status !== "free") {
            return slot.status === "busy-unavailable" ? (
              <div key={slot.id} className="slot closed" style={place(slot.start, slot.end)} title={t("closed")} />
            ) : null;
          }
          return (
            <button
              key={slot.id}
              type="button"
              className={`slot free${past ? " past" : ""}${over === slot.id ? " over" : ""}`}
              style={place(slot.start, slot.end)}
              disabled={past}
              tabIndex={-1}
              data-start={slot.start}
              aria-pressed={chosen?.id === slot.id}
              aria-label={`${t(moving ? "move" : "free")} ${at(slot.start)}, ${practitioner.name}`}
              onClick={() => props.onSlot(slot)}
              onDragOver={(event) => {
                event.preventDefault();
                if (over !== slot.id) drag(slot.id);
              }}
              onDragLeave={() => drag(null)}
              onDrop={(event) => dropped(event, slot)}
            >
              <span aria-hidden="true">{at(slot.start)}</span>
            </button>
          );
        })}
        {holds.map((held) => (
          <div key={held.holdId + held.slotId} className={`held${held.mine ? " mine" : ""}`} style={place(held.start, held.end)}>
            <span>
              {held.mine ? t("heldByYou") : t("heldBy", { name: held.holder.name ?? t("someone") })} <Remaining until={held.expiresAt} />
            </span>
          </div>
        ))}
        {appointments.map((appointment) => (
          <button
            key={appointment.appointmentId}
            type="button"
            className={`appointment ${appointment.status}${moving?.appointmentId === appointment.appointmentId ? " moving" : ""}`}
            style={place(appointment.start, appointment.end)}
            tabIndex={-1}
            data-start={appointment.start}
            data-appointment={appointment.appointmentId}
            draggable={appointment.status === "booked"}
            onDragStart={(event) => {
              dragged.current = appointment;
              event.dataTransfer.effectAllowed = "move";
              event.dataTransfer.setData("text/plain", appointment.appointmentId);
            }}
            onDragOver={(event) => event.preventDefault()}
            onDrop={(event) => {
              // Taken: asked for all the same, since the answer says why not, and what is near.
              const taken = slots.find((slot) => slot.id === appointment.slotId);
              if (taken) dropped(event, taken);
            }}
            onClick={() => props.onAppointment(appointment)}
          >
            <span className="status">{t(`status_${appointment.status}` as Key)}</span>
            <strong>{at(appointment.start)}</strong> {names.type.get(appointment.type) ?? appointment.type}
          </button>
        ))}
      </div>
    </section>
  );
});

function Hours({ from, until }: { from: number; until: number }): ReactNode {
  const { language } = useWords();
  const hours = Array.from({ length: Math.ceil((until - from) / 60) }, (_, hour) => from + hour * 60);
  return (
    <div className="hours" aria-hidden="true">
      <h3>&nbsp;</h3>
      <div className="lane" style={{ height: (until - from) * PIXELS }}>
        {hours.map((minute) => (
          <span key={minute} style={{ top: (minute - from) * PIXELS }}>
            {clock(new Date(Date.UTC(2026, 0, 1, 0, minute)), "UTC", language)}
          </span>
        ))}
      </div>
    </div>
  );
}

function Now({ zone, from, until }: { zone: string; from: number; until: number }): ReactNode {
  const { t } = useWords();
  const [now, tick] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => tick(new Date()), 30_000);
    return () => clearInterval(timer);
  }, []);
  const minute = minutes(now, zone);
  if (minute < from || minute > until) return null;
  return <div className="now" style={{ top: `calc(var(--head) + ${(minute - from) * PIXELS}px)` }} role="img" aria-label={t("now")} />;
}

/** Whole hours around everything that is shown. */
function span(rows: { start: string; end: string }[], zone: string): [number, number] {
  if (rows.length === 0) return [8 * 60, 18 * 60];
  const starts = rows.map((row) => minutes(new Date(row.start), zone));
  const ends = rows.map((row, place) => (starts[place] ?? 0) + (new Date(row.end).getTime() - new Date(row.start).getTime()) / 60_000);
  return [Math.floor(Math.min(...starts) / 60) * 60, Math.min(24 * 60, Math.ceil(Math.max(...ends) / 60) * 60)];
}

/** Up and down within a column, left and right to what is nearest in time in the next one. */
function step(key: string, board: HTMLElement | null): HTMLElement | null {
  const here = document.activeElement;
  if (!board || !(here instanceof HTMLElement) || !board.contains(here)) return null;
  const items = (column: Element): HTMLElement[] =>
    [...column.querySelectorAll<HTMLElement>("button:not(:disabled)")].sort((one, other) => top(one) - top(other));
  const column = here.closest(".column");
  if (!column) return null;
  if (key === "ArrowDown" || key === "ArrowUp") {
    const all = items(column);
    return all[all.indexOf(here) + (key === "ArrowDown" ? 1 : -1)] ?? null;
  }
  if (key !== "ArrowLeft" && key !== "ArrowRight") return null;
  const columns = [...board.querySelectorAll(".column")];
  for (let next = columns.indexOf(column), move = key === "ArrowRight" ? 1 : -1; (next += move) in columns; ) {
    const nearest = items(columns[next] as Element).sort((one, other) => Math.abs(top(one) - top(here)) - Math.abs(top(other) - top(here)))[0];
    if (nearest) return nearest;
  }
  return null;
}

function top(element: HTMLElement): number {
  return parseFloat(element.style.top);
}
