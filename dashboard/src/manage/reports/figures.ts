/** A practice's figures as the API counts them, summed up for a chart and for the table that says the same. */

import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";

import { api, told, type Schemas } from "../../api/client";
import { useHere } from "../../here";
import type { Days } from "./periods";

export type Line = Schemas["DailyLineOutput"];
export type CallFigure = Schemas["CallFiguresOutput"];
export type By = "day" | "type" | "practitioner" | "agent" | "source";

export const BYS: By[] = ["day", "type", "practitioner", "agent", "source"];
export const COUNTED = ["booked", "moved", "cancelled", "noShow", "fulfilled"] as const;
export type Counted = (typeof COUNTED)[number];

export interface Row extends Record<Counted, number> {
  key: string;
  name: string;
}

function asked(days: Days, by: By) {
  return { params: { query: by === "day" ? days : { ...days, by } } };
}

export function useDaily(days: Days, by: By): UseQueryResult<Line[]> {
  const { practice } = useHere();
  return useQuery({
    queryKey: ["daily-figures", practice.id, days, by],
    queryFn: async () => (await told(() => api.GET("/api/v2/analytics/daily", asked(days, by)))).data,
    placeholderData: keepPreviousData,
  });
}

export async function dailyFile(days: Days, by: By): Promise<string> {
  return told(() => api.GET("/api/v2/analytics/daily.csv", { ...asked(days, by), parseAs: "text" }));
}

export function useCalls(days: Days): UseQueryResult<CallFigure[]> {
  const { practice } = useHere();
  return useQuery({
    queryKey: ["call-figures", practice.id, days],
    queryFn: async () => (await told(() => api.GET("/api/v2/reports/calls", { params: { query: days } }))).data,
    placeholderData: keepPreviousData,
  });
}

/** A row for each day, or for each group over all the days. */
export function summed(lines: Line[], by: By): Row[] {
  const rows = new Map<string, Row>();
  for (const line of lines) {
    const key = by === "day" ? line.date : line.group;
    const row = rows.get(key) ?? { key, name: line.name || key, booked: 0, moved: 0, cancelled: 0, noShow: 0, fulfilled: 0 };
    for (const counter of COUNTED) row[counter] += line.counts[counter];
    rows.set(key, row);
  }
  return [...rows.values()];
}

export function happened(row: Row): boolean {
  return COUNTED.some((counter) => row[counter] > 0);
}
