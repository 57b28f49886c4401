/** The instant at which a wall clock in a zone shows a date and a time; null where they are not whole. */

export function instantOf(date: string, clock: string, zone: string): string | null {
  const wall = Date.parse(`${date}T${clock}:00Z`);
  if (Number.isNaN(wall)) return null;
  // Twice: where clocks change in between, the offset at the guess is not the one that counts.
  let instant = wall - offset(wall, zone);
  instant = wall - offset(instant, zone);
  return new Date(instant).toISOString();
}

/** How far the zone's clock is ahead of UTC's, in milliseconds. */
function offset(instant: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  }).formatToParts(new Date(instant));
  const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? "";
  return Date.parse(`${part("year")}-${part("month")}-${part("day")}T${part("hour")}:${part("minute")}:00Z`) - instant;
}
