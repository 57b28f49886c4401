/** What managers should know and nobody has acknowledged. */

import { useQuery, type UseQueryResult } from "@tanstack/react-query";

import { all, api, type Schemas } from "../../api/client";
import { useHere } from "../../here";

export type Notice = Schemas["NoticeOutput"];

const ASKED_EVERY = 60_000;
const MOST = 200;

export function useNotices(): UseQueryResult<Notice[]> {
  const { practice, role } = useHere();
  return useQuery({
    // The badge is on every screen of the room; agents are refused.
    enabled: role === "practice_manager",
    queryKey: ["notices", practice.id],
    queryFn: () => all((cursor) => api.GET("/api/v2/notices", { params: { query: { cursor, limit: MOST } } })),
    refetchInterval: ASKED_EVERY,
  });
}
