/** Who waits for a time, and which times are on offer to them. */

import { useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";

import { all, api, told, type Schemas } from "../../api/client";
import { byOpening, type Opening } from "./byOpening";

export type Entry = Schemas["WaitlistEntryOutput"];
export type Wish = Schemas["WaitlistInputRequest"];

// What runs out by the clock is pushed by nobody.
const ASKED_EVERY = 30_000;
const MOST = 200;

export const waitlistKey = (practice: string): string[] => ["waitlist", practice];

/** Who waits in the practice, or what one patient waits for; who has waited longest first. */
export function useWaitlist(practice: string, patient?: string): UseQueryResult<Entry[]> {
  return useQuery({
    queryKey: [...waitlistKey(practice), "entries", patient ?? ""],
    // Changes are pushed; to ask by the clock as well would put every patient of the list on record each time.
    queryFn: () => all((cursor) => api.GET("/api/v2/waitlist", { params: { query: { cursor, limit: MOST, patient } } })),
    staleTime: 0,
  });
}

export function useOnOffer(practice: string): UseQueryResult<Opening[]> {
  return useQuery({
    queryKey: [...waitlistKey(practice), "on offer"],
    queryFn: () =>
      all((cursor) =>
        api.GET("/api/v2/waitlist-offers", { params: { query: { cursor, limit: MOST, openingStatus: "open" } } }),
      ),
    refetchInterval: ASKED_EVERY,
    staleTime: 0,
    select: byOpening,
  });
}

export function addToWaitlist(body: Wish, key: string): Promise<Entry> {
  const params = { header: { "X-Idempotency-Key": key } };
  return told(() => api.POST("/api/v2/waitlist", { params, body }));
}

export function withdraw(id: string, key: string): Promise<Entry> {
  const params = { path: { waitlist_entry_id: id }, header: { "X-Idempotency-Key": key } };
  return told(() => api.POST("/api/v2/waitlist/{waitlist_entry_id}/withdraw", { params }));
}

export function useRefreshWaitlist(practice: string): () => Promise<void> {
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ queryKey: waitlistKey(practice) });
}
