/** What is asked for again after a lost answer is the same question only as long as the same is asked. */

import assert from "node:assert/strict";

import { beforeEach, test, vi } from "vitest";

import type { Appointment } from "../src/api/client.ts";

const BOOKED = { appointmentId: "appt_1", status: "booked", start: "2026-12-01T15:00:00Z" } as Appointment;
const WISH = { patientId: "pat_1", slotId: "slot_1", type: "exam", reason: "red eye" };

let keys: (string | null)[] = [];

vi.stubGlobal("window", { location: { origin: "http://desk.test" } });
vi.stubGlobal("navigator", { onLine: true });
vi.stubGlobal("fetch", async (request: Request) => {
  if (request.method === "GET") return Response.json(BOOKED, { headers: { ETag: '"one"' } });
  keys.push(request.headers.get("X-Idempotency-Key"));
  throw new TypeError("no answer");
});
vi.mock("../src/session.ts", () => ({ session: { token: async () => "token" }, SignedOut: class extends Error {} }));
vi.mock("../src/desk/surely.ts", () => ({ surely: <T>(send: () => Promise<T>) => send() }));
const { Actions } = await import("../src/desk/actions.ts");

const actions = new Actions({ done: () => {}, undoable: () => {}, say: () => {} });

beforeEach(() => {
  keys = [];
});

test("a cancellation for another reason is another question", async () => {
  assert.equal(await actions.cancel(BOOKED, "patient_request"), false);
  assert.equal(await actions.cancel(BOOKED, "patient_request"), false);
  assert.equal(await actions.cancel(BOOKED, "other"), false);
  assert.equal(keys.length, 3);
  assert.equal(keys[0], keys[1]);
  assert.notEqual(keys[2], keys[0]);
});

test("and so is an overbooking", async () => {
  for (const reason of ["red eye", "red eye", "sudden loss"]) assert.equal(await actions.overbook({ ...WISH, reason }), false);
  assert.equal(keys[0], keys[1]);
  assert.notEqual(keys[2], keys[0]);
});
