/** What is to come and what was. */

interface Visit {
  status: string;
  start: string;
  end: string;
}

/** Upcoming in order of time; everything else the latest first. What was cancelled is over, whenever it was to be. */
export function divided<T extends Visit>(visits: T[], now: number): { upcoming: T[]; past: T[] } {
  const ahead = (each: T): boolean => ["booked", "arrived"].includes(each.status) && Date.parse(each.end) > now;
  const inOrder = [...visits].sort((one, other) => Date.parse(one.start) - Date.parse(other.start));
  return { upcoming: inOrder.filter(ahead), past: inOrder.filter((each) => !ahead(each)).reverse() };
}
