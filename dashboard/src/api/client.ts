/** Every call to the API: typed from its published description, with the session's token, and refusals as one kind of error. */

import createClient, { type Middleware } from "openapi-fetch";

import { session, SignedOut } from "../session";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Patient = Schemas["PatientV2Output"];
export type Appointment = Schemas["AppointmentOutput"];
export type Slot = Schemas["SlotOutput"];
export type Call = Schemas["CallOutput"];
export type OpenedCall = Schemas["OpenedCallOutput"];
export type HeldTime = Schemas["HeldTimeOutput"];
export type Blocker = Schemas["BlockerOutput"];

/** What was refused, or did not come through. `offline`: nothing answered, so nobody knows whether it was done. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly correlationId: string,
    readonly members: Record<string, unknown> = {},
  ) {
    super(detail);
  }

  get offline(): boolean {
    return this.status === 0;
  }

  /** What is wrong with each member of the body, by its name. */
  get fields(): Record<string, string[]> {
    const errors = (this.members["errors"] as { detail: string; pointer: string }[] | undefined) ?? [];
    const found: Record<string, string[]> = {};
    for (const { pointer, detail } of errors) (found[pointer.replace(/^#\/?/, "")] ??= []).push(detail);
    return found;
  }

  get blockers(): Blocker[] {
    return (this.members["blockers"] as Blocker[] | undefined) ?? [];
  }

  get nearest(): Slot[] {
    return (this.members["nearest"] as Slot[] | undefined) ?? [];
  }
}

let call: string | null = null;

/** From now on what is asked for is done for this caller, and kept with the call; null: for none. */
export function during(callId: string | null): void {
  call = callId;
}

const authorised: Middleware = {
  onRequest: async ({ request, schemaPath }) => {
    if (!schemaPath.startsWith("/api/auth/")) {
      request.headers.set("Authorization", `Bearer ${await session.token()}`);
    }
    if (call !== null && schemaPath.startsWith("/api/v2/")) request.headers.set("X-Call-Id", call);
    return request;
  },
};

export const api = createClient<paths>({ baseUrl: window.location.origin, credentials: "same-origin" });
api.use(authorised);

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The answer's body. Throws Refusal. A token that has just ended is renewed once. */
export async function told<T>(ask: () => Promise<Answer<T>>): Promise<T> {
  return (await answered(ask)).data as T;
}

/** The same, with the answer's headers. */
export async function answered<T>(ask: () => Promise<Answer<T>>): Promise<{ data: T | undefined; response: Response }> {
  let answer = await reached(ask);
  if (answer.response.status === 401) {
    answer = await reached(async () => {
      await session.renew();
      return ask();
    });
  }
  if (answer.response.status === 401) session.ended();
  if (!answer.response.ok) throw refusal(answer.error, answer.response);
  return { data: answer.data, response: answer.response };
}

async function reached<T>(ask: () => Promise<Answer<T>>): Promise<Answer<T>> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Refusal) throw error;
    if (error instanceof SignedOut) throw new Refusal(401, "signed_out", "", "");
    throw new Refusal(0, "offline", "", "");
  }
}

export function refusal(body: unknown, response: Response): Refusal {
  const members = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const correlationId = response.headers.get("X-Correlation-Id") ?? String(members["correlationId"] ?? "");
  return new Refusal(
    response.status,
    String(members["code"] ?? "unexpected"),
    String(members["detail"] ?? response.statusText),
    correlationId,
    members,
  );
}

/** All pages of a list. */
export async function all<T>(
  page: (cursor: string | undefined) => Promise<Answer<{ data: T[]; nextCursor: string | null }>>,
): Promise<T[]> {
  const found: T[] = [];
  let cursor: string | undefined;
  do {
    const { data, nextCursor } = await told(() => page(cursor));
    found.push(...data);
    cursor = nextCursor ?? undefined;
  } while (cursor !== undefined);
  return found;
}
