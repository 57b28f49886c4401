/** What the server refuses is told in the language of the screen. */

import assert from "node:assert/strict";

import { test } from "vitest";

import type { Blocker } from "../src/api/client.ts";
import { blockerTold } from "../src/i18n/blockers.ts";
import { fieldsTold } from "../src/i18n/fields.ts";
import { told } from "../src/i18n/refusals.ts";

test("a refusal is told in Spanish by its code, and else as it came", () => {
  const taken = { code: "slot_taken", message: "Slot is no longer available" };
  assert.equal(told(taken, "es"), "Esa hora ya no está libre.");
  assert.equal(told(taken, "en"), taken.message);
  assert.equal(told({ code: "overbooking_full", message: "Dr Lee has 2 today" }, "es"), "Dr Lee has 2 today");
});

const ZONE = "America/New_York";

function against(code: string, start: string | null, end: string | null, values: Blocker["values"] = {}): Blocker {
  return { code: code as Blocker["code"], sentence: "In English", start, end, values };
}

test("what stands against a time is told in Spanish, on the practice's clock", () => {
  const spoken = (code: string, start: string | null, end: string | null): string => blockerTold(against(code, start, end), "es", ZONE);
  const [nine, half, friday] = ["2026-12-01T14:00:00Z", "2026-12-01T14:30:00Z", "2026-12-04T22:00:00Z"];
  assert.equal(spoken("taken", nine, half), "Ocupada de 9:00 a 9:30");
  assert.equal(spoken("blocked", nine, friday), "Bloqueada del martes, 1 de diciembre, 9:00 al viernes, 4 de diciembre, 17:00");
  assert.equal(spoken("time_off", nine, friday), "El profesional está ausente hasta el viernes, 4 de diciembre, 17:00");
  assert.equal(spoken("too_soon", null, half), "Para una hora antes del martes, 1 de diciembre, 9:30 hay que llamar al consultorio");
  assert.equal(spoken("too_far_ahead", friday, null), "Desde el viernes, 4 de diciembre, 17:00 hay que llamar al consultorio");
  assert.equal(spoken("taken", null, null), "Ocupada");
  assert.equal(spoken("past", null, null), "Esa hora ya pasó");
});

test("who and how many are named in both languages, and on which day", () => {
  const [nine, half, friday] = ["2026-12-01T14:00:00Z", "2026-12-01T14:30:00Z", "2026-12-04T22:00:00Z"];
  const day = "2026-12-01";
  const both = (...args: Parameters<typeof against>): string[] =>
    (["en", "es"] as const).map((language) => blockerTold(against(...args), language, ZONE).replace(/\s/g, " "));
  const lee = { practitioner: "Dr Lee" };
  assert.deepEqual(both("held", nine, half, { heldBy: "Ana" }), ["Held 9:00 AM to 9:30 AM by Ana", "Retenida de 9:00 a 9:30 por Ana"]);
  assert.deepEqual(both("held", nine, half), ["Held 9:00 AM to 9:30 AM", "Retenida de 9:00 a 9:30 para otra persona"]);
  assert.deepEqual(both("time_off", nine, friday, lee), [
    "Dr Lee is away until Friday, December 4, 5:00 PM",
    "Dr Lee no está hasta el viernes, 4 de diciembre, 17:00",
  ]);
  assert.deepEqual(both("not_in", null, null, { ...lee, day, hours: [{ start: nine, end: half }] }), [
    "Dr Lee is in 9:00 AM to 9:30 AM on Tuesday, December 1",
    "Dr Lee atiende de 9:00 a 9:30 el martes, 1 de diciembre",
  ]);
  assert.deepEqual(both("not_in", null, null, { ...lee, day }), ["Dr Lee is not in on Tuesday, December 1", "Dr Lee no atiende el martes, 1 de diciembre"]);
  assert.deepEqual(both("not_in", null, null, { ...lee, day: "2026-12-05", weekly: true }), [
    "Dr Lee is not in on Saturdays",
    "Dr Lee no atiende los sábados",
  ]);
  assert.deepEqual(both("not_in", null, null, { ...lee, day, weekly: true })[1], "Dr Lee no atiende los martes");
  assert.deepEqual(both("too_short", nine, half, { minutes: 15 }), [
    "15 min short: the hours are 9:00 AM to 9:30 AM",
    "Faltan 15 min: el horario va de 9:00 a 9:30",
  ]);
  assert.deepEqual(both("off_grid", null, null, { starts: [nine, half] }), ["Appointments begin at 9:00 AM or 9:30 AM", "Las citas empiezan a las 9:00 o 9:30"]);
  assert.deepEqual(both("buffer", null, null, { appointment: { start: nine, end: half } }), [
    "Too close to the appointment 9:00 AM to 9:30 AM",
    "Demasiado cerca de la cita de 9:00 a 9:30",
  ]);
  assert.deepEqual(both("beyond_horizon", null, null, { lastDay: "2027-02-26" }), [
    "The calendar is open until February 26, 2027",
    "El calendario está abierto hasta el 26 de febrero de 2027",
  ]);
  assert.deepEqual(both("audience", null, null, { appointmentType: "First exam", audience: "new" }), [
    "First exam is for new patients",
    "First exam es solo para pacientes nuevos",
  ]);
  assert.deepEqual(both("block", nine, half, { block: "New", beenHere: true, freeFrom: friday }), [
    "Reserved for “New” 9:00 AM to 9:30 AM; this patient has been here before; free to others from Friday, December 4, 5:00 PM on",
    "Reservada para «New» de 9:00 a 9:30; este paciente ya ha venido antes; libre para todos desde el viernes, 4 de diciembre, 17:00",
  ]);
  assert.deepEqual(both("block", nine, half, { block: "New", beenHere: false })[0], "Reserved for “New” 9:00 AM to 9:30 AM");
  const exams = { appointmentType: "Exam", most: 2, day };
  assert.deepEqual(both("cap", null, null, { ...exams, ...lee, location: "Downtown" }), [
    "Exam: no more than 2 a day of Dr Lee at Downtown, and Tuesday, December 1 has them",
    "Exam: no más de 2 al día de Dr Lee en Downtown, y el martes, 1 de diciembre ya los tiene",
  ]);
  assert.deepEqual(both("cap", null, null, { ...exams, location: "Downtown" })[0], "Exam: no more than 2 a day at Downtown, and Tuesday, December 1 has them");
  assert.deepEqual(both("cap", null, null, exams)[0], "Exam: no more than 2 a day, and Tuesday, December 1 has them");
  assert.deepEqual(both("resource", nine, half, { resource: "exam room" }), ["No exam room is free 9:00 AM to 9:30 AM", "No hay libre de 9:00 a 9:30: exam room"]);
});

test("a name is said as it is, and is no place to be filled in", () => {
  const held = against("held", "2026-12-01T14:00:00Z", "2026-12-01T14:30:00Z", { heldBy: "{span}" });
  assert.equal(blockerTold(held, "es", ZONE), "Retenida de 9:00 a 9:30 por {span}");
});

test("what stands against a time is told as it came where its code is a new one, and plainly where it says no more", () => {
  assert.equal(blockerTold(against("eclipse", null, null), "es", ZONE), "In English");
  assert.equal(blockerTold(against("taken", null, null), "en", ZONE), "Taken");
  const before = { code: "taken", sentence: "In English", start: null, end: null } as unknown as Blocker;
  assert.equal(blockerTold(before, "es", ZONE), "Ocupada");
});

test("what is wrong with a field is told in Spanish, with its numbers, and else as it came", () => {
  const wrong = {
    firstName: ["This field may not be blank."],
    lastName: ["Ensure this field has no more than 80 characters.", "Rhymes with nothing"],
    reason: ['"why (not)?" is not a valid choice.'],
  };
  assert.deepEqual(fieldsTold(wrong, "es"), {
    firstName: "No puede quedar vacío.",
    lastName: "Debe tener como máximo 80 caracteres. Rhymes with nothing",
    reason: "«why (not)?» no es una de las opciones.",
  });
  assert.equal(fieldsTold(wrong, "en")["lastName"], wrong.lastName.join(" "));
});
