/** What the desk shows, by the keys that changes make stale: one practice, one day, and no more. */

import { useQuery, useQueryClient, type QueryClient, type UseQueryResult } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { all, api, told, type Appointment, type HeldTime, type Patient, type Schemas, type Slot } from "../api/client";
import { Live, SignedOut, type Change, type State, type Word } from "../lib/live";
import { session } from "../session";

export type AppointmentType = Schemas["AppointmentTypeOutput"];
export type Practitioner = Schemas["PractitionerOutput"];
export type Location = Schemas["LocationOutput"];

const MOST = 200;
const HOUR = 3_600_000;

export const keyOf = {
  appointments: (practice: string, date: string) => ["appointments", practice, date],
  slots: (practice: string, date: string) => ["slots", practice, date],
  holds: (practice: string) => ["holds", practice],
  offers: (practice: string) => ["offers", practice],
  patient: (practice: string, id: string) => ["patient", practice, id],
};

export function useReference(practice: string): {
  types: AppointmentType[];
  practitioners: Practitioner[];
  locations: Location[];
  error: unknown;
} {
  const options = { staleTime: HOUR };
  const types = useQuery({
    ...options,
    queryKey: ["types", practice],
    queryFn: () => all((cursor) => api.GET("/api/v2/appointment-types", { params: { query: { cursor, limit: MOST } } })),
  });
  const practitioners = useQuery({
    ...options,
    queryKey: ["practitioners", practice],
    queryFn: () => all((cursor) => api.GET("/api/v2/practitioners", { params: { query: { cursor, limit: MOST } } })),
  });
  const locations = useQuery({
    ...options,
    queryKey: ["locations", practice],
    queryFn: () => all((cursor) => api.GET("/api/v2/locations", { params: { query: { cursor, limit: MOST } } })),
  });
  return {
    types: types.data ?? [],
    practitioners: practitioners.data ?? [],
    locations: locations.data ?? [],
    error: types.error ?? practitioners.error ?? locations.error,
  };
}

export function useAppointments(practice: string, date: string): UseQueryResult<Appointment[]> {
  return useQuery({
    queryKey: keyOf.appointments(practice, date),
    queryFn: () =>
      all((cursor) => api.GET("/api/v2/appointments", { params: { query: { from: date, to: date, cursor, limit: MOST } } })),
  });
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
  return new Live({
    ticket: () => signedIn(() => told(() => api.POST("/api/v2/live/tickets"))),
    changes: (after) => signedIn(() => told(() => api.GET("/api/v2/changes", { params: { query: { after } } }))) as never,
    onChange: (change) => stale(queries, practice, change),
    onResync: () => void queries.invalidateQueries({ predicate: (query) => query.queryKey[1] === practice }),
    onState: is,
    onWord: (word: Word) => {
      if (word.type === "presence") see((word["members"] as { name: string }[]).map((member) => member.name));
    },
  });
}

/** As the client of live updates has it: the end of the sign-in is told apart from a failure. */
async function signedIn<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (session.state().status === "out") throw new SignedOut();
    throw error;
  }
}

function stale(queries: QueryClient, practice: string, change: Change & { previousDate?: string | null }): void {
  for (const date of new Set([change.date, change.previousDate])) {
    if (!date) continue;
    if (change.type.startsWith("appointment.")) {
      void queries.invalidateQueries({ queryKey: keyOf.appointments(practice, date) });
    }
    void queries.invalidateQueries({ queryKey: keyOf.slots(practice, date) });
  }
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
  }
  void queries.invalidateQueries({ queryKey: keyOf.holds(practice) });
}
