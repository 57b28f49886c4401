/** Wall clocks and calendar days of a place, as people read them. */

import { clock, date, plusDays } from "../../lib/time";
import type { TimeOff, Workspace } from "./data";

const MIDNIGHT = "00:00";

/** 9:00 AM – 12:00 PM; 00:00 ends the day. */
export function range(starts: string, ends: string, language: string): string {
  return `${wall(starts, language)} – ${wall(ends, language)}`;
}

/** To be broken before the second time, if anywhere. */
export function unbroken(range: string): string {
  const [starts = "", ends = ""] = range.split(" – ").map((time) => time.replaceAll(" ", "\u00a0"));
  return `${starts}\u00a0– ${ends}`;
}

function wall(time: string, language: string): string {
  return clock(new Date(`2026-01-01T${time}Z`), "UTC", language);
}

export function shortDate(day: string, language: string): string {
  const options: Intl.DateTimeFormatOptions = { timeZone: "UTC", year: "numeric", month: "short", day: "numeric" };
  return new Intl.DateTimeFormat(language, options).format(new Date(`${day}T12:00:00Z`));
}

/** Whole days as days, anything else with the time of day; on the clock of the place, else of the practice. */
export function span(row: TimeOff, workspace: Workspace, language: string): { from: string; to: string } {
  const place = workspace.locations.find((each) => each.id === row.locationId);
  const zone = place?.timeZone ?? workspace.practice.timeZone;
  const [start, end] = [new Date(row.start), new Date(row.end)];
  const first = date(start, zone);
  const begins = hhmm(start, zone);
  const ends = hhmm(end, zone);
  const last = ends === MIDNIGHT ? plusDays(date(end, zone), -1) : date(end, zone);
  const whole = begins === MIDNIGHT && ends === MIDNIGHT;
  const shown = (day: string, time: string): string => (whole ? shortDate(day, language) : `${shortDate(day, language)}, ${wall(time, language)}`);
  return { from: shown(first, begins), to: shown(last, ends) };
}

function hhmm(instant: Date, zone: string): string {
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(instant);
}
