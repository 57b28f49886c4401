/** What a subscription comes to. */

import assert from "node:assert/strict";

import { test } from "vitest";

import { canSubscribe, good, percent, roomOf, stateOf, type Subscription } from "../src/manage/subscription/state.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const SOON = "2026-03-02T12:00:00Z";
const BEFORE = "2026-02-28T12:00:00Z";
const NONE: Subscription = {
  plan: "standard",
  status: "none",
  bookingAllowed: false,
  bookingAllowedUntil: null,
  trialEndsAt: null,
  graceUntil: null,
  currentPeriodEnd: null,
  cancelAtPeriodEnd: false,
};

test("each of Stripe's words has a state, and its time decides", () => {
  const cases: [Partial<Subscription>, string][] = [
    [{}, "none"],
    [{ trialEndsAt: SOON }, "trial"],
    [{ trialEndsAt: BEFORE }, "trialOver"],
    [{ status: "trialing" }, "trialing"],
    [{ status: "active", trialEndsAt: BEFORE }, "active"],
    [{ status: "active", cancelAtPeriodEnd: true }, "ending"],
    [{ status: "past_due", graceUntil: SOON }, "pastDue"],
    [{ status: "past_due", graceUntil: BEFORE }, "graceOver"],
    [{ status: "unpaid" }, "unpaid"],
    [{ status: "paused" }, "paused"],
    [{ status: "incomplete" }, "incomplete"],
    [{ status: "incomplete_expired" }, "incomplete"],
    [{ status: "canceled" }, "cancelled"],
  ];
  for (const [told, state] of cases) assert.equal(stateOf({ ...NONE, ...told }, NOW), state, state);
});

test("whoever has a subscription that may yet be paid is not offered a second one", () => {
  for (const state of ["active", "trialing", "ending", "pastDue", "graceOver"] as const) assert.equal(canSubscribe(state), false, state);
  for (const state of ["none", "trial", "trialOver", "cancelled", "unpaid"] as const) assert.equal(canSubscribe(state), true, state);
  assert.deepEqual(["active", "pastDue", "graceOver"].map((state) => good(state as "active")), ["teal", "yellow", "red"]);
});

test("what is used is never told as more than it is", () => {
  const cases: [number, number, string][] = [
    [0, 0, "room"],
    [7_999, 79, "room"],
    [8_000, 80, "near"],
    [9_999, 99, "near"],
    [10_000, 100, "over"],
    // The plan was larger this morning.
    [500_000, 100, "over"],
  ];
  for (const [used, share, room] of cases) {
    assert.equal(percent({ used, limit: 10_000 }), share);
    assert.equal(roomOf({ used, limit: 10_000 }), room);
  }
});
