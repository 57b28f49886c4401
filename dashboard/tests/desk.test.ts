/** The desk's own arithmetic: weeks, visits, commands, and what waits for a connection. */

import assert from "node:assert/strict";

import { test } from "vitest";

import { divided } from "../src/desk/card/visits.ts";
import { matching } from "../src/desk/matching.ts";
import { clock, countdown, date, instantAt, minutes, mondayOf, opening, plusDays, timesByDay } from "../src/lib/time.ts";
import { Waiting } from "../src/lib/waiting.ts";

test("weeks begin on Monday, also over the end of a year and the change of the clock", () => {
  const days = ["2026-11-01", "2026-11-02", "2026-11-08", "2027-01-01"];
  assert.deepEqual(days.map(mondayOf), ["2026-10-26", "2026-11-02", "2026-11-02", "2026-12-28"]);
  assert.deepEqual([plusDays("2026-10-31", 1), plusDays("2026-11-01", 1), plusDays("2027-03-14", -1)], ["2026-11-01", "2026-11-02", "2027-03-13"]);
});

test("an instant is shown on the wall clock of its zone", () => {
  const zone = "America/New_York";
  // One o'clock comes twice in the night of November 1.
  const [first, again] = [new Date("2026-11-01T05:30:00Z"), new Date("2026-11-01T06:30:00Z")];
  assert.deepEqual([minutes(first, zone), minutes(again, zone)], [90, 90]);
  assert.equal(clock(first, zone, "en").replace("\u202f", " "), "1:30 AM");
  assert.equal(date(new Date("2026-11-02T04:59:00Z"), zone), "2026-11-01");
  assert.deepEqual([countdown(61_000), countdown(59_001), countdown(-1)], ["1:01", "1:00", "0:00"]);
});

test("a wall clock's time is the instant at which its zone shows it, whatever the season", () => {
  const zone = "America/New_York";
  const asked = (day: string, wall: string): string => instantAt(day, wall, zone).toISOString();
  assert.equal(asked("2026-12-01", "20:00"), "2026-12-02T01:00:00.000Z");
  assert.equal(asked("2026-07-01", "00:00"), "2026-07-01T04:00:00.000Z");
  // On either side of the hours at which the clock is changed.
  assert.deepEqual([asked("2026-11-01", "00:30"), asked("2026-11-01", "02:00")], ["2026-11-01T04:30:00.000Z", "2026-11-01T07:00:00.000Z"]);
  assert.deepEqual([asked("2027-03-14", "01:59"), asked("2027-03-14", "03:00")], ["2027-03-14T06:59:00.000Z", "2027-03-14T07:00:00.000Z"]);
  assert.equal(instantAt("2026-12-01", "09:15", "Pacific/Kiritimati").toISOString(), "2026-11-30T19:15:00.000Z");
});

test("a day opens with the last hour in sight, and one that is over at its beginning", () => {
  const day = { from: 9 * 60, until: 17 * 60 };
  assert.deepEqual([0, 9 * 60, 10 * 60, 14 * 60 + 20, 17 * 60, 21 * 60].map((now) => opening({ ...day, now })), [0, 0, 0, 260, 0, 0]);
});

test("times of several days are told with their days, in order", () => {
  const times = ["2026-12-01T14:00:00Z", "2026-11-30T15:15:00Z", "2026-12-01T02:00:00Z"];
  const told = timesByDay(times, "America/New_York", "en").replaceAll("\u202f", " ");
  assert.equal(told, "Mon, Nov 30: 10:15 AM, 9:00 PM; Tue, Dec 1: 9:00 AM");
});

test("visits to come are in order, what was is the latest first, and what was cancelled is over", () => {
  const visit = (name: string, start: string, status = "booked"): { name: string; start: string; end: string; status: string } => ({
    name,
    status,
    start,
    end: new Date(Date.parse(start) + 1_800_000).toISOString(),
  });
  const { upcoming, past } = divided(
    [
      visit("next", "2026-12-02T15:00:00Z"),
      visit("now", "2026-12-01T14:45:00Z", "arrived"),
      visit("old", "2026-10-01T15:00:00Z", "fulfilled"),
      visit("off", "2026-12-09T15:00:00Z", "cancelled"),
      visit("forgotten", "2026-11-01T15:00:00Z"),
    ],
    Date.parse("2026-12-01T15:00:00Z"),
  );
  assert.deepEqual(upcoming.map((each) => each.name), ["now", "next"]);
  assert.deepEqual(past.map((each) => each.name), ["off", "forgotten", "old"]);
});

test("commands are found by words in any order, without accents", () => {
  const commands = [{ name: "Próxima hora libre" }, { name: "Deshacer" }];
  assert.deepEqual(matching(commands, "LIBRE prox"), [commands[0]]);
  assert.deepEqual(matching(commands, "  "), commands);
  assert.deepEqual(matching(commands, "nada"), []);
});

test("what is done without a connection waits for it, or is given up", async () => {
  let online = true;
  const back = new Set<() => void>();
  const line = { isOnline: () => online, onBack: (heard: () => void) => (back.add(heard), () => back.delete(heard)) };
  const said: boolean[] = [];
  const waiting: Waiting = new Waiting(() => said.push(waiting.now), line);
  assert.equal(await waiting.connected(), true);
  assert.deepEqual(said, []);

  online = false;
  const sent = waiting.connected();
  assert.deepEqual([waiting.now, back.size], [true, 1]);
  for (const heard of back) heard();
  assert.equal(await sent, true);
  const given = waiting.connected();
  waiting.giveUp();
  assert.equal(await given, false);
  assert.deepEqual([said, waiting.now, back.size], [[true, false, true, false], false, 0]);
  waiting.giveUp();
});
