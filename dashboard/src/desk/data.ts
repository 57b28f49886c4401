/** What the desk shows, by the keys that changes make stale: one practice, one day, and no more. */

import { useQuery, useQueryClient, type QueryClient, type UseQueryResult } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { all, api, told, type Appointment, type Call, type HeldTime, type Patient, type Schemas, type Slot } from "../api/client";
import { following } from "../following";
import type { Change, Live, State, Word } from "../lib/live";
import { onceIn } from "../lib/together";
import { mondayOf } from "../lib/time";

export type AppointmentType = Schemas["AppointmentTypeOutput"];
export type Practitioner = Schemas["PractitionerOutput"];
export type Location = Schemas["LocationOutput"];

const MOST = 200;
const MINUTE = 60_000;
const SCHEDULE = "schedule.updated";
// In milliseconds.
const TOGETHER = 250;

export const keyOf = {
  appointments: (practice: string, date: string) => ["appointments", practice, date],
  slots: (practice: string, date: string) => ["slots", practice, date],
  /** One practitioner's week; changes of any of its days make it stale. */
  week: (practice: string, monday: string) => ["week", practice, monday],
  holds: (practice: string) => ["holds", practice],
  offers: (practice: string) => ["offers", practice],
  patient: (practice: string, id: string) => ["patient", practice, id],
};

/** All that is known of the practice, in one answer that is asked for anew when the agent comes back to the screen. */
export function useReference(practice: string): {
  types: AppointmentType[];
  practitioners: Practitioner[];
  locations: Location[];
  greeting: string;
  script: string;
  insurance: string[];
  error: unknown;
} {
  const workspace = useQuery({
    queryKey: ["workspace", practice],
    queryFn: () => told(() => api.GET("/api/v2/workspace")),
    staleTime: 5 * MINUTE,
  });
  const found = workspace.data;
  return {
    types: found?.appointmentTypes ?? [],
    practitioners: found?.practitioners ?? [],
    locations: found?.locations ?? [],
    greeting: found?.greeting ?? "",
    script: found?.script ?? "",
    insurance: found?.insurance ?? [],
    error: workspace.error,
  };
}

/** The call that this member left open, as after a reload of the page. */
export async function openCall(): Promise<Call | null> {
  const calls = await all((cursor) => api.GET("/api/v2/calls", { params: { query: { cursor, limit: MOST } } }));
  return calls.filter((call) => call.mine && call.endedAt === null).at(-1) ?? null;
}

export function useAppointments(practice: string, date: string): UseQueryResult<Appointment[]> {
  return useQuery({
    queryKey: keyOf.appointments(practice, date),
    queryFn: () =>
      all((cursor) => api.GET("/api/v2/appointments", { params: { query: { from: date, to: date, cursor, limit: MOST } } })),
  });
}

/** Whether it takes a place in the calendar. */
export function taking(appointment: Appointment): boolean {
  return appointment.status !== "cancelled" && appointment.status !== "entered-in-error";
}

export function useSlots(practice: string, date: string): UseQueryResult<Slot[]> {
  return useQuery({
    queryKey: keyOf.slots(practice, date),
    queryFn: () =>
      all((cursor) => api.GET("/api/v2/slots", { params: { query: { from: date, to: date, cursor, limit: MOST } } })),
  });
}

export function useHolds(practice: string): UseQueryResult<HeldTime[]> {
  return useQuery({
    queryKey: keyOf.holds(practice),
    queryFn: async () => (await told(() => api.GET("/api/v2/holds"))).data,
  });
}

export function usePatient(practice: string, id: string | null): UseQueryResult<Patient> {
  return useQuery({
    enabled: id !== null,
    queryKey: keyOf.patient(practice, id ?? ""),
    queryFn: () => told(() => api.GET("/api/v2/patients/{patient_id}", { params: { path: { patient_id: id ?? "" } } })),
  });
}

/** What others do is seen within a second: each change makes its day stale, and nothing else. */
export function useLive(practice: string, date: string): { state: State; others: string[] } {
  const queries = useQueryClient();
  const [state, is] = useState<State>("connecting");
  const [others, see] = useState<string[]>([]);
  const [live] = useState(() => make(practice, queries, is, see));
  useEffect(() => {
    live.start();
    return () => live.stop();
  }, [live]);
  useEffect(() => {
    see([]);
    live.look(date);
  }, [live, date]);
  return { state, others };
}

function make(practice: string, queries: QueryClient, is: (state: State) => void, see: (names: string[]) => void): Live {
  // A holiday of all is an event for each practitioner, one right after the other.
  const readDaysAgain = onceIn(TOGETHER, () => daysStale(queries, practice));
  return following({
    onChange: (change) => {
      if (change.type === SCHEDULE) readDaysAgain();
      else stale(queries, practice, change);
    },
    onResync: () => void queries.invalidateQueries({ predicate: (query) => query.queryKey[1] === practice }),
    onState: is,
    onWord: (word: Word) => {
      if (word.type === "presence") see((word["members"] as { name: string }[]).map((member) => member.name));
    },
  });
}

/** When somebody works, or what is reserved, is another: any day may be, closures too. What is being offered stays as it is. */
function daysStale(queries: QueryClient, practice: string): void {
  for (const name of ["slots", "week", "workspace"]) void queries.invalidateQueries({ queryKey: [name, practice] });
}

function stale(queries: QueryClient, practice: string, change: Change & { previousDate?: string | null }): void {
  for (const date of new Set([change.date, change.previousDate])) {
    if (!date) continue;
    if (change.type.startsWith("appointment.")) {
      void queries.invalidateQueries({ queryKey: keyOf.appointments(practice, date) });
    }
    void queries.invalidateQueries({ queryKey: keyOf.slots(practice, date) });
    void queries.invalidateQueries({ queryKey: keyOf.week(practice, mondayOf(date)) });
  }
  if (change.type.startsWith("appointment.")) void queries.invalidateQueries({ queryKey: ["worklist", practice] });
  if (change.type.startsWith("waitlist.")) void queries.invalidateQueries({ queryKey: ["waitlist", practice] });
  if (change.type.startsWith("hold.") || change.type.startsWith("appointment.")) {
    void queries.invalidateQueries({ queryKey: keyOf.holds(practice) });
  }
  if (change.type.startsWith("patient.") && change.id) {
    void queries.invalidateQueries({ queryKey: keyOf.patient(practice, change.id) });
  }
}

/** After something of one's own: its days at once, without waiting for the live update. */
export function refresh(queries: QueryClient, practice: string, dates: string[]): void {
  for (const date of new Set(dates)) {
    void queries.invalidateQueries({ queryKey: keyOf.appointments(practice, date) });
    void queries.invalidateQueries({ queryKey: keyOf.slots(practice, date) });
    void queries.invalidateQueries({ queryKey: keyOf.week(practice, mondayOf(date)) });
  }
  void queries.invalidateQueries({ queryKey: keyOf.holds(practice) });
}
