/** Versions of the practice's protocol: listed, drafted, saved, tried on their examples, put in force. */

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

export function useVersion(id: string): UseQueryResult<Whole> {
  const { practice } = useHere();
  const path = { protocol_id: id };
  return useQuery({
    queryKey: ["protocol-version", practice.id, id],
    queryFn: async () =>
      (await told(() => api.GET("/api/v2/protocol-versions/{protocol_id}", { params: { path } }))) as unknown as Whole,
    staleTime: 0,
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

/** As the server keeps it. */
export async function save(id: string, content: Content): Promise<Whole> {
  const path = { protocol_id: id };
  const body = content as unknown as Schemas["DraftInputRequest"];
  const saved = await told(() => api.PUT("/api/v2/protocol-versions/{protocol_id}", { params: { path }, body }));
  return saved as unknown as Whole;
}

export async function discard(id: string): Promise<void> {
  await told(() => api.DELETE("/api/v2/protocol-versions/{protocol_id}", { params: { path: { protocol_id: id } } }));
}

/** `effectiveFrom`: null is at once. */
export async function publish(id: string, effectiveFrom: string | null, key: string): Promise<void> {
  const params = { path: { protocol_id: id }, header: { "X-Idempotency-Key": key } };
  const body = effectiveFrom === null ? {} : { effectiveFrom };
  await told(() => api.POST("/api/v2/protocol-versions/{protocol_id}/publish", { params, body }));
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
