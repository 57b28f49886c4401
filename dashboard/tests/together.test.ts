/** What is asked for many times at once. */

import assert from "node:assert/strict";

import { afterEach, beforeEach, test, vi } from "vitest";

import { onceIn } from "../src/lib/together.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("what comes together is done once, and what comes later is done again", () => {
  let done = 0;
  const ask = onceIn(250, () => (done += 1));
  for (let times = 0; times < 40; times += 1) ask();
  assert.equal(done, 0);
  vi.advanceTimersByTime(249);
  ask();
  assert.equal(done, 0);
  vi.advanceTimersByTime(1);
  assert.equal(done, 1);
  vi.advanceTimersByTime(10_000);
  assert.equal(done, 1);
  ask();
  vi.advanceTimersByTime(250);
  assert.equal(done, 2);
});
