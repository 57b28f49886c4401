/** What ticking one kind of events does to the others. */

import assert from "node:assert/strict";

import { test } from "vitest";

import { covered, GROUPS, ticked, type Pattern } from "../src/manage/webhooks/events.ts";
import { webhooks } from "../src/manage/words/en/webhooks.ts";

test("a wider one takes the place of what it covers, and of nothing else", () => {
  const chosen: Pattern[] = ["appointment.booked", "patient.created"];
  assert.deepEqual(ticked("appointment.*", true, chosen), ["patient.created", "appointment.*"]);
  assert.deepEqual(ticked("*", true, chosen), ["*"]);
  assert.deepEqual(ticked("patient.created", false, chosen), ["appointment.booked"]);
  assert.deepEqual(ticked("patient.created", true, chosen), ["appointment.booked", "patient.created"]);
});

test("what is covered is ticked", () => {
  assert.equal(covered("appointment.booked", ["appointment.*"]), true);
  assert.equal(covered("appointment.*", ["*"]), true);
  assert.equal(covered("appointment.*", ["appointment.booked"]), false);
  assert.equal(covered("patient.created", ["appointment.*"]), false);
});

test("every kind of event has words", () => {
  const words = Object.keys(webhooks);
  for (const { noun, types } of GROUPS) {
    for (const type of types) assert.ok(words.includes(`event_${type}`), type);
    assert.ok(words.includes(`events_${noun}`), noun);
  }
});
