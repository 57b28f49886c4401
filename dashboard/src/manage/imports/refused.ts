/** What is wrong with lines, put together where many of them have the same. */

import type { Schemas } from "../../api/client";

export type LineError = Schemas["ImportErrorOutput"];

export interface Alike {
  column: string;
  code: LineError["code"];
  lines: number[];
}

/** One for each column and reason, the most frequent first. */
export function together(errors: LineError[]): Alike[] {
  const found = new Map<string, Alike>();
  for (const { line, column, code } of errors) {
    const key = `${column} ${code}`;
    const alike = found.get(key) ?? { column, code, lines: [] };
    alike.lines.push(line);
    found.set(key, alike);
  }
  return [...found.values()].sort((one, other) => other.lines.length - one.lines.length);
}
