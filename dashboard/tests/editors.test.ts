/** Messages' wordings, and where clinicians are drawn. */

import assert from "node:assert/strict";

import { test } from "vitest";

import { faultsOf, withInserted } from "../src/manage/templates/wording.ts";
import { concernsVisits, heard, planOf } from "../src/manage/visits/positions.ts";

const KNOWN = ["practice", "date"];

function faults(channel: string, subject: string, body: string): Record<string, string> {
  return Object.fromEntries(Object.entries(faultsOf({ subject, body }, channel, KNOWN)).map(([name, fault]) => [name, fault.key]));
}

test("a wording is faulty where it cannot be filled in, says nothing, or does not say who writes", () => {
  assert.deepEqual(faults("sms", "", "{practice}: {date}"), {});
  assert.deepEqual(faults("sms", "", "See you on {date}"), { body: "templateSigned" });
  assert.deepEqual(faults("sms", "", " "), { body: "templateBodyMissing" });
  assert.deepEqual(faults("sms", "", "{practice} {name}"), { body: "templateUnknown" });
  assert.deepEqual(faults("sms", "", "{practice} {"), { body: "templateUnknown" });
  assert.deepEqual(faults("email", "", "On {date}"), { subject: "templateSubjectMissing" });
  // Others read subjects over the patient's shoulder.
  assert.deepEqual(faults("email", "{practice}: {date}", "On {date}"), { subject: "templateUnknown" });
  assert.deepEqual(faultsOf({ subject: "", body: "{nope}" }, "sms", KNOWN).body?.values, {
    found: "{nope}",
    known: "{practice}, {date}",
  });
});

test("what is inserted takes the place of what is selected, and the caret stands behind it", () => {
  assert.deepEqual(withInserted("on XX at", "{date}", 3, 5), { text: "on {date} at", caret: 9 });
});

test("positions are kept by visit, each once, and other words change nothing", () => {
  const first = { type: "practitioner_location", visitId: "v1", lat: 40, lng: -74, eta: "4 min", at: "2026-01-01T10:00:00Z" };
  const known = heard({}, first);
  assert.equal(heard(known, first), known);
  assert.equal(heard(known, { ...first, at: "2026-01-01T09:59:59.5+00:00" }), known);
  assert.equal(heard(known, { type: "visit_status", visitId: "v1", status: "arrived" }), known);
  const both = heard(known, { ...first, lng: -74.1, at: "2026-01-01T10:00:05Z" });
  assert.deepEqual(both["v1"]?.map((each) => each.lng), [-74, -74.1]);
  let many = both;
  for (let minute = 1; minute <= 300; minute += 1) {
    many = heard(many, { ...first, at: new Date(Date.UTC(2026, 0, 1, 11, minute)).toISOString() });
  }
  assert.equal(many["v1"]?.length, 120);
});

test("the list of visits is new after a visit's step and after what makes its appointment stand or not", () => {
  for (const type of ["visit.started", "appointment.cancelled", "appointment.reinstated", "appointment.moved"]) {
    assert.ok(concernsVisits(type), type);
  }
  for (const type of ["appointment.booked", "appointment.reminder_due", "patient.updated", "visit."]) {
    assert.ok(!concernsVisits(type), type);
  }
});

test("a plan has everybody on it, north up and east right, and a mile is as long both ways", () => {
  const [south, north] = [{ lat: 40, lng: -74 }, { lat: 40.2, lng: -73.9 }];
  const plan = planOf([south, north], 640, 420);
  const [low, high] = [plan.place(south), plan.place(north)];
  assert.ok(low.y > high.y && low.x < high.x);
  for (const { x, y } of [low, high]) assert.ok(x >= 0 && x <= 640 && y >= 0 && y <= 420);
  const mile = plan.mileLength / plan.miles;
  const northward = plan.place({ lat: 40 + 1609.344 / 111_320, lng: -74 });
  assert.ok(Math.abs(low.y - northward.y - mile) < 1e-6);
  const middle = plan.place({ lat: 40.1, lng: -74 });
  const eastward = plan.place({ lat: 40.1, lng: -74 + 1609.344 / (111_320 * Math.cos((40.1 * Math.PI) / 180)) });
  assert.ok(Math.abs(eastward.x - middle.x - mile) < 1e-6);
});

test("one clinician alone stands in the middle, and the scale is a round number", () => {
  const plan = planOf([{ lat: 40, lng: -74 }], 640, 420);
  assert.deepEqual(plan.place({ lat: 40, lng: -74 }), { x: 320, y: 210 });
  assert.ok([1, 2, 5].includes(Number(String(plan.miles).replace(/[0.]/g, ""))), String(plan.miles));
});
