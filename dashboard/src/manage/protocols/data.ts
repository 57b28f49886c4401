/** Versions of the practice's protocol: listed, drafted, tried on their examples. */

import { useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";

import { all, api, told, type Schemas } from "../../api/client";
import { useHere } from "../../here";
import type { Content } from "./definition";

export type Version = Schemas["ProtocolVersionOutput"];
export type Whole = Version & Content;
export type Checked = Schemas["CheckOutput"];
export type Type = Schemas["AppointmentTypeOutput"];
export type Practitioner = Schemas["PractitionerOutput"];

export function useVersions(): UseQueryResult<Version[]> {
  const { practice } = useHere();
  return useQuery({
    queryKey: ["protocol-versions", practice.id],
    queryFn: async () => {
      const found = await all((cursor) =>
        api.GET("/api/v2/protocol-versions", { params: { query: { cursor, limit: 200 } } }),
      );
      return found.toReversed();
    },
  });
}

export function useCheck(id: string): UseQueryResult<Checked> {
  const { practice } = useHere();
  const path = { protocol_id: id };
  return useQuery({
    queryKey: ["protocol-check", practice.id, id],
    queryFn: () => told(() => api.POST("/api/v2/protocol-versions/{protocol_id}/check", { params: { path } })),
    staleTime: 0,
  });
}

export interface Reference {
  types: Type[];
  practitioners: Practitioner[];
}

export function useReference(): UseQueryResult<Reference> {
  const { practice } = useHere();
  return useQuery({
    queryKey: ["protocol-reference", practice.id],
    queryFn: async () => {
      const [types, practitioners] = await Promise.all([
        all((cursor) => api.GET("/api/v2/appointment-types", { params: { query: { cursor, limit: 200 } } })),
        all((cursor) => api.GET("/api/v2/practitioners", { params: { query: { cursor, limit: 200 } } })),
      ]);
      return { types, practitioners };
    },
  });
}

export type Origin = "in_force" | "platform";

export async function draft(origin: Origin, key: string): Promise<Version> {
  const params = { header: { "X-Idempotency-Key": key } };
  return told(() => api.POST("/api/v2/protocol-versions", { params, body: { origin } }));
}

export function useRefreshProtocols(): () => Promise<void> {
  const { practice } = useHere();
  const queries = useQueryClient();
  return async () => {
    await Promise.all(
      ["protocol-versions", "protocol-version", "protocol-check", "protocol"].map((name) =>
        queries.invalidateQueries({ queryKey: [name, practice.id] }),
      ),
    );
  };
}

/** Published versions come into force one after the other: which of them is, now. */
export function inForce(versions: Version[], now: Date): Version | undefined {
  return versions
    .filter((version) => version.effectiveFrom !== null && new Date(version.effectiveFrom) <= now)
    .toSorted((one, other) => starts(other) - starts(one) || other.number - one.number)[0];
}

function starts(version: Version): number {
  return new Date(version.effectiveFrom ?? 0).getTime();
}
