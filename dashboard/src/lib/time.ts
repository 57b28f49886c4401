/** Instants as people read them: always with a zone, never with the browser's by accident. */

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string, language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone} ${language} ${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (!found) formats.set(key, (found = new Intl.DateTimeFormat(language, { ...options, timeZone: zone })));
  return found;
}

/** 9:05 AM */
export function clock(instant: Date, zone: string, language: string): string {
  return format(zone, language, { hour: "numeric", minute: "2-digit" }).format(instant);
}

/** 9:05:07 AM EST */
export function fullClock(instant: Date, zone: string, language: string): string {
  return format(zone, language, { hour: "numeric", minute: "2-digit", timeZoneName: "short" }).format(instant);
}

/** Friday, November 27 */
export function day(instant: Date, zone: string, language: string): string {
  return format(zone, language, { weekday: "long", month: "long", day: "numeric" }).format(instant);
}

/** 2026-11-27, as the zone's wall calendar has it. */
export function date(instant: Date, zone: string): string {
  return format(zone, "en-CA", { year: "numeric", month: "2-digit", day: "2-digit" }).format(instant);
}

/** Minutes since midnight on the wall clock there. On the autumn night an hour comes twice, and is drawn once. */
export function minutes(instant: Date, zone: string): number {
  const parts = format(zone, "en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).formatToParts(instant);
  const value = (type: string): number => Number(parts.find((part) => part.type === type)?.value ?? 0);
  return value("hour") * 60 + value("minute");
}

/** How far down a day opens, in minutes: with the last hour in sight, as long as there is something to come. */
export function opening({ now, from, until }: { now: number; from: number; until: number }): number {
  return now >= until ? 0 : Math.max(0, now - 60 - from);
}

/** When that wall clock shows it. A time that the spring night leaves out is an hour later; of two, it is one of them. */
export function instantAt(isoDate: string, wall: string, zone: string): Date {
  const asked = Date.parse(`${isoDate}T${wall}Z`);
  // As far as the clock there was ahead at about that time, and then at that very time.
  const ahead = (instant: number): number => Date.parse(`${date(new Date(instant), zone)}T00:00Z`) + minutes(new Date(instant), zone) * 60_000 - instant;
  return new Date(asked - ahead(asked - ahead(asked)));
}

/** The calendar's next days; noon keeps clear of every change of the clock. */
export function plusDays(isoDate: string, days: number): string {
  const noon = new Date(`${isoDate}T12:00:00Z`);
  noon.setUTCDate(noon.getUTCDate() + days);
  return noon.toISOString().slice(0, 10);
}

/** The Monday of its week. */
export function mondayOf(isoDate: string): string {
  const weekday = new Date(`${isoDate}T12:00:00Z`).getUTCDay();
  return plusDays(isoDate, -((weekday + 6) % 7));
}

/** Mon, Nov 30 */
export function shortDayOf(isoDate: string, language: string): string {
  return format("UTC", language, { weekday: "short", month: "short", day: "numeric" }).format(new Date(`${isoDate}T12:00:00Z`));
}

/** A calendar day that is no instant. */
export function dayOf(isoDate: string, language: string): string {
  return day(new Date(`${isoDate}T12:00:00Z`), "UTC", language);
}

/** November 27, 2026 */
export function fullDayOf(isoDate: string, language: string): string {
  const options = { month: "long", day: "numeric", year: "numeric" } as const;
  return format("UTC", language, options).format(new Date(`${isoDate}T12:00:00Z`));
}

/** Friday */
export function weekdayOf(isoDate: string, language: string): string {
  return format("UTC", language, { weekday: "long" }).format(new Date(`${isoDate}T12:00:00Z`));
}

/** Mon, Nov 30: 9:05 AM, 9:20 AM; Tue, Dec 1: 9:05 AM */
export function timesByDay(instants: string[], zone: string, language: string): string {
  const days = new Map<string, string[]>();
  for (const instant of [...instants].sort()) {
    const on = date(new Date(instant), zone);
    days.set(on, [...(days.get(on) ?? []), clock(new Date(instant), zone, language)]);
  }
  return [...days].map(([on, times]) => `${shortDayOf(on, language)}: ${times.join(", ")}`).join("; ");
}

/** 4:05 */
export function countdown(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
