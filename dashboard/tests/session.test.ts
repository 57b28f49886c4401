/** Who is signed in, and what is kept for them when their session ends. */

import assert from "node:assert/strict";

import { afterEach, beforeEach, test, vi } from "vitest";

import { personOf, session, type SignedIn } from "../src/session.ts";

const HALF_AN_HOUR = 30 * 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  session.left();
  vi.useRealTimers();
});

function signedIn(sub: string): SignedIn {
  const claims = Buffer.from(JSON.stringify({ sub, name: "ü?>" })).toString("base64url");
  const practice = { id: "prac_1", name: "Bright Eyes", timeZone: "America/New_York" };
  return { accessToken: `e30.${claims}.c2ln`, expiresIn: 900, sessionEndsIn: 43_200, practice, role: "practice_manager", memberships: [] };
}

test("a token tells whom it is for, and what is none of ours tells nobody", () => {
  assert.equal(personOf(signedIn("01a2")), "01a2");
  for (const accessToken of ["", "a.b.c", "a.e30.c"]) assert.equal(personOf({ ...signedIn("01a2"), accessToken }), "");
});

test("what was on the screen is kept when a session ends, for half an hour", () => {
  session.enter(signedIn("01a2"));
  session.ended();
  const ended = session.state();
  assert.ok(ended.status === "out" && ended.ended && ended.kept?.practice.id === "prac_1");
  session.ended();
  assert.equal(session.state(), ended);
  vi.advanceTimersByTime(HALF_AN_HOUR);
  assert.deepEqual(session.state(), { status: "out", ended: true, kept: null });
});

test("who comes back in time is not thrown out later", () => {
  session.enter(signedIn("01a2"));
  session.ended();
  session.enter(signedIn("01a2"));
  vi.advanceTimersByTime(HALF_AN_HOUR);
  assert.equal(session.state().status, "in");
});

test("nothing is kept of who signs out", () => {
  session.enter(signedIn("01a2"));
  session.left();
  assert.deepEqual(session.state(), { status: "out", ended: false, kept: null });
  session.ended();
  assert.deepEqual(session.state(), { status: "out", ended: false, kept: null });
});
