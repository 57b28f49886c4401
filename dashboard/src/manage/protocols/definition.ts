/** What a protocol holds, as the API takes and gives it, and changes to it that leave no loose ends. */

export interface Said {
  en: string;
  es?: string;
}

export type Kind = "choice" | "choices" | "yes_no" | "number";

export interface Option {
  value: string;
  text: Said;
}

export interface Question {
  id: string;
  text: Said;
  kind: Kind;
  options: Option[];
  fact?: "age" | "new_patient";
}

export interface Chosen {
  question: string;
  anyOf: string[];
}
export interface YesNo {
  question: string;
  is: boolean;
}
export interface Within {
  question: string;
  atLeast?: number;
  below?: number;
}
export type Leaf = Chosen | YesNo | Within;
export type Condition = Leaf | { all: Condition[] } | { any: Condition[] } | { not: Condition };

export type Urgency = "emergency" | "urgent" | "routine";
export const URGENCIES: Urgency[] = ["emergency", "urgent", "routine"];

export interface Outcome {
  appointmentTypes: string[];
  urgency: Urgency;
  practitioners?: string[];
  tellPatient?: Said;
}

export interface Rule {
  id: string;
  when: Condition;
  outcome: Outcome;
}

export interface Definition {
  questions: Question[];
  rules: Rule[];
  otherwise: Outcome;
}

export type Answer = string | string[] | boolean | number;

export interface Expected {
  asks?: string;
  rule?: string | null;
  appointmentType?: string;
  urgency?: Urgency;
}

export interface Example {
  name: string;
  answers: Record<string, Answer>;
  expects: Expected;
}

export interface Content {
  definition: Definition;
  examples: Example[];
}

/** What was stored may leave out what is empty. */
export function contentOf({ definition, examples }: Content): Content {
  const questions = definition.questions.map((question) => ({ ...question, options: question.options ?? [] }));
  return { definition: { ...definition, questions }, examples };
}

/** The same, in whatever order its members were stored. */
export function same(one: Content, other: Content): boolean {
  return canonical(contentOf(one)) === canonical(contentOf(other));
}

function canonical(content: Content): string {
  return JSON.stringify(content, (_, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : value,
  );
}

const LONGEST_CODE = 40;

/** A code of small letters for what a text names, unlike all that are taken. */
export function codeFor(text: string, taken: string[], fallback: string): string {
  const plain = text
    .normalize("NFD")
    .replace(/[^\w\s]/g, "")
    .toLowerCase()
    .trim()
    .split(/\s+/)
    .slice(0, 4)
    .join("_")
    .replace(/^[^a-z]+/, "")
    .slice(0, LONGEST_CODE - 4);
  const start = plain || fallback;
  let code = start;
  for (let number = 2; taken.includes(code); number += 1) code = `${start}_${number}`;
  return code;
}

export function leavesOf(condition: Condition): Leaf[] {
  if ("all" in condition) return condition.all.flatMap(leavesOf);
  if ("any" in condition) return condition.any.flatMap(leavesOf);
  if ("not" in condition) return leavesOf(condition.not);
  return [condition];
}

/** Rules that ask about the question, or about its option. */
export function usesOf(definition: Definition, question: string, option?: string): string[] {
  const asks = (leaf: Leaf): boolean =>
    leaf.question === question && (option === undefined || ("anyOf" in leaf && leaf.anyOf.includes(option)));
  return definition.rules.filter((rule) => leavesOf(rule.when).some(asks)).map((rule) => rule.id);
}

/** The first that can be asked of it: what a new condition begins with. */
export function leafOf(question: Question): Leaf {
  if (question.kind === "yes_no") return { question: question.id, is: true };
  if (question.kind === "number") return { question: question.id, atLeast: 0 };
  return { question: question.id, anyOf: question.options.slice(0, 1).map((option) => option.value) };
}

/** The list with one of its members a place further on, or back. */
export function moved<T>(list: T[], at: number, by: -1 | 1): T[] {
  const found = [...list];
  const [one] = found.splice(at, 1);
  if (one !== undefined) found.splice(at + by, 0, one);
  return found;
}

export function replaced<T>(list: T[], at: number, one: T): T[] {
  return list.map((each, place) => (place === at ? one : each));
}

export function without<T>(list: T[], at: number): T[] {
  return list.filter((_, place) => place !== at);
}

type Fault =
  | "protocolTextMissing"
  | "protocolTypeMissing"
  | "protocolOptionMissing"
  | "protocolBoundMissing"
  | "protocolNameMissing";

export type Faults = Record<string, Fault>;

/** What is wrong, by its place in the body, as the server's refusals are. */
export function faultsOf({ definition, examples }: Content): Faults {
  const faults: Faults = {};
  definition.questions.forEach((question, at) => {
    const place = `definition/questions/${at}`;
    if (question.text.en.trim() === "") faults[`${place}/text/en`] = "protocolTextMissing";
    if (question.kind.startsWith("choice") && question.options.length === 0) {
      faults[`${place}/options`] = "protocolOptionMissing";
    }
    question.options.forEach((option, number) => {
      if (option.text.en.trim() === "") faults[`${place}/options/${number}/text/en`] = "protocolTextMissing";
    });
  });
  definition.rules.forEach((rule, at) => {
    for (const leaf of leavesOf(rule.when)) {
      if ("anyOf" in leaf && leaf.anyOf.length === 0) faults[`definition/rules/${at}/when`] = "protocolOptionMissing";
      if (!("anyOf" in leaf) && !("is" in leaf) && leaf.atLeast === undefined && leaf.below === undefined) {
        faults[`definition/rules/${at}/when`] = "protocolBoundMissing";
      }
    }
    Object.assign(faults, ofOutcome(rule.outcome, `definition/rules/${at}/outcome`));
  });
  Object.assign(faults, ofOutcome(definition.otherwise, "definition/otherwise"));
  examples.forEach((example, at) => {
    if (example.name.trim() === "") faults[`examples/${at}/name`] = "protocolNameMissing";
  });
  return faults;
}

function ofOutcome(outcome: Outcome, place: string): Faults {
  const faults: Faults = {};
  if (outcome.appointmentTypes.length === 0) faults[`${place}/appointmentTypes`] = "protocolTypeMissing";
  if (outcome.tellPatient && outcome.tellPatient.en.trim() === "") faults[`${place}/tellPatient/en`] = "protocolTextMissing";
  return faults;
}

/** Whether anything at this place, or within it, is wrong. */
export function within(errors: Record<string, string>, place: string): boolean {
  return Object.keys(errors).some((each) => each === place || each.startsWith(`${place}/`));
}
