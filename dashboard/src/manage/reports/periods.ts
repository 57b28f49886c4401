/** The days that managers ask for most. */

import { plusDays } from "../../lib/time.ts";

export interface Days {
  from: string;
  to: string;
}

export type Period = "last7" | "last30" | "last90" | "thisMonth" | "lastMonth" | "last365";

function last(count: number): (today: string) => Days {
  return (today) => ({ from: plusDays(today, 1 - count), to: today });
}

function firstOf(day: string): string {
  return `${day.slice(0, 7)}-01`;
}

export const PERIODS: Record<Period, (today: string) => Days> = {
  last7: last(7),
  last30: last(30),
  last90: last(90),
  thisMonth: (today) => ({ from: firstOf(today), to: today }),
  lastMonth: (today) => {
    const to = plusDays(firstOf(today), -1);
    return { from: firstOf(to), to };
  },
  last365: last(365),
};

/** The period that these days are; none where somebody chose them. */
export function periodOf(days: Days, today: string): Period | "" {
  const same = ([, of]: [string, (typeof PERIODS)[Period]]): boolean => of(today).from === days.from && of(today).to === days.to;
  return (Object.entries(PERIODS).find(same)?.[0] as Period | undefined) ?? "";
}
