/** What is to be worked off between calls. */

import { useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";

import { all, api, told, type Appointment, type Schemas } from "../../api/client";
import { plusDays } from "../../lib/time";

export type Inbound = Schemas["InboundMessageOutput"];

// Of the inbox: nothing is pushed for it.
const ASKED_EVERY = 15_000;
const NEWEST = 50;
const MOST = 200;
/** Days before today in which a missed visit is still called after. */
export const MISSED_FOR = 7;
/** Days from today whose patients are asked to confirm. */
export const CONFIRMED_FOR = 2;

export const inboxKey = (practice: string): string[] => ["inbox", practice];

export function useInbox(practice: string, status: Inbound["status"]): UseQueryResult<Inbound[]> {
  return useQuery({
    queryKey: [...inboxKey(practice), status],
    queryFn: async () => (await told(() => api.GET("/api/v2/inbox", { params: { query: { status, limit: NEWEST } } }))).data,
    refetchInterval: ASKED_EVERY,
    staleTime: 0,
  });
}

export function changeInbound(id: string, body: Schemas["PatchedInboxChangeRequest"]): Promise<Inbound> {
  const params = { path: { inbound_message_id: id } };
  return told(() => api.PATCH("/api/v2/inbox/{inbound_message_id}", { params, body }));
}

export function useRefreshInbox(practice: string): () => Promise<void> {
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ queryKey: inboxKey(practice) });
}

function useSpan(
  practice: string,
  name: string,
  [from, to]: [string, string],
  select: (rows: Appointment[]) => Appointment[],
): UseQueryResult<Appointment[]> {
  return useQuery({
    // Under a name of its own, since a change of any appointment makes it stale.
    queryKey: ["worklist", practice, name, from, to],
    queryFn: () => all((cursor) => api.GET("/api/v2/appointments", { params: { query: { from, to, cursor, limit: MOST } } })),
    select,
  });
}

/** Missed in the last days, the latest first. */
export function useMissed(practice: string, today: string): UseQueryResult<Appointment[]> {
  return useSpan(practice, "missed", [plusDays(today, -MISSED_FOR), today], (rows) =>
    rows.filter((each) => each.status === "noshow").reverse(),
  );
}

/** By the patient, where the API tells. */
function confirmed(appointment: Appointment): boolean {
  return "confirmedAt" in appointment && appointment.confirmedAt !== null;
}

/** Booked for the next days and not confirmed. */
export function useUnconfirmed(practice: string, today: string): UseQueryResult<Appointment[]> {
  const now = Date.now();
  return useSpan(practice, "unconfirmed", [today, plusDays(today, CONFIRMED_FOR)], (rows) =>
    rows.filter((each) => each.status === "booked" && !confirmed(each) && Date.parse(each.start) > now),
  );
}
