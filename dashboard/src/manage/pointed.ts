/** What the server says of single fields, by their place in the body: `body`, `definition/rules/0/id`. */

import { Refusal } from "../api/client";

export function pointed(error: unknown): Record<string, string> {
  if (!(error instanceof Refusal)) return {};
  const errors = error.members["errors"];
  if (!Array.isArray(errors)) return {};
  const found: Record<string, string> = {};
  for (const { detail, pointer } of errors as { detail: string; pointer: string }[]) {
    const place = pointer.replace(/^#\//, "");
    found[place] = found[place] ? `${found[place]} ${detail}` : detail;
  }
  return found;
}
