/** Who gets a bulk text, and what each one's text says. */

import { cells } from "../../lib/table.ts";

export interface Person {
  to: string;
  values: Record<string, string>;
}

export interface Audience {
  people: Person[];
  /** What may stand in braces. */
  columns: string[];
  /** Lines that hold no phone number. */
  refused: number;
  /** Numbers that came again. */
  twice: number;
}

const NUMBER_COLUMNS = ["phone", "to", "number", "mobile", "cell", "teléfono", "telefono", "número", "numero", "móvil"];
const BRACES = /{([^{}]*)}/g;

/** The digits are what makes a number the same; whether it can be texted, is told by the server. */
function digits(text: string): string | null {
  const found = text.replace(/\D/g, "");
  return /^[+\d\s().\-/'x]+$/i.test(text) && found.length >= 7 && found.length <= 15 ? found : null;
}

export function read(text: string): Audience {
  const rows = cells(text);
  const titles = rows[0]?.some((cell) => digits(cell)) ? null : (rows[0]?.map((each) => each.toLowerCase()) ?? null);
  const body = titles ? rows.slice(1) : rows;
  const named = titles?.findIndex((title) => NUMBER_COLUMNS.includes(title)) ?? -1;
  const column = named >= 0 ? named : Math.max(0, (body[0] ?? []).findIndex((cell) => digits(cell)));
  const columns = (titles ?? []).filter((title, at) => at !== column && title !== "");
  const audience: Audience = { people: [], columns, refused: 0, twice: 0 };
  const seen = new Set<string>();
  for (const row of body) {
    // Spreadsheets put it before what looks like a formula.
    const to = (row[column] ?? "").replace(/^'/, "");
    const number = digits(to);
    if (number === null) audience.refused += 1;
    else if (seen.has(number)) audience.twice += 1;
    else {
      seen.add(number);
      audience.people.push({ to, values: valuesOf(titles ?? [], row) });
    }
  }
  return audience;
}

function valuesOf(titles: string[], row: string[]): Record<string, string> {
  return Object.fromEntries(titles.map((title, at) => [title, row[at] ?? ""]));
}

export interface Patients extends Audience {
  unwilling: number;
}

/** Of an export of patients: those who agreed. Names are all that a text may say of them. */
export function readPatients(csv: string): Patients {
  const [head = [], ...rows] = cells(csv);
  const willing = rows.filter((row) => row[head.indexOf("smsConsent")] === "true" && row[head.indexOf("phone")]);
  const columns = ["phone", "first name", "last name"];
  const kept = willing.map((row) => ["phone", "firstName", "lastName"].map((name) => row[head.indexOf(name)] ?? ""));
  const table = [columns, ...kept].map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",")).join("\n");
  return { ...read(table), unwilling: rows.length - willing.length };
}

/** What stands in braces and is no column. */
export function unknown(message: string, columns: string[]): string[] {
  const named = [...message.matchAll(BRACES)].map((found) => (found[1] ?? "").trim().toLowerCase());
  return [...new Set(named.filter((name) => !columns.includes(name)))];
}

export function textFor(message: string, person: Person, shared: Record<string, string>): string {
  return message.replace(BRACES, (whole, name: string) => {
    const key = name.trim().toLowerCase();
    return shared[key] ?? person.values[key] ?? whole;
  });
}
