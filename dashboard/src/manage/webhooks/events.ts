/** Which events an endpoint can hear of, and what ticking one of them does to the others. */

import type { Schemas } from "../../api/client";

export type Pattern = Schemas["EndpointInputRequest"]["enabledEvents"][number];
type Noun = Pattern extends infer Each ? (Each extends `${infer Name}.*` ? Name : never) : never;

export const EVERYTHING = "*" as const;

// Of each noun, what is most asked for first. A type that the API offers and this lacks does not compile.
const OFFERED = {
  appointment: {
    "appointment.booked": true,
    "appointment.moved": true,
    "appointment.cancelled": true,
    "appointment.confirmed": true,
    "appointment.arrived": true,
    "appointment.fulfilled": true,
    "appointment.noshow": true,
    "appointment.reopened": true,
    "appointment.reinstated": true,
    "appointment.entered_in_error": true,
    "appointment.reminder_due": true,
  },
  patient: { "patient.created": true, "patient.updated": true, "patient.merged": true, "patient.merge_undone": true },
  message: { "message.received": true, "message.changed": true, "message.replied": true },
  waitlist: {
    "waitlist.added": true,
    "waitlist.withdrawn": true,
    "waitlist.offered": true,
    "waitlist.taken": true,
    "waitlist.filled": true,
  },
  schedule: { "schedule.updated": true },
  hold: { "hold.placed": true, "hold.released": true },
  visit: { "visit.planned": true, "visit.started": true, "visit.arrived": true, "visit.ended": true },
} satisfies { [Each in Noun]: { [Type in Extract<Pattern, `${Each}.${string}`> as Exclude<Type, `${string}.*`>]: true } };

export interface Group {
  noun: Noun;
  all: Pattern;
  types: Pattern[];
}

export const GROUPS: Group[] = (Object.keys(OFFERED) as Noun[]).map((noun) => ({
  noun,
  all: `${noun}.*`,
  types: Object.keys(OFFERED[noun]) as Pattern[],
}));

/** Ticked by itself or by a wider one. */
export function covered(pattern: Pattern, chosen: Pattern[]): boolean {
  return chosen.includes(pattern) || chosen.includes(EVERYTHING) || chosen.includes(`${pattern.split(".")[0]}.*` as Pattern);
}

/** After a tick or its removal: what a wider one covers is not named beside it. */
export function ticked(pattern: Pattern, on: boolean, chosen: Pattern[]): Pattern[] {
  const others = chosen.filter((each) => each !== pattern);
  if (!on) return others;
  if (pattern === EVERYTHING) return [EVERYTHING];
  return [...others.filter((each) => !covered(each, [pattern])), pattern];
}
