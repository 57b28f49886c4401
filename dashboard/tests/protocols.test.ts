/** Protocols as managers change them: no loose ends, and every fault at its place. */

import assert from "node:assert/strict";

import { test } from "vitest";

import {
  codeFor,
  contentOf,
  faultsOf,
  leafOf,
  leavesOf,
  moved,
  usesOf,
  within,
  type Content,
  type Definition,
} from "../src/manage/protocols/definition.ts";
import { instantOf } from "../src/manage/instant.ts";

const OUTCOME = { appointmentTypes: ["exam"], urgency: "routine" as const };
const PROTOCOL: Definition = {
  questions: [
    { id: "symptoms", text: { en: "What is wrong?" }, kind: "choices", options: [{ value: "pain", text: { en: "Pain" } }, { value: "none", text: { en: "Nothing" } }] },
    { id: "lenses", text: { en: "Lenses?" }, kind: "yes_no", options: [] },
    { id: "age", text: { en: "How old?" }, kind: "number", options: [] },
  ],
  rules: [
    { id: "pain", when: { all: [{ question: "symptoms", anyOf: ["pain"] }, { not: { question: "lenses", is: false } }] }, outcome: OUTCOME },
    { id: "child", when: { any: [{ question: "age", below: 13 }] }, outcome: OUTCOME },
  ],
  otherwise: OUTCOME,
};

test("a code is made of a text's first words, and is nobody else's", () => {
  assert.equal(codeFor("¿Usa lentes de contacto o anteojos?", [], "question"), "usa_lentes_de_contacto");
  assert.equal(codeFor("2 eyes", [], "question"), "eyes");
  assert.equal(codeFor("", ["question", "question_2"], "question"), "question_3");
  assert.ok(codeFor("a".repeat(200), [], "question").length <= 40);
});

test("what is stored without answers has none", () => {
  const { options: _, ...bare } = PROTOCOL.questions[1]!;
  const stored = { definition: { ...PROTOCOL, questions: [bare] }, examples: [] } as unknown as Content;
  assert.deepEqual(contentOf(stored).definition.questions, [PROTOCOL.questions[1]]);
});

test("who asks about a question or an answer is found however deep it stands", () => {
  assert.deepEqual(usesOf(PROTOCOL, "lenses"), ["pain"]);
  assert.deepEqual(usesOf(PROTOCOL, "symptoms", "pain"), ["pain"]);
  assert.deepEqual(usesOf(PROTOCOL, "symptoms", "none"), []);
  assert.equal(leavesOf(PROTOCOL.rules[0]!.when).length, 2);
});

test("a new condition is one that its question can answer", () => {
  assert.deepEqual(PROTOCOL.questions.map(leafOf), [
    { question: "symptoms", anyOf: ["pain"] },
    { question: "lenses", is: true },
    { question: "age", atLeast: 0 },
  ]);
});

test("what stands in a list changes places with its neighbour alone", () => {
  assert.deepEqual(moved([1, 2, 3], 0, 1), [2, 1, 3]);
  assert.deepEqual(moved([1, 2, 3], 2, -1), [1, 3, 2]);
});

test("each fault is told at its place, and a sound protocol has none", () => {
  const sound: Content = { definition: PROTOCOL, examples: [{ name: "Pain", answers: {}, expects: { rule: "pain" } }] };
  assert.deepEqual(faultsOf(sound), {});
  const faulty: Content = {
    definition: {
      questions: [
        { id: "a", text: { en: " " }, kind: "choice", options: [] },
        { id: "b", text: { en: "B" }, kind: "choice", options: [{ value: "x", text: { en: "" } }] },
      ],
      rules: [
        { id: "one", when: { not: { question: "b", anyOf: [] } }, outcome: { ...OUTCOME, appointmentTypes: [] } },
        { id: "two", when: { question: "c" }, outcome: { ...OUTCOME, tellPatient: { en: "", es: "Venga" } } },
      ],
      otherwise: { ...OUTCOME, appointmentTypes: [] },
    },
    examples: [{ name: "", answers: {}, expects: {} }],
  };
  assert.deepEqual(faultsOf(faulty), {
    "definition/questions/0/text/en": "protocolTextMissing",
    "definition/questions/0/options": "protocolOptionMissing",
    "definition/questions/1/options/0/text/en": "protocolTextMissing",
    "definition/rules/0/when": "protocolOptionMissing",
    "definition/rules/0/outcome/appointmentTypes": "protocolTypeMissing",
    "definition/rules/1/when": "protocolBoundMissing",
    "definition/rules/1/outcome/tellPatient/en": "protocolTextMissing",
    "definition/otherwise/appointmentTypes": "protocolTypeMissing",
    "examples/0/name": "protocolNameMissing",
  });
});

test("a fault within a place is the place's, and one beside it is not", () => {
  const errors = { "definition/rules/1/when": "", "definition/rules/12/id": "" };
  assert.ok(within(errors, "definition/rules/1"));
  assert.ok(within(errors, "definition/rules/12"));
  assert.ok(!within(errors, "definition/rules/2"));
});

test("a wall clock's time is an instant in its own zone, on both sides of a change of clocks", () => {
  assert.equal(instantOf("2026-11-27", "08:00", "America/New_York"), "2026-11-27T13:00:00.000Z");
  assert.equal(instantOf("2026-03-08", "01:30", "America/New_York"), "2026-03-08T06:30:00.000Z");
  assert.equal(instantOf("2026-03-08", "03:30", "America/New_York"), "2026-03-08T07:30:00.000Z");
  assert.equal(instantOf("2026-11-27", "08:00", "Pacific/Auckland"), "2026-11-26T19:00:00.000Z");
  assert.equal(instantOf("", "08:00", "America/New_York"), null);
});
