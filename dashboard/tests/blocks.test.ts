/** Days of the week as people say them. */

import assert from "node:assert/strict";

import { test } from "vitest";

import { days } from "../src/manage/blocks/days.ts";

test("days that follow one another are told by the first and the last", () => {
  const week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
  const told = (...chosen: string[]): string => days(week, chosen, (day) => day.toUpperCase());
  assert.equal(told("fri", "mon", "tue", "wed", "thu"), "MON – FRI");
  assert.equal(told(...week), "MON – SUN");
  assert.equal(told("sat", "sun"), "SAT, SUN");
  assert.equal(told("mon", "wed", "fri"), "MON, WED, FRI");
  assert.equal(told("sun", "mon"), "MON, SUN");
  assert.equal(told(), "");
});
