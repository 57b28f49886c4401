/** Visits under way and to come: as the API lists them, and where their clinicians are, as the socket tells. */

import { useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { all, api, type Schemas } from "../../api/client";
import { following } from "../../following";
import { useHere } from "../../here";
import type { State, Word } from "../../lib/live";
import { date } from "../../lib/time";
import { concernsVisits, heard, type Positions } from "./positions";

export type Visit = Schemas["VisitOutput"];

export interface Row {
  visit: Visit;
  practitioner: string;
  /** Of the appointment; null: it is not today's. */
  startsAt: string | null;
}

const STATES = ["under_way", "arrived", "planned"];

/** Today's, and whatever is under way: who is on the way first. */
export function useVisits(): UseQueryResult<Row[]> {
  const { practice } = useHere();
  return useQuery({
    queryKey: ["visits", practice.id],
    queryFn: async () => {
      const today = date(new Date(), practice.timeZone);
      const [visits, practitioners, appointments] = await Promise.all([
        all((cursor) => api.GET("/api/v2/visits", { params: { query: { cursor, limit: 200 } } })),
        all((cursor) => api.GET("/api/v2/practitioners", { params: { query: { cursor, limit: 200 } } })),
        all((cursor) =>
          api.GET("/api/v2/appointments", { params: { query: { from: today, to: today, cursor, limit: 200 } } }),
        ),
      ]);
      const names = new Map(practitioners.map((each) => [each.id, each.name]));
      const starts = new Map(appointments.map((each) => [each.appointmentId, each.start]));
      const rows = visits.map((visit) => ({
        visit,
        practitioner: names.get(visit.practitionerId) ?? visit.practitionerId,
        startsAt: starts.get(visit.appointmentId) ?? null,
      }));
      return rows.filter((row) => row.startsAt !== null || row.visit.status !== "planned").toSorted(inOrder);
    },
  });
}

function inOrder(one: Row, other: Row): number {
  const states = STATES.indexOf(one.visit.status) - STATES.indexOf(other.visit.status);
  const times = (one.startsAt ?? "").localeCompare(other.startsAt ?? "");
  return states || times || one.visit.visitId.localeCompare(other.visit.visitId);
}

/** Where the clinicians of these visits are; each step of a visit, or of its appointment, makes the list new. */
export function usePositions(visits: string[]): { state: State; positions: Positions } {
  const { practice } = useHere();
  const queries = useQueryClient();
  const [state, is] = useState<State>("connecting");
  const [positions, see] = useState<Positions>({});
  const [live] = useState(() =>
    following({
      onChange: (change) => {
        if (concernsVisits(change.type)) void queries.invalidateQueries({ queryKey: ["visits", practice.id] });
      },
      onResync: () => void queries.invalidateQueries({ queryKey: ["visits", practice.id] }),
      onState: is,
      onWord: (word: Word) => see((known) => heard(known, word)),
    }),
  );
  useEffect(() => {
    live.start();
    return () => live.stop();
  }, [live]);
  const named = visits.join();
  useEffect(() => {
    const watched = named === "" ? [] : named.split(",");
    for (const visit of watched) live.watch(visit);
    return () => {
      for (const visit of watched) live.unwatch(visit);
    };
  }, [live, named]);
  return { state, positions };
}
