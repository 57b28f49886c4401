/** A change is made to what its maker looks at: what somebody else made of it meanwhile is shown, not overwritten (ADR 22). */

import { answered, api, Refusal, type Appointment } from "../api/client";
import { surely } from "./surely";

/** What somebody wants done once: its key and, from the first attempt on, the tag of what it is done to. */
export interface Intent {
  readonly key: string;
  tag?: string;
}

type Headers = Record<string, string>;

/** Throws Refusal; where it is about what has changed, nowOf() tells what is true now. */
export async function asShown<T>(shown: Appointment, intent: Intent, send: (headers: Headers) => Promise<T>): Promise<T> {
  // Not read anew after a lost answer: what was done then would look like somebody else's change.
  intent.tag ??= await tagOf(shown);
  try {
    return await send(matching(intent.tag));
  } catch (error) {
    if (!(error instanceof Refusal && error.status === 412)) throw error;
    // Changed in what no screen shows, or by a new release of the server.
    intent.tag = await tagOf(shown);
    return send(matching(intent.tag));
  }
}

/** Of what is true, as long as that is what is shown: lists, which have no tags of their rows, are shown as well. */
export async function tagOf(shown: Appointment): Promise<string> {
  const path = { appointment_id: shown.appointmentId };
  const { data: now, response } = await surely(() =>
    answered(() => api.GET("/api/v2/appointments/{appointment_id}", { params: { path }, cache: "no-store" })),
  );
  if (!now || !same(shown, now)) throw new Refusal(412, "precondition_failed", "This has changed since you read it", "", { now });
  return etag(response);
}

/** A proxy that compresses weakens it, and a weak one never matches. */
export function etag(response: Response): string {
  return (response.headers.get("ETag") ?? "").replace(/^W\//, "");
}

/** What has become of the appointment that was to be changed; null: something else was refused. */
export function nowOf(error: unknown): Appointment | null {
  return error instanceof Refusal && error.status === 412 ? ((error.members["now"] as Appointment | undefined) ?? null) : null;
}

function same(shown: Appointment, now: Appointment): boolean {
  return (Object.keys(now) as (keyof Appointment)[]).every((member) => shown[member] === now[member]);
}

export function matching(tag: string): Headers {
  return tag ? { "If-Match": tag } : {};
}
