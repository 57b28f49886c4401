/** Reports: days without anything have their rows, and shares are of sums. */

import assert from "node:assert/strict";

import { test } from "vitest";

import { PERIODS, periodOf } from "../src/manage/reports/periods.ts";
import { answeredBy, each, filledBy, type CallDay, type Fill } from "../src/manage/reports/sums.ts";

const DAYS = { from: "2026-03-07", to: "2026-03-09" };

function fill(date: string, practitioner: string, bookable: number, booked: number): Fill {
  return { date, practitionerId: practitioner, practitioner, bookableMinutes: bookable, bookedMinutes: booked, rate: booked / bookable };
}

test("days are those from the first to the last, over a change of clocks", () => {
  assert.deepEqual(each(DAYS), ["2026-03-07", "2026-03-08", "2026-03-09"]);
});

test("a fill rate of several is of their minutes, not of their rates", () => {
  const lines = [fill("2026-03-07", "Lee", 60, 60), fill("2026-03-07", "Chen", 180, 0), fill("2026-03-09", "Lee", 60, 30)];
  assert.deepEqual(filledBy(lines, "day", DAYS).map(({ name, bookable, rate }) => [name, bookable, rate]), [
    ["2026-03-07", 240, 0.25],
    ["2026-03-08", 0, null],
    ["2026-03-09", 60, 0.5],
  ]);
  assert.deepEqual(filledBy(lines, "practitioner", DAYS).map(({ name, rate }) => [name, rate]), [
    ["Lee", 0.75],
    ["Chen", 0],
  ]);
});

test("calls are summed by agent or by day, and only reasons that were given are told", () => {
  const none = { no_suitable_time: 0, insurance_not_accepted: 0, price: 0, wants_to_think: 0, service_not_offered: 0, referred_elsewhere: 0, other: 0 };
  const line = (date: string, agentName: string | null, price: number): CallDay => ({
    date, agentId: agentName, agentName, calls: price + 2, booked: 1, notBooked: price, rate: null, reasons: { ...none, price },
  });
  const lines = [line("2026-03-07", "Ana", 2), line("2026-03-09", "Ana", 1), line("2026-03-09", null, 0)];
  assert.deepEqual(answeredBy(lines, "agent", DAYS, "A program").map((row) => [row.name, row.calls, row.booked, row.reasons]), [
    ["Ana", 7, 2, { price: 3 }],
    ["A program", 2, 1, {}],
  ]);
  assert.deepEqual(answeredBy(lines, "day", DAYS, "A program").map((row) => [row.name, row.calls]), [
    ["2026-03-07", 4],
    ["2026-03-08", 0],
    ["2026-03-09", 5],
  ]);
});

test("periods end today, or are whole months, over the end of a year and a leap day", () => {
  assert.deepEqual(PERIODS.last7("2026-01-03"), { from: "2025-12-28", to: "2026-01-03" });
  assert.deepEqual(PERIODS.thisMonth("2026-01-31"), { from: "2026-01-01", to: "2026-01-31" });
  assert.deepEqual(PERIODS.lastMonth("2024-03-31"), { from: "2024-02-01", to: "2024-02-29" });
  assert.deepEqual(PERIODS.lastMonth("2026-01-01"), { from: "2025-12-01", to: "2025-12-31" });
  assert.deepEqual(each(PERIODS.last365("2026-11-28")).length, 365);
});

test("chosen days are a period where one has just these days", () => {
  for (const period of ["last7", "last30", "last90", "lastMonth", "last365"] as const) {
    assert.equal(periodOf(PERIODS[period]("2026-11-20"), "2026-11-20"), period);
  }
  assert.equal(periodOf({ from: "2026-11-02", to: "2026-11-20" }, "2026-11-20"), "");
});
