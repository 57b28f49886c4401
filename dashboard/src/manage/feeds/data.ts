/** Calendars of practitioners, as programs outside of ours subscribe to them. */

import { useMutation, useQuery, useQueryClient, type UseMutationResult, type UseQueryResult } from "@tanstack/react-query";

import { all, api, told, type Schemas } from "../../api/client";
import { useHere } from "../../here";

export type Feed = Schemas["CalendarFeedOutput"];
export type WithAddress = Schemas["NewCalendarFeedOutput"];

const MOST = 200;

/** Those that still show something. */
export function useFeeds(): UseQueryResult<Feed[]> {
  const { practice } = useHere();
  return useQuery({
    queryKey: ["calendar-feeds", practice.id],
    queryFn: () => all((cursor) => api.GET("/api/v2/calendar-feeds", { params: { query: { cursor, limit: MOST } } })),
    staleTime: 0,
  });
}

/** A change, after which the list is asked for anew: also after a lost answer, for it may have been done. */
export function useChange<Given, Made>(act: (given: Given) => Promise<Made>): UseMutationResult<Made, Error, Given> {
  const { practice } = useHere();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSettled: () => queries.invalidateQueries({ queryKey: ["calendar-feeds", practice.id] }),
  });
}

export function create(body: Schemas["CalendarFeedInputRequest"]): Promise<WithAddress> {
  return told(() => api.POST("/api/v2/calendar-feeds", { body }));
}

export function rotate(id: string): Promise<WithAddress> {
  return told(() => api.POST("/api/v2/calendar-feeds/{feed_id}/rotate", { params: { path: { feed_id: id } } }));
}

export async function revoke(id: string): Promise<void> {
  await told(() => api.DELETE("/api/v2/calendar-feeds/{feed_id}", { params: { path: { feed_id: id } } }));
}
