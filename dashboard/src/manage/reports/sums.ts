/** Sums of figures over days or over people. */

import type { Schemas } from "../../api/client.ts";
import { plusDays } from "../../lib/time.ts";
import type { Days } from "./periods.ts";

export type Fill = Schemas["FillRateLineOutput"];
export type CallDay = Schemas["CallDayLineOutput"];

export function each(days: Days): string[] {
  const all: string[] = [];
  for (let day = days.from; day <= days.to; day = plusDays(day, 1)) all.push(day);
  return all;
}

export interface Filled {
  name: string;
  bookable: number;
  booked: number;
  /** Null: nothing could be booked. */
  rate: number | null;
}

/** Of each day, also those on which nothing could be booked; or of each practitioner. */
export function filledBy(lines: Fill[], by: "day" | "practitioner", days: Days): Filled[] {
  const sums = new Map<string, Filled>();
  if (by === "day") for (const day of each(days)) sums.set(day, { name: day, bookable: 0, booked: 0, rate: null });
  for (const line of lines) {
    const key = by === "day" ? line.date : line.practitionerId;
    const name = by === "day" ? line.date : line.practitioner;
    const sum = sums.get(key) ?? { name, bookable: 0, booked: 0, rate: null };
    sum.bookable += line.bookableMinutes;
    sum.booked += line.bookedMinutes;
    sum.rate = sum.booked / sum.bookable;
    sums.set(key, sum);
  }
  return [...sums.values()];
}

export type Reason = keyof CallDay["reasons"];

export interface Answered {
  key: string;
  name: string;
  calls: number;
  booked: number;
  notBooked: number;
  reasons: Partial<Record<Reason, number>>;
}

/** Of each day, also those without a call; or of each agent. `program`: what one without a name is called. */
export function answeredBy(lines: CallDay[], by: "day" | "agent", days: Days, program: string): Answered[] {
  const sums = new Map<string, Answered>();
  const none = (key: string, name: string): Answered => ({ key, name, calls: 0, booked: 0, notBooked: 0, reasons: {} });
  if (by === "day") for (const day of each(days)) sums.set(day, none(day, day));
  for (const line of lines) {
    // Two people may have one name.
    const key = by === "day" ? line.date : (line.agentId ?? "");
    const sum = sums.get(key) ?? none(key, by === "day" ? line.date : (line.agentName ?? program));
    sum.calls += line.calls;
    sum.booked += line.booked;
    sum.notBooked += line.notBooked;
    for (const [reason, count] of Object.entries(line.reasons) as [Reason, number][]) {
      if (count > 0) sum.reasons[reason] = (sum.reasons[reason] ?? 0) + count;
    }
    sums.set(key, sum);
  }
  return [...sums.values()];
}
