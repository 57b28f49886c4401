/** A draft is changed as it was read: what another manager has made of it meanwhile is shown, not overwritten. */

import { useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";

import { answered, api, Refusal, type Schemas } from "../../api/client";
import { etag, matching } from "../../desk/asShown";
import { useHere } from "../../here";
import type { Whole } from "./data";
import { same, type Content } from "./definition";

/** A version with its tag. */
export interface Seen {
  version: Whole;
  tag: string;
}

interface Answer {
  data: unknown;
  response: Response;
}

const ONE = "/api/v2/protocol-versions/{protocol_id}";

export function useVersion(id: string): UseQueryResult<Seen> {
  const { practice } = useHere();
  return useQuery({ queryKey: keyOf(practice.id, id), queryFn: () => read(id), staleTime: 0 });
}

/** What is true now, as an answer has told it: nothing that was asked for earlier takes its place. */
export function useShow(): (seen: Seen) => Promise<void> {
  const { practice } = useHere();
  const queries = useQueryClient();
  return async (seen) => {
    const queryKey = keyOf(practice.id, seen.version.protocolId);
    await queries.cancelQueries({ queryKey });
    queries.setQueryData(queryKey, seen);
  };
}

export async function read(id: string): Promise<Seen> {
  return seenIn(await answered(() => api.GET(ONE, { params: { path: { protocol_id: id } } })));
}

/** As the server keeps it. Throws Refusal: nowOf() tells what somebody else has made of it. */
export async function save(seen: Seen, content: Content): Promise<Seen> {
  const params = pathOf(seen);
  const body = content as unknown as Schemas["DraftInputRequest"];
  try {
    return await asRead(seen, async (headers) => seenIn(await answered(() => api.PUT(ONE, { params, headers, body }))));
  } catch (error) {
    const now = nowOf(error);
    // It was saved already, and the answer was lost on its way.
    if (now?.version.status === "draft" && same(now.version, content)) return now;
    throw error;
  }
}

export async function discard(seen: Seen): Promise<void> {
  const params = pathOf(seen);
  await asRead(seen, (headers) => answered(() => api.DELETE(ONE, { params, headers })));
}

/** `effectiveFrom`: null is at once. */
export async function publish(seen: Seen, effectiveFrom: string | null, key: string): Promise<void> {
  const params = { ...pathOf(seen), header: { "X-Idempotency-Key": key } };
  const body = effectiveFrom === null ? {} : { effectiveFrom };
  await asRead(seen, (headers) => answered(() => api.POST(`${ONE}/publish`, { params, headers, body })));
}

/** What has become of the draft that was to be changed; null: something else was refused. */
export function nowOf(error: unknown): Seen | null {
  return error instanceof Refusal && error.status === 412 ? ((error.members["now"] as Seen | undefined) ?? null) : null;
}

async function asRead<T>(seen: Seen, send: (headers: Record<string, string>) => Promise<T>): Promise<T> {
  try {
    return await send(matching(seen.tag));
  } catch (error) {
    if (!(error instanceof Refusal && (error.status === 412 || error.code === "not_a_draft"))) throw error;
    const now = await read(seen.version.protocolId);
    if (now.version.status !== seen.version.status || !same(now.version, seen.version)) {
      throw new Refusal(412, "precondition_failed", error.message, error.correlationId, { now });
    }
    // Other than before only in what no screen shows, or by a new release of the server.
    return send(matching(now.tag));
  }
}

function keyOf(practice: string, id: string): string[] {
  return ["protocol-version", practice, id];
}

function pathOf({ version }: Seen): { path: { protocol_id: string } } {
  return { path: { protocol_id: version.protocolId } };
}

function seenIn({ data, response }: Answer): Seen {
  return { version: data as Whole, tag: etag(response) };
}
