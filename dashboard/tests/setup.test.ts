/** What the practice's set-up reads and suggests: days off on the place's clock, and codes from names. */

import assert from "node:assert/strict";

import { test } from "vitest";

import { range, span } from "../src/manage/hours/clocks.ts";
import type { TimeOff, Workspace } from "../src/manage/hours/data.ts";
import { dialled, isPhone, zones } from "../src/manage/places/fields.ts";
import { codeOf } from "../src/manage/types/code.ts";

const workspace = {
  practice: { timeZone: "America/New_York" },
  locations: [{ id: "loc_chicago", name: "Uptown", timeZone: "America/Chicago" }],
} as Workspace;

/** As an English page tells it, with plain spaces. */
function told(start: string, end: string, locationId: string | null = null): string[] {
  const row: TimeOff = { id: "toff_1", practitionerId: null, locationId, start, end, reason: "holiday" };
  const { from, to } = span(row, workspace, "en");
  return [from, to].map((text) => text.replace(/\s/g, " "));
}

test("whole days are told as days, the last one with them", () => {
  assert.deepEqual(told("2026-12-24T05:00:00Z", "2026-12-27T05:00:00Z"), ["Dec 24, 2026", "Dec 26, 2026"]);
});

test("days of 23 and 25 hours are whole days", () => {
  assert.deepEqual(told("2027-03-14T05:00:00Z", "2027-03-15T04:00:00Z"), ["Mar 14, 2027", "Mar 14, 2027"]);
  assert.deepEqual(told("2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"), ["Nov 1, 2026", "Nov 1, 2026"]);
});

test("anything else is told by the clock of its place, which may end the day", () => {
  assert.deepEqual(told("2026-12-24T15:00:00Z", "2026-12-25T06:00:00Z", "loc_chicago"), [
    "Dec 24, 2026, 9:00 AM",
    "Dec 24, 2026, 12:00 AM",
  ]);
});

test("hours are read as people write them", () => {
  assert.equal(range("09:00", "17:30", "en").replace(/\s/g, " "), "9:00 AM – 5:30 PM");
  assert.equal(range("09:00", "00:00", "es").replace(/\s/g, " "), "9:00 – 0:00");
});

test("codes are what the API takes", () => {
  assert.equal(codeOf("Contact-lens fitting"), "contact_lens_fitting");
  assert.equal(codeOf("  Niños: revisión  "), "ninos_revision");
  assert.equal(codeOf("2nd opinion"), "nd_opinion");
  assert.equal(codeOf("!!"), "");
  assert.equal(codeOf("a".repeat(70)), "a".repeat(60));
});

test("numbers are written as people like, and kept as the whole world dials them", () => {
  assert.equal(dialled("+1 (212) 555-0123"), "+12125550123");
  assert.deepEqual(["", "+12125550123", "2125550123", "+02125550123", "+1 212"].map(isPhone), [true, true, false, false, false]);
});

test("the zones on offer are places", () => {
  assert.ok(zones().includes("America/New_York") && zones().includes("UTC"));
  assert.deepEqual(zones().filter((name) => name.startsWith("Etc/") || name === "EST5EDT"), []);
});
