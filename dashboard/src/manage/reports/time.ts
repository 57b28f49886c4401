/** Reports on time and calls, as the API counts them. */

import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";

import { api, told, type Schemas } from "../../api/client";
import { useHere } from "../../here";
import type { Days } from "./periods";
import type { CallDay, Fill } from "./sums";

export type Lead = Schemas["LeadTimeLineOutput"];
export type Third = Schemas["ThirdNextLineOutput"];
export type LeadBy = "type" | "day";

function useReport<T>(name: string, asked: unknown[], fetch: () => Promise<{ data: T[] }>): UseQueryResult<T[]> {
  const { practice } = useHere();
  return useQuery({
    queryKey: ["report", name, practice.id, ...asked],
    queryFn: async () => (await fetch()).data,
    placeholderData: keepPreviousData,
  });
}

export function useFill(days: Days): UseQueryResult<Fill[]> {
  return useReport("fill", [days], () => told(() => api.GET("/api/v2/reports/fill-rate", { params: { query: days } })));
}

export function fillFile(days: Days): Promise<string> {
  return told(() => api.GET("/api/v2/reports/fill-rate.csv", { params: { query: days }, parseAs: "text" }));
}

export function useLeads(days: Days, by: LeadBy): UseQueryResult<Lead[]> {
  const params = { query: { ...days, by } };
  return useReport("leads", [days, by], () => told(() => api.GET("/api/v2/reports/lead-times", { params })));
}

export function leadsFile(days: Days, by: LeadBy): Promise<string> {
  const params = { query: { ...days, by } };
  return told(() => api.GET("/api/v2/reports/lead-times.csv", { params, parseAs: "text" }));
}

export function useThirds(): UseQueryResult<Third[]> {
  return useReport("thirds", [], () => told(() => api.GET("/api/v2/reports/third-next-available")));
}

export function thirdsFile(): Promise<string> {
  return told(() => api.GET("/api/v2/reports/third-next-available.csv", { parseAs: "text" }));
}

export function useCallDays(days: Days): UseQueryResult<CallDay[]> {
  const params = { query: days };
  return useReport("call-days", [days], () => told(() => api.GET("/api/v2/reports/call-bookings", { params })));
}

export function callDaysFile(days: Days): Promise<string> {
  return told(() => api.GET("/api/v2/reports/call-bookings.csv", { params: { query: days }, parseAs: "text" }));
}
