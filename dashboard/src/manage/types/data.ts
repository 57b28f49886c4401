/** Types of appointment, also those that nobody books any more, and how programs book. */

import { useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";

import { all, api, told, type Schemas } from "../../api/client";
import { useHere } from "../../here";

export type AppointmentType = Schemas["AppointmentTypeV2Output"];
export type NewType = Schemas["AppointmentTypeInputRequest"];
export type TypeChange = Schemas["PatchedAppointmentTypeChangeRequest"];
export type Rules = Schemas["SelfServiceOutput"];

export const AUDIENCES: AppointmentType["audience"][] = ["any", "new", "returning"];

const MOST = 200;

export function useTypes(): UseQueryResult<AppointmentType[]> {
  const { practice } = useHere();
  return useQuery({
    queryKey: ["appointment-types", practice.id],
    queryFn: () =>
      all((cursor) => api.GET("/api/v2/appointment-types", { params: { query: { status: "all", cursor, limit: MOST } } })),
  });
}

export function useRules(): UseQueryResult<Rules> {
  const { practice } = useHere();
  return useQuery({ queryKey: ["self-service", practice.id], queryFn: () => told(() => api.GET("/api/v2/self-service-settings")) });
}

/** After a change: the lists here, and what the desk knows of the practice. */
export function useRefresh(): () => Promise<void> {
  const { practice } = useHere();
  const queries = useQueryClient();
  return async () => {
    const stale = ["appointment-types", "self-service", "workspace", "offers"];
    await Promise.all(stale.map((name) => queries.invalidateQueries({ queryKey: [name, practice.id] })));
  };
}

export async function addType(body: NewType, key: string): Promise<void> {
  await told(() => api.POST("/api/v2/appointment-types", { params: { header: { "X-Idempotency-Key": key } }, body }));
}

export async function changeType(code: string, body: TypeChange): Promise<void> {
  await told(() => api.PATCH("/api/v2/appointment-types/{type_code}", { params: { path: { type_code: code } }, body }));
}

export async function writeRules(body: Rules): Promise<Rules> {
  return told(() => api.PUT("/api/v2/self-service-settings", { body }));
}
