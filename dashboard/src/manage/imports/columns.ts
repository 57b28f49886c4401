/** What the first line of each kind of file must name, and what it may; looked at before the file is handed in. */

import type { Schemas } from "../../api/client";
import { cells } from "../../lib/table.ts";

export type Kind = Schemas["ImportInputRequest"]["kind"];

interface Columns {
  required: string[];
  optional: string[];
  /** Lines that one file may have. */
  most: number;
}

// As integrations/imports has them; a test compares them.
export const COLUMNS: Record<Kind, Columns> = {
  patients: {
    required: ["firstName", "lastName", "dateOfBirth"],
    optional: ["externalId", "id", "phone", "email", "insuranceProvider", "smsConsent"],
    most: 10_000,
  },
  hours: {
    required: ["practitioner", "weekday", "starts", "ends"],
    optional: ["location", "validFrom", "validUntil"],
    most: 500,
  },
  appointments: {
    required: ["practitioner", "start", "type"],
    optional: ["externalId", "patientId", "patientExternalId", "location"],
    most: 2_000,
  },
};
export const KINDS = Object.keys(COLUMNS) as Kind[];

export interface Head {
  lines: number;
  /** As the file has them, by their places. */
  unknown: { place: number; name: string }[];
  missing: string[];
  twice: string[];
}

/** What there is to say of the first line; null where there is none. */
export function headOf(content: string, kind: Kind): Head | null {
  const [first, ...rest] = cells(content);
  if (!first) return null;
  const { required, optional } = COLUMNS[kind];
  const known = new Map([...required, ...optional].map((name) => [plain(name), name]));
  const found = first.map((name) => known.get(plain(name)));
  return {
    lines: rest.length,
    unknown: first.flatMap((name, at) => (found[at] === undefined ? [{ place: at + 1, name }] : [])),
    missing: required.filter((name) => !found.includes(name)),
    twice: [...new Set(found.filter((name, at): name is string => name !== undefined && found.indexOf(name) < at))],
  };
}

/** Whether the file can be handed in as one of this kind. */
export function fits(head: Head, kind: Kind): boolean {
  const named = head.unknown.length + head.missing.length + head.twice.length === 0;
  return named && head.lines > 0 && head.lines <= COLUMNS[kind].most;
}

/** "First Name", "first_name" and "firstname" are one column. */
function plain(name: string): string {
  return name.replace(/[^\p{L}\p{N}]+/gu, "").toLowerCase();
}
