/** Who waits for what, in a line; what a form asks for; and offers, by the time that they are about. */

import assert from "node:assert/strict";

import { test } from "vitest";

import type { Appointment, Patient } from "../src/api/client.ts";
import { wished } from "../src/desk/card/wished.ts";
import type { Names } from "../src/desk/names.ts";
import { byOpening, type Offer } from "../src/desk/work/byOpening.ts";
import type { Entry } from "../src/desk/work/cascade.ts";
import { wishesOf } from "../src/desk/work/wishes.ts";

const NAMES: Names = { practitioner: new Map([["pract_1", "Dr Lee"]]), location: new Map(), type: new Map() };
const PATIENT = { id: "pat_1" } as Patient;
const ENTRY = {
  appointmentId: null,
  practitionerIds: [] as string[],
  locationIds: [] as string[],
  weekdays: [] as string[],
  partOfDay: null,
  fromDate: null,
  untilDate: null,
  status: "waiting",
} as unknown as Entry;
const said = (key: string, values: object = {}): string => [key, ...Object.values(values)].join(" ");

function offer(id: string, openingId: string, start: string, batch: number): Offer {
  return { waitlistOfferId: id, openingId, start, batch, practitionerId: "pract_1", locationId: "loc_1" } as Offer;
}

test("offers are told by their times, the soonest first, and who was asked first before the others", () => {
  const found = byOpening([
    offer("c", "later", "2026-04-25T10:00:00Z", 1),
    offer("b", "sooner", "2026-04-24T10:00:00Z", 2),
    offer("a", "sooner", "2026-04-24T10:00:00Z", 1),
  ]);
  const shown = found.map((each) => [each.id, ...each.offers.map((one) => one.waitlistOfferId)]);
  assert.deepEqual(shown, [["sooner", "a", "b"], ["later", "c"]]);
});

test("who wishes nothing takes any time, and all wishes are named", () => {
  assert.equal(wishesOf(ENTRY, NAMES, said), "anyTime");
  const wishes = {
    appointmentId: "appt_1",
    practitionerIds: ["pract_1"],
    weekdays: ["mon", "fri"],
    partOfDay: "morning",
    untilDate: "2026-05-01",
  } as Partial<Entry>;
  const expected = "earlierThanBooked · Dr Lee · weekday_mon, weekday_fri · part_morning · untilDay 2026-05-01";
  assert.equal(wishesOf({ ...ENTRY, ...wishes }, NAMES, said), expected);
});

test("what is left empty is no wish", () => {
  const form = new FormData();
  form.set("type", "exam");
  for (const name of ["practitioner", "partOfDay", "fromDate", "untilDate"]) form.set(name, "");
  assert.deepEqual(wished(form, PATIENT, undefined), { patientId: "pat_1", type: "exam" });
});

test("all that was chosen is wished, and who would be earlier keeps the type that is booked", () => {
  const form = new FormData();
  const chosen = { practitioner: "pract_1", partOfDay: "evening", fromDate: "2026-04-24", untilDate: "2026-04-30", urgent: "on" };
  for (const [name, value] of Object.entries(chosen)) form.set(name, value);
  form.append("weekday", "mon");
  form.append("weekday", "tue");
  assert.deepEqual(wished(form, PATIENT, { appointmentId: "appt_1", type: "exam" } as Appointment), {
    patientId: "pat_1",
    type: "exam",
    appointmentId: "appt_1",
    practitionerIds: ["pract_1"],
    partOfDay: "evening",
    fromDate: "2026-04-24",
    untilDate: "2026-04-30",
    weekdays: ["mon", "tue"],
    urgency: "urgent",
  });
});
