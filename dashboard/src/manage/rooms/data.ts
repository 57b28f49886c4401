/** Rooms and equipment, also those out of use, and what each type of appointment needs of them. */

import { useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";

import { all, api, told, type Schemas } from "../../api/client";
import { useHere } from "../../here";

export type Resource = Schemas["ResourceOutput"];
export type NewResource = Schemas["ResourceInputRequest"];
export type ResourceChange = Schemas["PatchedResourceChangeRequest"];

export const KINDS: Resource["kind"][] = ["room", "equipment"];
export const MOST_CATEGORIES = 5;

const MOST = 200;

export function useResources(): UseQueryResult<Resource[]> {
  const { practice } = useHere();
  return useQuery({
    queryKey: ["resources", practice.id],
    queryFn: () => all((cursor) => api.GET("/api/v2/resources", { params: { query: { cursor, limit: MOST } } })),
  });
}

/** After a change: the lists here, and what the desk offers. */
export function useRefresh(): () => Promise<void> {
  const { practice } = useHere();
  const queries = useQueryClient();
  return async () => {
    const stale = ["resources", "appointment-types", "offers"];
    await Promise.all(stale.map((name) => queries.invalidateQueries({ queryKey: [name, practice.id] })));
  };
}

export async function addResource(body: NewResource, key: string): Promise<void> {
  await told(() => api.POST("/api/v2/resources", { params: { header: { "X-Idempotency-Key": key } }, body }));
}

export async function changeResource(id: string, body: ResourceChange): Promise<void> {
  await told(() => api.PATCH("/api/v2/resources/{resource_id}", { params: { path: { resource_id: id } }, body }));
}

export async function setNeeds(code: string, categories: string[]): Promise<void> {
  const path = { type_code: code };
  await told(() => api.PUT("/api/v2/appointment-types/{type_code}/resources", { params: { path }, body: { categories } }));
}

/** The names of categories as people read them: exam_room → exam room. */
export function spoken(category: string): string {
  return category.replaceAll("_", " ");
}
