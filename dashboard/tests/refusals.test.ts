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

function against(code: string, start: string | null, end: string | null): Blocker {
  return { code: code as Blocker["code"], sentence: "In English", start, end };
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

test("what stands against a time is told as it came in English, and where its code is a new one", () => {
  assert.equal(blockerTold(against("taken", null, null), "en", ZONE), "In English");
  assert.equal(blockerTold(against("eclipse", null, null), "es", ZONE), "In English");
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
