/** What somebody else has changed meanwhile is told, and not overwritten. */

import assert from "node:assert/strict";

import { afterEach, beforeEach, test, vi } from "vitest";

import type { Appointment, Refusal, Slot } from "../src/api/client.ts";

interface Asked {
  what: string;
  ifMatch: string | null;
  key: string | null;
}

let asked: Asked[] = [];
let answers: (() => Response)[] = [];

vi.stubGlobal("fetch", async (request: Request) => {
  const what = `${request.method} ${new URL(request.url).pathname.replace("/api/v2/appointments/", "")}`;
  asked.push({ what, ifMatch: request.headers.get("If-Match"), key: request.headers.get("X-Idempotency-Key") });
  const answer = answers.shift();
  assert.ok(answer, `nothing answers ${what}`);
  return answer();
});
vi.stubGlobal("window", { location: { origin: "http://desk.test" } });
vi.mock("../src/session.ts", () => ({ session: { token: async () => "token" }, SignedOut: class extends Error {} }));
const changes = await import("../src/desk/changes.ts");
const { nowOf } = await import("../src/desk/asShown.ts");

const SHOWN: Appointment = {
  appointmentId: "appt_1",
  patientId: "pat_1",
  slotId: "slot_1",
  practitionerId: "pract_1",
  locationId: "loc_1",
  status: "booked",
  start: "2026-12-01T15:00:00Z",
  end: "2026-12-01T15:30:00Z",
  type: "exam",
  overbooked: false,
  groupId: null,
  confirmedAt: null,
};
const OTHER: Appointment = { ...SHOWN, appointmentId: "appt_2", slotId: "slot_2" };
const LATER = { id: "slot_9" } as Slot;
const MOVED: Appointment = { ...SHOWN, slotId: "slot_5", start: "2026-12-01T17:00:00Z", end: "2026-12-01T17:30:00Z" };

beforeEach(() => {
  [asked, answers] = [[], []];
});
afterEach(() => assert.equal(answers.length, 0, "not all of it was asked for"));

const is =
  (body: unknown, tag = '"one"', status = 200) =>
  (): Response =>
    new Response(JSON.stringify(body), { status, headers: { ETag: tag, "Content-Type": "application/json" } });
const stale = is({ code: "precondition_failed", detail: "This has changed since you read it" }, "", 412);
const lost = (): Response => {
  throw new TypeError("no answer");
};

async function refused(change: Promise<unknown>): Promise<Refusal> {
  return change.then(
    () => assert.fail("it was done"),
    (error: unknown) => error as Refusal,
  );
}

const CHANGES = {
  cancel: (key: string) => changes.cancel(SHOWN, "patient_request", { key }),
  move: (key: string) => changes.move(SHOWN, LATER, { key }),
  status: (key: string) => changes.enteredInError(SHOWN, { key }),
};

test.each(Object.entries(CHANGES))("%s names the tag of what is shown", async (name, change) => {
  answers = [is(SHOWN), is({ ...SHOWN, status: "cancelled" })];
  await change("k1");
  assert.deepEqual(asked, [
    { what: "GET appt_1", ifMatch: null, key: null },
    { what: `POST appt_1/${name}`, ifMatch: '"one"', key: "k1" },
  ]);
});

test.each(Object.entries(CHANGES))("%s of what is no longer so is not sent", async (_, change) => {
  answers = [is(MOVED)];
  const refusal = await refused(change("k1"));
  assert.deepEqual([refusal.status, nowOf(refusal)], [412, MOVED]);
});

test("what changes between the look and the change is told as well", async () => {
  answers = [is(SHOWN), stale, is(MOVED, '"two"')];
  assert.deepEqual(nowOf(await refused(changes.cancel(SHOWN, "other", { key: "k1" }))), MOVED);
  assert.deepEqual(asked.map((each) => each.what), ["GET appt_1", "POST appt_1/cancel", "GET appt_1"]);
});

test("what no screen shows may change, and it is done all the same", async () => {
  answers = [is(SHOWN), stale, is(SHOWN, '"two"'), is(MOVED)];
  assert.deepEqual(await changes.move(SHOWN, LATER, { key: "k1" }), MOVED);
  assert.deepEqual(asked.at(-1), { what: "POST appt_1/move", ifMatch: '"two"', key: "k1" });
});

test("both that change places are as they are shown, or neither is touched", async () => {
  answers = [is(OTHER), is(SHOWN), is(MOVED)];
  await changes.swap(SHOWN, OTHER, { key: "k1" });
  assert.deepEqual(asked.at(-1), { what: "POST appt_1/swap", ifMatch: '"one"', key: "k1" });
  const gone: Appointment = { ...OTHER, status: "cancelled" };
  answers = [is(gone)];
  assert.deepEqual(nowOf(await refused(changes.swap(SHOWN, OTHER, { key: "k2" }))), gone);
});

test("after a lost answer the same is asked for again, and one's own change is nobody else's", async () => {
  vi.useFakeTimers();
  const intent = { key: "k1" };
  answers = [is(SHOWN), lost, lost, lost];
  const refusal = refused(changes.cancel(SHOWN, "other", intent));
  await vi.runAllTimersAsync();
  assert.ok((await refusal).offline);
  vi.useRealTimers();
  const done: Appointment = { ...SHOWN, status: "cancelled" };
  answers = [is(done)];
  assert.deepEqual(await changes.cancel(SHOWN, "other", intent), done);
  assert.deepEqual(asked.at(-1), { what: "POST appt_1/cancel", ifMatch: '"one"', key: "k1" });
});

test("a tag that a proxy has weakened is the server's own", async () => {
  answers = [is(SHOWN, 'W/"one"'), is(MOVED)];
  await changes.move(SHOWN, LATER, { key: "k1" });
  assert.equal(asked.at(-1)?.ifMatch, '"one"');
});

test("another refusal tells nothing of what has changed", async () => {
  answers = [is(SHOWN), is({ code: "not_cancellable", detail: "Only a booked appointment can be cancelled" }, "", 409)];
  const refusal = await refused(changes.cancel(SHOWN, "other", { key: "k1" }));
  assert.deepEqual([refusal.code, nowOf(refusal), nowOf(new Error("no"))], ["not_cancellable", null, null]);
});
