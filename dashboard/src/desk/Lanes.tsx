/** Columns of a calendar: what is free, taken and held in each, to choose from and to move on. */

import { memo, useEffect, useLayoutEffect, useRef, useState, type DragEvent, type KeyboardEvent, type ReactNode } from "react";

import type { Appointment, HeldTime, Slot } from "../api/client";
import { useWords } from "../i18n";
import type { Key } from "../i18n/en";
import { clock, minutes, opening } from "../lib/time";
import type { Names } from "./names";
import { Remaining } from "./Offers";
import type { Changing } from "./useChanging";

// Of a minute. A quarter of an hour is a target of 24 px (WCAG 2.5.8).
const PIXELS = 1.7;
export const BOARD = "board";

export function focusBoard(): void {
  const board = document.getElementById(BOARD);
  (board?.querySelector<HTMLElement>(".slot.free:not(.past), .appointment") ?? board)?.focus();
}

/** What is the same for every column. */
export interface Chosen {
  zone: string;
  names: Names;
  chosen: Slot | null;
  changing: Changing | null;
  onSlot: (slot: Slot) => void;
  onAppointment: (appointment: Appointment) => void;
  onDrop: (appointment: Appointment, slot: Slot) => void;
}

export interface LaneOf {
  key: string;
  /** Over the column. */
  title: string;
  /** What a time in it is called by: whose it is, or the day. */
  name: string;
  practitionerId: string;
  date: string;
  slots: Slot[];
  appointments: Appointment[];
  holds: HeldTime[];
}

interface Props extends Chosen {
  label: string;
  lanes: LaneOf[];
  /** Which of them has the line of the present. */
  today: string;
}

export function Lanes({ label, lanes, today, ...chosen }: Props): ReactNode {
  const { zone } = chosen;
  // What is being dragged, for the column that it is dropped on.
  const [dragged] = useState<{ current: Appointment | null }>({ current: null });
  const [from, until] = span(lanes.flatMap((lane) => [...lane.slots, ...lane.appointments]), zone);

  const board = useRef<HTMLDivElement>(null);
  const now = lanes.some((lane) => lane.date === today) ? minutes(new Date(), zone) : null;
  const opensAt = useRef(0);
  opensAt.current = now === null ? 0 : opening({ now, from, until });
  useLayoutEffect(() => {
    // What is past is above, for who looks for it.
    if (board.current) board.current.scrollTop = opensAt.current * PIXELS;
  }, [label]);
  const waited = chosen.changing !== null;
  useLayoutEffect(() => {
    // The day may come after the key that asked for its first free time.
    if (waited && document.activeElement === document.body) focusBoard();
  }, [waited]);
  const shown = useRef("");
  const wanted = chosen.chosen?.id ?? "";
  useLayoutEffect(() => {
    if (wanted === shown.current) return;
    const slot = board.current?.querySelector<HTMLElement>("[aria-pressed=true]");
    // Its day may be on its way.
    if (wanted && !slot) return;
    shown.current = wanted;
    if (board.current && slot) reveal(board.current, slot);
  }, [wanted, lanes]);

  function walk(event: KeyboardEvent<HTMLDivElement>): void {
    const target = step(event.key, event.currentTarget);
    if (!target) return;
    event.preventDefault();
    target.focus();
  }

  return (
    // Arrows go from one of its buttons to the next; it does nothing itself.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div ref={board} id={BOARD} className="board" role="group" tabIndex={-1} aria-label={label} onKeyDown={walk}>
      <Hours from={from} until={until} />
      {lanes.map((lane) => (
        <Column {...chosen} key={lane.key} lane={lane} from={from} until={until} dragged={dragged} today={lane.date === today} />
      ))}
    </div>
  );
}

interface ColumnProps extends Chosen {
  lane: LaneOf;
  from: number;
  until: number;
  dragged: { current: Appointment | null };
  today: boolean;
}

const Column = memo(function Column(props: ColumnProps): ReactNode {
  const { lane, zone, from, until, names, chosen, changing, dragged } = props;
  const { slots, appointments, holds } = lane;
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
    <section className="column" aria-label={lane.name} data-practitioner={lane.practitionerId} data-date={lane.date}>
      <h3 title={lane.title}>{lane.title}</h3>
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
              aria-label={`${t(changing?.how === "move" ? "move" : "free")} ${at(slot.start)}, ${lane.name}`}
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
            className={`appointment ${appointment.status}${roomy(appointment) ? " roomy" : ""}${appointment.overbooked ? " overbooked" : ""}${changing?.appointment.appointmentId === appointment.appointmentId ? " moving" : ""}`}
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
            <span className="status">{t(appointment.overbooked && appointment.status === "booked" ? "overbooked" : (`status_${appointment.status}` as Key))}</span>
            <strong>{at(appointment.start)}</strong> {names.type.get(appointment.type) ?? appointment.type}
          </button>
        ))}
        {props.today ? <Now zone={zone} from={from} until={until} /> : null}
      </div>
    </section>
  );
});

/** Scrolls the board as little as is needed, and nothing around it. */
function reveal(board: HTMLElement, slot: HTMLElement): void {
  const [view, at] = [board.getBoundingClientRect(), slot.getBoundingClientRect()];
  const left = view.left + (board.querySelector<HTMLElement>(".hours")?.offsetWidth ?? 0);
  const top = view.top + (board.querySelector<HTMLElement>("h3")?.offsetHeight ?? 0);
  // Within its border and its bars.
  const right = view.left + board.clientLeft + board.clientWidth;
  const bottom = view.top + board.clientTop + board.clientHeight;
  board.scrollBy({
    left: at.left < left ? at.left - left : Math.max(0, at.right - right),
    top: at.top < top ? at.top - top : Math.max(0, at.bottom - bottom),
  });
}

/** High enough for two lines. */
function roomy({ start, end }: Appointment): boolean {
  return Date.parse(end) - Date.parse(start) >= 30 * 60_000;
}

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
  return <div className="now" style={{ top: (minute - from) * PIXELS }} role="img" aria-label={t("now")} />;
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
