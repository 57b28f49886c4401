/** What the server refuses is told in the language of the screen. */

import assert from "node:assert/strict";

import { test } from "vitest";

import { told } from "../src/i18n/refusals.ts";

test("a refusal is told in Spanish by its code, and else as it came", () => {
  const taken = { code: "slot_taken", message: "Slot is no longer available" };
  assert.equal(told(taken, "es"), "Esa hora ya no está libre.");
  assert.equal(told(taken, "en"), taken.message);
  assert.equal(told({ code: "overbooking_full", message: "Dr Lee has 2 today" }, "es"), "Dr Lee has 2 today");
});
