/** Weekly hours and time off, as the API has them: wall clocks go in, and what a change leaves outside comes back. */

import { useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";

import { all, api, told, type Schemas } from "../../api/client";
import { useHere } from "../../here";

export type Hours = Schemas["WorkingHoursOutput"];
export type NewHours = Schemas["WorkingHoursInputRequest"];
export type HoursChange = Schemas["PatchedWorkingHoursChangeRequest"];
export type TimeOff = Schemas["TimeOffOutput"];
export type NewTimeOff = Schemas["TimeOffInputRequest"];
export type Outside = Omit<Schemas["HoursChangedOutput"], "workingHours">;
export type Workspace = Schemas["WorkspaceOutput"];
export type Weekday = Hours["weekday"];

export const WEEKDAYS: Weekday[] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
export const REASONS: TimeOff["reason"][] = ["holiday", "vacation", "sick", "training", "maintenance", "other"];

const MOST = 200;

export function useWorkspace(): UseQueryResult<Workspace> {
  const { practice } = useHere();
  return useQuery({ queryKey: ["workspace", practice.id], queryFn: () => told(() => api.GET("/api/v2/workspace")) });
}

export function useHours(): UseQueryResult<Hours[]> {
  const { practice } = useHere();
  return useQuery({
    queryKey: ["working-hours", practice.id],
    queryFn: () => all((cursor) => api.GET("/api/v2/working-hours", { params: { query: { cursor, limit: MOST } } })),
  });
}

export function useTimeOff(): UseQueryResult<TimeOff[]> {
  const { practice } = useHere();
  return useQuery({
    queryKey: ["time-off", practice.id],
    queryFn: () => all((cursor) => api.GET("/api/v2/time-off", { params: { query: { cursor, limit: MOST } } })),
  });
}

/** After a change: the hours, and every calendar that follows from them. */
export function useRefresh(): () => Promise<void> {
  const { practice } = useHere();
  const queries = useQueryClient();
  return async () => {
    const stale = ["working-hours", "time-off", "slots", "week", "offers", "workspace"];
    await Promise.all(stale.map((name) => queries.invalidateQueries({ queryKey: [name, practice.id] })));
  };
}

export async function addHours(body: NewHours, key: string): Promise<void> {
  await told(() => api.POST("/api/v2/working-hours", { params: { header: { "X-Idempotency-Key": key } }, body }));
}

export async function changeHours(id: string, body: HoursChange, preview: boolean): Promise<Outside> {
  const params = { path: { hours_id: id }, query: asked(preview) };
  return told(() => api.PATCH("/api/v2/working-hours/{hours_id}", { params, body }));
}

export async function removeHours(id: string, preview: boolean): Promise<Outside> {
  const params = { path: { hours_id: id }, query: asked(preview) };
  return told(() => api.DELETE("/api/v2/working-hours/{hours_id}", { params }));
}

export async function takeTimeOff(body: NewTimeOff, preview: boolean, key: string): Promise<Outside> {
  const params = { query: asked(preview), header: preview ? {} : { "X-Idempotency-Key": key } };
  return told(() => api.POST("/api/v2/time-off", { params, body }));
}

export async function endTimeOff(id: string): Promise<void> {
  await told(() => api.DELETE("/api/v2/time-off/{time_off_id}", { params: { path: { time_off_id: id } } }));
}

function asked(preview: boolean): { preview: "true" | "false" } {
  return { preview: preview ? "true" : "false" };
}
