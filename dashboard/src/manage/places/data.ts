/** Where patients are seen, also where they are seen no more. */

import { useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";

import { all, api, told, type Schemas } from "../../api/client";
import { useHere } from "../../here";

export type Place = Schemas["LocationV2Output"];
export type NewPlace = Schemas["LocationInputRequest"];
export type PlaceChange = Schemas["PatchedLocationChangeRequest"];
export type PlaceChanged = Schemas["LocationChangedOutput"];

const MOST = 200;

export function usePlaces(): UseQueryResult<Place[]> {
  const { practice } = useHere();
  return useQuery({
    queryKey: ["locations", practice.id],
    queryFn: () => all((cursor) => api.GET("/api/v2/locations", { params: { query: { status: "all", cursor, limit: MOST } } })),
  });
}

/** After a change: the list here, and what the desk knows of the practice. */
export function useRefresh(): () => Promise<void> {
  const { practice } = useHere();
  const queries = useQueryClient();
  return async () => {
    const stale = ["locations", "workspace", "slots", "week", "offers"];
    await Promise.all(stale.map((name) => queries.invalidateQueries({ queryKey: [name, practice.id] })));
  };
}

export async function addPlace(body: NewPlace, key: string): Promise<void> {
  await told(() => api.POST("/api/v2/locations", { params: { header: { "X-Idempotency-Key": key } }, body }));
}

export async function changePlace(id: string, body: PlaceChange): Promise<PlaceChanged> {
  return told(() => api.PATCH("/api/v2/locations/{location_id}", { params: { path: { location_id: id } }, body }));
}
