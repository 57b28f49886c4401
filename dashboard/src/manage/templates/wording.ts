/** What a wording may hold; the server judges by the same, this only says it sooner and in the reader's language. */

export interface Wording {
  subject: string;
  body: string;
}

export type Fault =
  | { key: "templateUnknown"; values: { found: string; known: string } }
  | { key: "templateSigned" | "templateSubjectMissing" | "templateBodyMissing"; values?: undefined };

export interface Faults {
  subject?: Fault;
  body?: Fault;
}

const BRACES = /\{[^{}]*\}|[{}]/g;
// Others read subjects over the patient's shoulder.
const IN_SUBJECTS = ["practice"];

export function faultsOf(wording: Wording, channel: string, variables: string[]): Faults {
  const body = unknown(wording.body, variables) ?? missing(wording.body, channel);
  if (channel === "sms") return body ? { body } : {};
  const subject: Fault | undefined =
    wording.subject.trim() === "" ? { key: "templateSubjectMissing" } : unknown(wording.subject, IN_SUBJECTS);
  return { ...(body ? { body } : {}), ...(subject ? { subject } : {}) };
}

function missing(body: string, channel: string): Fault | undefined {
  if (body.trim() === "") return { key: "templateBodyMissing" };
  // The number is many practices'.
  return channel === "sms" && !body.includes("{practice}") ? { key: "templateSigned" } : undefined;
}

function unknown(text: string, allowed: string[]): Fault | undefined {
  const found = [...text.matchAll(BRACES)].map(([each]) => each).find((each) => !allowed.includes(each.slice(1, -1)));
  if (found === undefined) return undefined;
  return { key: "templateUnknown", values: { found, known: allowed.map((name) => `{${name}}`).join(", ") } };
}

/** The text with `inserted` in place of what is selected, and where the caret stands then. */
export function withInserted(text: string, inserted: string, from: number, to: number): { text: string; caret: number } {
  return { text: text.slice(0, from) + inserted + text.slice(to), caret: from + inserted.length };
}
