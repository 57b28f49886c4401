/** What was given up, of all listeners, the oldest first. */

import { useInfiniteQuery, type InfiniteData, type UseInfiniteQueryResult } from "@tanstack/react-query";

import { api, told, type Schemas } from "../../api/client";
import { useHere } from "../../here";

export type DeadLetter = Schemas["DeadLetterOutput"];
type Page = Schemas["DeadLetterList"];

export const LISTENERS = ["notifications", "emails", "crm", "analytics", "webhooks"] as const;
export type ListenerName = (typeof LISTENERS)[number];

const A_PAGE = 100;
/** The API takes no more of them at once. */
export const AT_ONCE = 500;

export function useDeadLetters(listener: ListenerName | ""): UseInfiniteQueryResult<InfiniteData<Page>> {
  const { practice } = useHere();
  return useInfiniteQuery({
    queryKey: ["dead-letters", practice.id, listener],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor }) =>
      told(() => api.GET("/api/v2/dead-letters", { params: { query: { cursor, limit: A_PAGE, ...(listener ? { listener } : {}) } } })),
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    staleTime: 0,
  });
}

export async function replay(deliveryIds: string[]): Promise<number> {
  return (await told(() => api.POST("/api/v2/dead-letters/replay", { body: { deliveryIds } }))).count;
}

export async function discard(deliveryIds: string[], reason: string): Promise<number> {
  return (await told(() => api.POST("/api/v2/dead-letters/discard", { body: { deliveryIds, reason } }))).count;
}
