/** Who came in and who was refused, the newest first. */

import { useInfiniteQuery, type InfiniteData, type UseInfiniteQueryResult } from "@tanstack/react-query";

import { api, told, type Schemas } from "../../api/client";
import { useHere } from "../../here";

export type Access = Schemas["AccessEntryOutput"];
type Page = Schemas["AccessEntryList"];

/** The API tells of 93; a clock here that is slow does no harm. */
export const SPANS = [7, 30, 90] as const;
export type Span = (typeof SPANS)[number];

const A_PAGE = 100;
const DAY = 24 * 60 * 60 * 1000;

export function useAccess(days: Span): UseInfiniteQueryResult<InfiniteData<Page>> {
  const { practice } = useHere();
  return useInfiniteQuery({
    queryKey: ["access", practice.id, days],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor }) => {
      const from = new Date(Date.now() - days * DAY).toISOString();
      return told(() => api.GET("/api/v2/access", { params: { query: { cursor, from, limit: A_PAGE } } }));
    },
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    staleTime: 0,
  });
}
